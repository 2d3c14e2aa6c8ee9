"""Intake's settings, from the environment."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from shared.web.settings import ServiceSettings


class Settings(ServiceSettings):
    """Each is INTAKE_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    database_url: str = "postgresql+asyncpg://fabrique:fabrique@localhost:5432/intake"
    port: int = 8001
    secret: SecretStr = SecretStr("")
