"""Intake knows people: it accepts each event that a partner tells once, and publishes it without who it is about."""
