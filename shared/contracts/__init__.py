"""The published language: the models of every event, the topics that carry them, and their schemas."""
