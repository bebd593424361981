"""What docker-compose.yml and Caddyfile say, as tests need it."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx2
import yaml

ROOT = Path(__file__).parents[2]
PARTS = {"api", "relay", "consume"}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def program_commands() -> list[list[str]]:
    """Return the command of every process that runs one part of one service."""
    commands = [service.get("command", []) for service in compose()["services"].values()]
    return [command for command in commands if command and command[0] in PARTS]


def routes() -> list[tuple[str, str]]:
    """Return which paths go to which process, first match first, as Caddyfile has it."""
    text = (ROOT / "Caddyfile").read_text()
    named = dict(re.findall(r"@(\w+) path (.+)", text))
    found = []
    for matcher, host in re.findall(r"reverse_proxy (?:(\S+) )?([\w-]+):8000", text):
        patterns = named[matcher[1:]] if matcher.startswith("@") else matcher or "*"
        found += [(pattern, host) for pattern in patterns.split()]
    return found


class FrontDoor(httpx2.AsyncBaseTransport):
    """Send each request to the process that Caddyfile names, at its port on this machine."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports, self._routes = ports, routes()
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = next(h for pattern, h in self._routes if fnmatchcase(request.url.path, pattern))
        request.url = request.url.copy_with(port=self._ports[host], host="127.0.0.1")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
