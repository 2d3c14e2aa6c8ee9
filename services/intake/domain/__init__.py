"""Intake's rules: who may tell what, what is the same event, and how a told event becomes a published fact."""
