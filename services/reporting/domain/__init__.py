"""What reporting decides: pure functions of counts, dates and lives."""
