"""The words of the `fabrique` command, a file per subject; each parses, calls one function and shows what it found."""
