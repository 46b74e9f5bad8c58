"""The way of walking: curves, people's styles, and the body that moves by them."""
