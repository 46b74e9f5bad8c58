"""Walkers: the open gait benchmark: virtual people, rendered as video and put through the real estimator."""
