"""The loop and what it needs: sampling, loading, checkpoints, journal (extra `train`)."""
