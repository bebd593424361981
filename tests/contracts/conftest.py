"""Third-party schemas and verdicts, where this machine has them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def protocols() -> Path:
    """Return the folder of others' protocol files, named by LIANQIAO_TEST_DATA."""
    folder = Path(os.environ.get("LIANQIAO_TEST_DATA", ""), "protocols")
    if "LIANQIAO_TEST_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("LIANQIAO_TEST_DATA names no folder with third-party data")
    return folder
