"""A port is given to one alone, also before anybody listens at it."""

import socket
import subprocess
import sys

import pytest

from shared import ports

CHOICE = "from shared import ports; ports.FIRST, ports.LAST = {0}, {0}; print(ports.free_port())"


def is_given_elsewhere(port: int) -> bool:
    """Tell whether another process that can choose this port alone is given it."""
    command = [sys.executable, "-c", CHOICE.format(port)]
    other = subprocess.run(command, check=False, capture_output=True, text=True)
    assert other.stdout.strip() == str(port) or "OSError: no 1 ports" in other.stderr
    return bool(other.stdout)


def test_no_port_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free_port()
    monkeypatch.setattr(ports, "FIRST", first)
    monkeypatch.setattr(ports, "LAST", first + 8)
    given = ports.free_ports(2) + ports.free_ports(2)
    assert len({first, *given}) == 5
    with pytest.raises(OSError, match="no 9 ports"):
        ports.free_ports(9)


def test_what_is_given_here_is_given_to_nobody_else_also_while_its_server_is_down() -> None:
    port = ports.free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_given_elsewhere(port)
    assert not is_given_elsewhere(port)


def test_what_a_process_was_given_is_free_when_it_has_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_given_elsewhere(port)
    assert is_given_elsewhere(port)
    assert is_given_elsewhere(port)
