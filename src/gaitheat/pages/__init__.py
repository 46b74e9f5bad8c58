"""Self-contained pages: an evaluation, to be read in a browser."""
