"""What each benchmark's folders mean, as data."""
