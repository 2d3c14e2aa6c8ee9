"""One micro-batch, one transaction: reading Kafka into PostgreSQL and relaying the outbox back."""
