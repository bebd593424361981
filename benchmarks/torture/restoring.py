"""A drill: back up, lose the database, restore it to a moment in between, and agree again."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.torture import deals
from benchmarks.torture.checks import CHECKS, Scene, looked
from benchmarks.torture.deals import Chain
from benchmarks.torture.flow import Flow, publishers
from benchmarks.torture.journal import Journal
from benchmarks.torture.mischief import logged
from benchmarks.torture.standing import ARCHIVE, Installation
from shared.local import POSTGRES

TRADERS = 4
QUIET_WITHIN_S_MAX = 180.0
FINISHED_WITHIN_S_MAX = 180.0
NUMBERED_FROM = 50_000  # what is dealt after the restore

Say = Callable[[str], None]


class Drill:
    """One drill: on an installation that puts its database's log aside."""

    def __init__(self, standing: Installation, *, seed: int, load_s: float, say: Say) -> None:
        self._standing, self._load_s, self._say = standing, load_s, say
        self._chance = Random(seed)  # noqa: S311  no secret
        self.figures: dict[str, Any] = {}
        self.moment = ""

    async def live(self) -> dict[str, list[str]]:
        """Run it and return what is wrong, by check."""
        await self._standing.ready()
        async with self._standing.platform() as platform:
            chain = await deals.gather(platform, Journal(), self._chance)
            self._say("Backing up under load …")
            traders = self._trade(chain)
            backup = await asyncio.to_thread(_backed_up, self._standing)
            await asyncio.sleep(self._load_s)
            acknowledged = deepcopy(chain.journal.acknowledged)
            in_order = deepcopy(chain.journal.in_order)
            moment = await asyncio.to_thread(self._moment)
            self.moment = moment.isoformat()
            self._say(f"The moment to go back to: {self.moment}")
            await asyncio.sleep(self._load_s)
            for trader in traders:
                trader.cancel()
            await asyncio.gather(*traders, return_exceptions=True)
            past = Journal(chain.journal.tried, acknowledged, in_order)
            self.figures["acknowledged_and_lost"] = chain.journal.effects() - past.effects()
            await asyncio.to_thread(self._lose_and_restore, backup, moment)
            await asyncio.to_thread(self._agree, moment)
            self._standing.start_parts()
            await self._standing.ready()
            return await self._looked(chain, past)

    def _trade(self, chain: Chain) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(chain.trade()) for _ in range(TRADERS)]

    def _moment(self) -> datetime:
        with self._standing.database() as connection:
            row = connection.execute("SELECT clock_timestamp()::text").fetchone()
        assert row
        return datetime.fromisoformat(row[0]).astimezone(UTC)

    def _lose_and_restore(self, backup: Path, moment: datetime) -> None:
        """End everything, put the backup in the database's place and play its log up to then."""
        standing, began = self._standing, time.monotonic()
        standing.end_parts()
        with standing.database() as connection:
            connection.execute("SELECT pg_switch_wal()")
        standing.postgres.stop()
        self._say("The database is lost; restoring …")
        place = standing.postgres.folder
        owner = place.stat()
        shutil.rmtree(place)
        shutil.copytree(backup, place)
        with (place / "postgresql.auto.conf").open("a") as file:
            file.write(
                f"restore_command = 'cp {standing.folder / ARCHIVE}/%f %p'\n"
                f"recovery_target_time = '{moment.isoformat()}'\n"
                "recovery_target_action = 'promote'\n"
            )
        (place / "recovery.signal").touch()
        place.chmod(0o700)
        for path in [place, *place.rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid)
        standing.postgres.start()  # which ends when it has recovered, and takes what is written
        self.figures["restored_s"] = round(time.monotonic() - began, 1)

    def _agree(self, moment: datetime) -> None:
        done = self._standing.run("restored", "--to", moment.isoformat(), "--json")
        if done.returncode:
            raise RuntimeError(f"`lianqiao restored` ended with {done.returncode}: {done.stderr}")
        self.figures["agreed"] = json.loads(done.stdout)
        self._say("Topics and consumers agree with the database again.")

    async def _looked(self, chain: Chain, past: Journal) -> dict[str, list[str]]:
        """See that the past is whole, the present goes on, and nobody knows of the rest."""
        flow = Flow(self._standing)
        rests = [await flow.quiet(within_s=QUIET_WITHIN_S_MAX)]
        self._say("Dealing on …")
        chain.journal, chain.told = Journal(), NUMBERED_FROM
        chain.ending.clear()
        traders = self._trade(chain)
        await asyncio.sleep(self._load_s)
        chain.ending.set()
        await asyncio.wait(traders, timeout=FINISHED_WITHIN_S_MAX)
        rests.append(await flow.quiet(within_s=QUIET_WITHIN_S_MAX))
        log = await logged(self._standing.kafka.servers, publishers())
        both = _together(past, chain.journal)
        self.figures["acknowledged_in_all"] = both.effects()
        self._say("Checking …")
        wrong = await asyncio.to_thread(looked, CHECKS, Scene(self._standing, both, log=log))
        return wrong | {"everything comes to rest": [] if all(rests) else ["it does not"]}


def _backed_up(standing: Installation) -> Path:
    """Copy the database while it is written to, as `pg_basebackup` does."""
    place, socket = standing.folder / "backup", standing.postgres.url.partition("host=")[2]
    words = [
        "--pgdata",
        str(place),
        "--host",
        socket,
        "--username",
        "postgres",
        "--checkpoint",
        "fast",
    ]
    done = subprocess.run(  # noqa: S603  every word is ours
        [POSTGRES / "pg_basebackup", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"pg_basebackup ended with {done.returncode}: {done.stderr}")
    return place


def _together(past: Journal, new: Journal) -> Journal:
    """Join what was acknowledged before the moment with what is since the restore."""
    both = deepcopy(past)
    for kind, texts in new.tried.items():
        both.tried[kind] |= texts
        both.acknowledged[kind] |= new.acknowledged[kind]
    both.in_order.update(new.in_order)
    both.refused = new.refused
    return both
