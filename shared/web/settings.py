"""The settings that every service's process has; each service adds its own and gives them its prefix."""

from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """Each is <SERVICE>_<NAME> in the environment."""

    kafka_bootstrap_servers: str = "localhost:9092"
    instance: str = "1"
    host: str = "127.0.0.1"
    session_timeout_ms: int = 10_000
    producer_timeout_ms: int = 120_000

    @property
    def servers(self) -> list[str]:
        """The bootstrap servers as a list: Kafka's clients take no comma."""
        return self.kafka_bootstrap_servers.split(",")
