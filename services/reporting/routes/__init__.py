"""What arrives by HTTP: figures as JSON and CSV, and the page."""
