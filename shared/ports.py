"""Ports for servers that only this machine reaches."""

import socket
from random import SystemRandom

FIRST, LAST = 20_000, 32_767  # Linux gives connections their near ends from 32768 on
TRIES_MAX = 1_000

_chance = SystemRandom()  # what runs side by side should not try the same ones


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at, and that nobody else is given while this process lives.

    Between the choice and the start of a server, and while a server is down, a port looks free. So
    each is marked by holding UDP's port of the same number, which no server here listens at.

    They are out of the range in which the system finds a near end for each connection. There,
    anything that connects may take the port of a server that is down for a moment; whoever tries
    to reach that server may even be connected to itself. Raises OSError when none is free.
    """
    found: list[int] = []
    for _ in range(TRIES_MAX):
        if len(found) == count:
            return found
        port = _chance.randint(FIRST, LAST)
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            mark.close()
        else:
            mark.detach()  # it stays open, and nobody closes it
            found.append(port)
    raise OSError(f"no {count} ports from {FIRST} to {LAST} are free")


def free_port() -> int:
    """Return a port as `free_ports` does."""
    return free_ports(1)[0]
