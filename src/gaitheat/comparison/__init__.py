"""Recipes under one roof: trained with the same search and seeds, tested on the same clips, in one table."""
