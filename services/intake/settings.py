"""Intake's settings, from the environment."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each is INTAKE_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    database_url: str = "postgresql+asyncpg://fabrique:fabrique@localhost:5432/intake"
    kafka_bootstrap_servers: str = "localhost:9092"
    instance: str = "1"
    host: str = "127.0.0.1"
    port: int = 8001
    session_timeout_ms: int = 10_000
    secret: SecretStr = SecretStr("")
