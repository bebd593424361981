"""Draft a migration on a database of its own, which is gone afterwards."""

from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config

from lianqiao.installation import CannotError, service_names
from shared.local import postgres
from shared.migrating import INI, migrate


def draft(name: str, saying: str) -> Path:
    """Write a migration that takes a service's schema from its newest one to its models."""
    if name not in service_names() or not saying:
        names = ", ".join(service_names())
        raise CannotError(f'Say make migration SERVICE=… SAYING="add a column"; there are {names}.')
    with (
        TemporaryDirectory() as folder,
        postgres(Path(folder) / "postgres", durable=False) as url,
    ):
        migrate(name, database_url=url)
        config = Config(str(INI), ini_section=name, attributes={"database_url": url})
        drafted = command.revision(config, message=saying, autogenerate=True)
    assert drafted
    assert not isinstance(drafted, list)
    return Path(drafted.path)
