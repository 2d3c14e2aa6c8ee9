"""What every service shows by HTTP: problem details, health, metrics and the lag."""
