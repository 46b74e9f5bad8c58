"""A page to try it in the browser (extra ``app``): served to this machine alone, nothing leaves it."""
