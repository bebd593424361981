"""Bring a service's schema to what this release expects, as the schema's owner."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

INI = Path(__file__).parent.parent / "alembic.ini"
INIS = [INI]  # tests add one of their own


def _config(service: str, database_url: str | None = None) -> Config:
    ini = next((ini for ini in INIS if service in _sections(ini)), INI)
    return Config(str(ini), ini_section=service, attributes={"database_url": database_url})


def _sections(ini: Path) -> tuple[str, ...]:
    return tuple(Config(str(ini)).file_config.sections())


def migrate(service: str, *, database_url: str) -> None:
    """Create or upgrade a service's roles, schema and tables; the URL's user may create roles."""
    command.upgrade(_config(service, database_url), "head")


@cache
def head(service: str) -> str | None:
    """Return the newest migration of a service that this release knows."""
    return ScriptDirectory.from_config(_config(service)).get_current_head()


@cache
def migrated_services() -> tuple[str, ...]:
    """Name the services that have a schema, in the order of alembic.ini."""
    return _sections(INI)
