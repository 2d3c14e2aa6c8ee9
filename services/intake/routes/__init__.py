"""What arrives by HTTP."""
