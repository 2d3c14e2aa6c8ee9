"""What people see: one page, in French and in English."""
