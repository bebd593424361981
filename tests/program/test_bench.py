"""Benchmarks run, and say what they found; how fast anything is they tell where it is measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.charts import drawn
from benchmarks.cli import found
from benchmarks.result import Chart, Figure, Point, Result, Target, kept
from benchmarks.table import README, table, written
from tests.program.conftest import ROOT, with_patience

TINY_WITHIN_S = 240


def result(**given: object) -> Result:
    """Return what a benchmark might have found."""
    ratio = Figure(name="ours ÷ limit", value=0.5, unit="×")
    return Result.of("one", "One thing", **{"ratios": [ratio]} | given)


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `lianqiao bench …`."""
    command = [sys.executable, "-m", "lianqiao", "bench", *words]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"LIANQIAO_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=with_patience(TINY_WITHIN_S),
    )


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", found())
def test_every_benchmark_runs(name: str) -> None:
    said = bench(name, "--quick", "--json")
    assert said.returncode == 0, said.stderr
    [measured] = [Result.model_validate(one) for one in json.loads(said.stdout)]
    assert measured.name == name
    assert measured.quick
    assert measured.ratios or measured.absent
    assert all(ratio.value > 0 for ratio in measured.ratios)


def test_the_readme_has_the_table_of_what_is_kept() -> None:
    assert written(README.read_text(), table(kept())) == README.read_text()
    assert bench("--table").stdout == table(kept())


def test_a_kept_result_is_no_tiny_run() -> None:
    assert not [one.name for one in kept() if one.quick]


def test_a_missed_target_is_said_to_be_missed() -> None:
    reached = result(targets=[Target(name="ours ÷ limit", at_least=0.5)])
    assert reached.verdict("ours ÷ limit") is True
    missed = result(targets=[Target(name="ours ÷ limit", at_least=0.51)])
    assert missed.verdict("ours ÷ limit") is False
    assert missed.verdict("another") is None
    assert "| ≥ 0.51 | missed |" in table([missed])


def test_a_result_is_read_as_it_was_kept(tmp_path: Path) -> None:
    before = result(absent=["the rest: nobody asked"])
    before.keep(tmp_path)
    assert kept(tmp_path) == [before]
    assert "not measured: the rest: nobody asked" in table([before])


def ratio(value: float) -> list[Figure]:
    return [Figure(name="ours ÷ limit", value=value, unit="×")]


@pytest.mark.parametrize(("third", "agree"), [(0.62, True), (0.63, False), (0.37, False)])
def test_runs_agree_within_a_quarter_of_their_median(
    third: float, agree: bool, tmp_path: Path
) -> None:
    words = []
    for number, value in enumerate((0.5, 0.5, third)):
        folder = tmp_path / str(number)
        result(ratios=ratio(value)).keep(folder)
        words += ["--agree", str(folder)]
    said = bench(*words)
    assert said.returncode == (0 if agree else 3), said.stderr
    assert ("differs" in said.stdout) is not agree


def test_one_run_agrees_with_none(tmp_path: Path) -> None:
    result().keep(tmp_path)
    said = bench("--agree", str(tmp_path))
    assert (said.returncode, said.stdout) == (1, "")
    assert "no two runs" in said.stderr


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_a_chart_shows_every_series(kind: str, tmp_path: Path) -> None:
    points = [
        {"series": series, "at": at, "value": value}
        for series, value in (("ours & theirs", 1.0), ("limit", 2.0))
        for at in ("10 k", "1 M")
    ]
    chart = Chart.model_validate(
        {"name": "some", "title": "Some", "unit": "per s", "kind": kind, "points": points}
    )
    assert chart.points[0] == Point(series="ours & theirs", at="10 k", value=1.0)
    [path] = drawn([result(charts=[chart])], tmp_path)
    text = path.read_text()
    assert "ours &amp; theirs" in text
    assert "limit" in text
    assert "1 M" in text
