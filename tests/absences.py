"""What a machine lacks is named with its reason; where it must lack nothing, that is a failure.

Only tests of third-party data may be skipped with CI=true, and only where there is no such data.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

DATA = "LIANQIAO_TEST_DATA"


def refused(reason: str) -> bool:
    """Tell whether a test may not be skipped for this reason, here."""
    if os.environ.get("CI") != "true":
        return False
    there = os.environ.get(DATA) and Path(os.environ[DATA]).is_dir()
    return not (DATA in reason and not there)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge each test that was skipped."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _judge(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge each module that was skipped as a whole."""
    report = yield
    if report.skipped:
        _judge(report, collector.nodeid)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport, name: str) -> None:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if refused(reason):
        report.outcome = "failed"
        report.longrepr = f"{name} may not be skipped here: {reason}"
