"""What is worn and carried: drawn for each walk, and put on a body."""
