"""From frames to clips: read, find people, follow them, crop, estimate their pose."""
