"""What intake does: accept what partners tell, follow what becomes of it, keep the keys."""
