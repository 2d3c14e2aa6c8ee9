"""Reporting's settings, from the environment."""

from pydantic_settings import SettingsConfigDict

from shared.web.settings import ServiceSettings


class Settings(ServiceSettings):
    """Each is REPORTING_<NAME> in the environment."""

    model_config = SettingsConfigDict(env_prefix="REPORTING_")

    database_url: str = "postgresql+asyncpg://fabrique:fabrique@localhost:5432/reporting"
    port: int = 8003
    demonstration: bool = False
    """Say on the page what is simulated: set by the stack on which `fabrique demo` played, and by nobody else."""
