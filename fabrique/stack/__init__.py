"""The local stack: Kafka, PostgreSQL and the three services on one machine, started, watched and stopped together."""
