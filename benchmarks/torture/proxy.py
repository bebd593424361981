"""A TCP proxy before PostgreSQL, which can be told to be slow.

`python -m benchmarks.torture.proxy PORT SOCKET`; each line on its standard input is the number of
milliseconds by which everything is delayed from then on.
"""

import asyncio
import sys
from contextlib import suppress

CHUNK = 65_536


class Proxy:
    """Passes everything on, both ways, after a delay."""

    def __init__(self, path: str) -> None:
        self._path, self.delay_s = path, 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one caller with the server until either is gone."""
        try:
            there, back = await asyncio.open_unix_connection(self._path)
        except OSError:
            writer.transport.abort()
            return
        ways = [
            asyncio.ensure_future(self._pass_on(reader, back)),
            asyncio.ensure_future(self._pass_on(there, writer)),
        ]
        with suppress(asyncio.CancelledError):  # it is told to end
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for end in writer, back:
            end.close()
        await asyncio.wait(ways)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(some)
                await writer.drain()


async def run(port: int, path: str) -> None:
    """Serve until the standard input ends."""
    proxy = Proxy(path)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port, backlog=1024)
    loop, told = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    while line := await told.readline():
        proxy.delay_s = int(line) / 1_000
    server.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
