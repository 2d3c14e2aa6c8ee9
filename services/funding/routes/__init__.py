"""What arrives by HTTP: what to look at, a programme to open, and managers' commands."""
