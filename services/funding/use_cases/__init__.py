"""What funding does: one module for each thing."""
