"""Take a port before anything is started, so that one in use is said at once."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from lianqiao.installation import CannotError

LOOPBACK = "127.0.0.1", "::1"  # `localhost` may mean either
EVERYWHERE = ("0.0.0.0",)  # noqa: S104  asked for by LAN=1
PORTS_FOR_ALL = 1024  # those below are root's
BACKLOG = 2048


@contextmanager
def listening(port: int, hosts: Sequence[str]) -> Iterator[list[socket.socket]]:
    """Listen at a port of some addresses of this machine."""
    with ExitStack() as stack:
        found = []
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            try:
                one = socket.create_server((host, port), family=family, backlog=BACKLOG)
            except OSError as error:
                if host == "::1" and error.errno != errno.EADDRINUSE:
                    continue  # the machine has no IPv6
                why = f"Port {port} is not free ({os.strerror(error.errno or 0)})"
                other = port + 1 if port >= PORTS_FOR_ALL else 8000
                raise CannotError(f"{why}: choose another, make run PORT={other}") from error
            found.append(stack.enter_context(one))
        yield found
