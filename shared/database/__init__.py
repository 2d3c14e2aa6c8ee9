"""The four tables that make a micro-batch hold, and the transaction they are written in."""
