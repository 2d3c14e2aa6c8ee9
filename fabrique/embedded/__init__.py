"""The infrastructure that a newcomer never has to think of: a real Kafka and a real PostgreSQL on this machine."""
