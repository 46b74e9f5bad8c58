"""Data in the layouts of other gait toolboxes, into our stores."""
