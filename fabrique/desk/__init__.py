"""A manager's desk: asks funding what a command would do, gives it, and shows both."""
