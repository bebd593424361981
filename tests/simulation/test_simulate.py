"""A simulated chain comes onto a running installation by its public APIs, and goes on there."""

import time

import pytest

from tests.importing.running import Installation

SMALL = "simulate", "--seed", "3", "--organizations", "5", "--lines", "24"

pytestmark = pytest.mark.timeout(900)  # whole programs start and end here, beside other tests


def test_a_chain_is_played_and_played_again_it_changes_nothing(installation: Installation) -> None:
    first = installation.run(*SMALL, "--json")
    calls = posted(installation, "/reversal"), posted(installation, "/messages")
    again = installation.run(*SMALL, "--json")

    assert (first.code, again.code) == (0, 0), first.errors + again.errors
    assert first.told["organizations"] == 5
    assert first.told["lines"] == 24
    assert first.told["reports"] > 100
    assert again.told == first.told
    assert calls == (1, 3)
    assert posted(installation, "/reversal") == 1
    assert installation.run("check").code == 0


def test_it_goes_on_live_until_it_is_interrupted(installation: Installation) -> None:
    timed = installation.run(*SMALL, "--live", "--rate", "20", "--seconds", "4", "--json")
    assert timed.code == 0, timed.errors
    assert timed.told["live_reports"] >= 8

    endless = installation.begin(*SMALL, "--live", "--rate", "20")
    before = posted(installation, "/{work_order_id}/reports")
    while posted(installation, "/{work_order_id}/reports") < before + 3:
        assert endless.process.poll() is None, endless.said
        time.sleep(0.1)
    assert endless.interrupt() == 0
    assert "more reports were made live" in endless.said
    assert "Traceback" not in endless.said


def posted(installation: Installation, path: str) -> int:
    """Count the calls of an address that the platform has logged."""
    lines = (installation.folder / "lianqiao.log").read_text(encoding="utf-8").splitlines()
    return sum("POST /api/" in line and f'{path}"' in line for line in lines)
