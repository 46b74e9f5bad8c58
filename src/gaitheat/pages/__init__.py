"""Self-contained pages: an evaluation, and who was seen in a video, to be read in a browser."""
