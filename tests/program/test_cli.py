"""Every command explains itself, and a script can tell by exit codes what came of it."""

import re

import pytest
from typer.testing import CliRunner

from lianqiao.cli import app
from tests.program.conftest import Start

COMMANDS = [
    ["up"],
    ["migrate"],
    ["api"],
    ["relay"],
    ["consume"],
    ["check"],
    ["import"],
    ["import", "ocel"],
    ["import", "deliveries"],
    ["simulate"],
    ["insights"],
    ["insights", "rebuild"],
    ["client"],
    ["client", "create"],
    ["events"],
    ["events", "lag"],
    ["events", "dead-letters"],
    ["events", "replay"],
    ["events", "discard"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: list[str]) -> None:
    told = CliRunner().invoke(app, [*words, "--help"])
    assert told.exit_code == 0, told.output
    assert re.search(r"Usage: .*" + " ".join(words), told.output)
    explained = told.output.split("Usage:")[1].splitlines()[1:]
    assert any(len(line.split()) > 3 for line in explained)


def test_the_list_of_commands_names_all_that_there_are() -> None:
    told = CliRunner().invoke(app, ["--help"]).output
    assert all(f" {words[0]} " in told for words in COMMANDS)


def test_a_misspelt_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["chekc"]).exit_code == 2


def test_what_cannot_be_done_is_a_sentence_and_exit_code_1(start: Start) -> None:
    for words in (["api", "stock"], ["events", "replay", "stock", "orders", "x"]):
        told = start(*words, LIANQIAO_DATABASE_URL="postgresql+psycopg://x@127.0.0.1:9/x")
        assert told.ended() == 1
        assert "There is no service stock; there are identity, " in told.said
        assert "Traceback" not in told.said
