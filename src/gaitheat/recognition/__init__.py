"""From a clip to a name, or to nobody known: what a distance means, who sets the limit, and why."""
