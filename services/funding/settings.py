"""Funding's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from shared.web.settings import ServiceSettings


class Settings(ServiceSettings):
    """Each is FUNDING_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="FUNDING_")

    database_url: str = "postgresql+asyncpg://fabrique:fabrique@localhost:5432/funding"
    port: int = 8002
    operator_key: str = ""
    four_eyes_from_cents: int = 5_000_000
    """A command that moves as much (50 000 €), or more, waits until another manager approves it; 0: each does."""
