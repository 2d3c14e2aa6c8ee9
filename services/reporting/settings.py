"""Reporting's settings, from the environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each is REPORTING_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="REPORTING_")

    database_url: str = "postgresql+asyncpg://fabrique:fabrique@localhost:5432/reporting"
    kafka_bootstrap_servers: str = "localhost:9092"
    instance: str = "1"
    host: str = "127.0.0.1"
    port: int = 8003
    session_timeout_ms: int = 10_000
