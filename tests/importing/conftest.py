"""What tests of imports share: mappings on disk, and the third-party data where it is named."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lianqiao.importing.mapping import DeliveriesMapping, OcelMapping, load
from tests.importing import factories
from tests.importing.running import Installation


@pytest.fixture
def log_mapping(tmp_path: Path) -> OcelMapping:
    path = tmp_path / "mapping.toml"
    path.write_text(factories.MAPPING, encoding="utf-8")
    return load(OcelMapping, str(path))


@pytest.fixture
def lines_mapping(tmp_path: Path) -> DeliveriesMapping:
    path = tmp_path / "lines.toml"
    path.write_text(factories.LINES_MAPPING, encoding="utf-8")
    return load(DeliveriesMapping, str(path))


@pytest.fixture(scope="session")
def third_party() -> Path:
    """Return the folder of data that nobody here wrote."""
    folder = Path(os.environ.get("LIANQIAO_TEST_DATA") or "/nonexistent")
    if not folder.is_dir():
        pytest.skip("LIANQIAO_TEST_DATA names no folder of third-party data")
    return folder


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Run all of Lianqiao, with its own PostgreSQL and Kafka and no demo."""
    running = Installation(tmp_path_factory.mktemp("lianqiao") / "here")
    running.start()
    yield running
    running.stop()
