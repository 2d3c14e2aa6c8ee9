"""What must be identical in every service: kernel, contracts, database, messaging, web."""
