"""The gate on skipped tests bites: with CI=true a machine that lacks something is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
def test_needs_data():
    pytest.skip("LIANQIAO_TEST_DATA names no folder with third-party data")
@pytest.mark.skipif(True, reason="there is no browser")
def test_needs_a_browser():
    pass
"""


@pytest.mark.parametrize(
    ("environment", "closing"),
    [
        ({}, "2 skipped"),
        ({"CI": "true"}, "1 skipped, 1 error"),
        ({"CI": "true", "LIANQIAO_TEST_DATA": "/absent"}, "1 skipped, 1 error"),
        ({"CI": "true", "LIANQIAO_TEST_DATA": "."}, "1 failed, 1 error"),
    ],
)
def test_only_absent_data_excuses_a_skip_where_all_must_run(
    tmp_path: Path, environment: dict[str, str], closing: str
) -> None:
    (tmp_path / "test_two.py").write_text(TESTS)
    known = {k: v for k, v in os.environ.items() if k not in {"CI", "LIANQIAO_TEST_DATA"}}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.absences", "-rs", str(tmp_path)],
        env=known | environment | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert closing in ran.stdout.splitlines()[-1]
    if "skipped" in closing:
        assert "LIANQIAO_TEST_DATA names no folder" in ran.stdout
