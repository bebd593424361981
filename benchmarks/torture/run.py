"""One torture: load, faults by a seed, rest, and every check."""

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, NamedTuple

import psutil

from benchmarks.torture import deals, faults
from benchmarks.torture.checks import CHECKS, LETTERS_CHECK, Scene, looked
from benchmarks.torture.faults import DISK, KINDS, POISON, Fault
from benchmarks.torture.flow import Flow, listening, publishers
from benchmarks.torture.journal import Journal
from benchmarks.torture.letters import decided
from benchmarks.torture.mischief import Mischief, logged
from benchmarks.torture.parts import Part
from benchmarks.torture.standing import SERVICES, Installation, installed

TRADERS = 6
RECOVERED_WITHIN_S_MAX = 90.0
FINISHED_WITHIN_S_MAX = 200.0
QUIET_WITHIN_S_MAX = 180.0
WARM_S = 3.0
LOG_SHOWN_MAX = 2_000
DEFECT = re.compile(r"is a defect of|^Traceback \(most recent", re.MULTILINE)

Say = Callable[[str], None]


def with_patience(seconds: float) -> float:
    """Stretch a limit by how many more programs want to run than there are cores."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Suffered(NamedTuple):
    """A fault, and how long after its end everything that was said had arrived."""

    fault: Fault
    at_s: float
    recovered_s: float | None


@dataclass
class Outcome:
    """What came of a torture."""

    seed: int
    minutes: float
    layout: str
    suffered: list[Suffered] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        return [name for name, found in self.wrong.items() if found]

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "minutes": self.minutes,
            "layout": self.layout,
            "passed": not self.failed,
            "checks": self.wrong,
            "faults": [
                asdict(one.fault) | {"at_s": one.at_s, "recovered_s": one.recovered_s}
                for one in self.suffered
            ],
            "figures": self.figures,
            "skipped": self.skipped,
        }


def torture(outcome: Outcome, say: Say) -> None:
    """Run one on an installation of its own, which goes with it."""
    say("Making an installation …")
    with installed(full=outcome.layout == "full") as standing:
        if standing.disk is None:
            outcome.skipped.append(f"{DISK}: only root may mount a small file system")
        standing.start_parts()
        for name in publishers():  # what is imported later would hold up the load
            listening(name)
        try:
            asyncio.run(_Run(standing, outcome, say).live())
        except Exception as error:
            error.add_note(standing.said())
            raise


class _Run:
    """One torture under way."""

    def __init__(self, standing: Installation, outcome: Outcome, say: Say) -> None:
        self._standing, self._outcome, self._say = standing, outcome, say
        self._chance = Random(outcome.seed)  # noqa: S311  no secret
        self._journal, self._flow = Journal(), Flow(standing)
        self._mischief = Mischief(standing, self._chance, self._journal, hearers=SERVICES)

    async def live(self) -> None:
        """Load, faults, rest, checks."""
        async with AsyncExitStack() as stack:
            await self._standing.ready()
            platform = await stack.enter_async_context(self._standing.platform())
            watching = asyncio.create_task(self._standing.watch())
            stack.callback(watching.cancel)
            chain = await deals.gather(platform, self._journal, Random(self._outcome.seed))  # noqa: S311
            traders = [asyncio.create_task(chain.trade()) for _ in range(TRADERS)]
            for trader in traders:
                stack.callback(trader.cancel)
            began = time.monotonic()
            await self._suffer(began)
            self._say("Letting the load end …")
            chain.ending.set()
            await self._end(traders)
            self._outcome.figures["load_s"] = round(time.monotonic() - began, 1)
            scene = await self._rested()
            self._outcome.wrong |= await asyncio.to_thread(looked, [LETTERS_CHECK], scene)
            applied = await decided(platform, scene)
            await self._flow.quiet(within_s=with_patience(QUIET_WITHIN_S_MAX))
            self._count(scene, applied)
            self._say("Checking …")
            self._outcome.wrong |= await asyncio.to_thread(looked, CHECKS, scene)

    async def _end(self, traders: Sequence[asyncio.Task[None]]) -> None:
        """Wait for the deals that are under way; one that cannot be finished is told."""
        done, late = await asyncio.wait(traders, timeout=with_patience(FINISHED_WITHIN_S_MAX))
        failed = [repr(error) for trader in done if (error := trader.exception())]
        self._journal.refused += failed + ["a deal came to no end"] * len(late)

    async def _suffer(self, began: float) -> None:
        """Do one fault after the other, in some cases the next before the last is over."""
        without = () if self._standing.disk else (DISK,)
        parts, waiting = list(self._standing.parts), [Fault(POISON, "", 1.0, 0.0)]
        await asyncio.sleep(WARM_S)
        while time.monotonic() - began < 60 * self._outcome.minutes:
            waiting = waiting or faults.deck(self._chance, parts, without=without)
            some = [waiting.pop(0)]
            if waiting and self._chance.random() < 0.25:  # noqa: PLR2004  a quarter come in pairs
                some.append(waiting.pop(0))
            await asyncio.sleep(some[0].after_s)
            at_s = round(time.monotonic() - began, 1)
            self._say(f"{at_s:6.1f} s  {' and '.join(_named(one) for one in some)}")
            await asyncio.gather(*(KINDS[f.kind](self._standing, f, self._mischief) for f in some))
            recovered_s = await self._flow.arrived(within_s=with_patience(RECOVERED_WITHIN_S_MAX))
            self._outcome.suffered += [Suffered(one, at_s, recovered_s) for one in some]

    async def _rested(self) -> Scene:
        """Wait until nothing moves, and read what the topics hold."""
        self._say("Waiting until everything has arrived …")
        await self._standing.ready()
        at_rest = await self._flow.quiet(within_s=with_patience(QUIET_WITHIN_S_MAX))
        self._outcome.wrong["everything comes to rest"] = (
            [] if at_rest else [f"not within {QUIET_WITHIN_S_MAX:.0f} s"]
        )
        self._outcome.wrong["each fault is recovered from"] = [
            f"{_named(one.fault)}: not within {RECOVERED_WITHIN_S_MAX:.0f} s and more"
            for one in self._outcome.suffered
            if one.recovered_s is None
        ]
        self._outcome.wrong["no process ends by itself without an outage"] = defects(
            [self._standing.parts[name] for name in sorted(set(self._standing.fell))]
        )
        log = await logged(self._standing.kafka.servers, self._mischief.publishers)
        poisons = self._mischief.poisons
        return Scene(self._standing, self._journal, poisons=poisons, log=log)

    def _count(self, scene: Scene, applied: int) -> None:
        times = [s.recovered_s for s in self._outcome.suffered if s.recovered_s is not None]
        self._outcome.figures |= {
            "acknowledged": {k: len(v) for k, v in sorted(self._journal.acknowledged.items())},
            "deals": dict(self._journal.deals),
            "requests_sent_again": sum(self._journal.retried.values()),
            "messages": len(scene.log),
            "repeated": self._mischief.repeated,
            "subjects_shuffled": self._mischief.shuffled,
            "poison": len(self._mischief.poisons),
            "applied_after_poison": applied,
            "faults": dict(Counter(one.fault.kind for one in self._outcome.suffered)),
            "recovery_s_max": round(max(times, default=0.0), 1),
            "ended_by_themselves": dict(Counter(self._standing.fell)),
            "memory_mb": _memory_mb(self._standing),
        }


def _named(fault: Fault) -> str:
    return f"{fault.kind}: {fault.target}" if fault.target else fault.kind


def defects(parts: Sequence[Part]) -> list[str]:
    """Name which of some processes ended by a defect: an outage at its start may end one."""
    said = {part.name: part.log.read_text(errors="replace")[-LOG_SHOWN_MAX:] for part in parts}
    return [f"{name} ended: {text}" for name, text in said.items() if DEFECT.search(text)]


def _memory_mb(standing: Installation) -> int:
    """Add up what the processes hold, without what they share."""
    total = 0
    for part in standing.parts.values():
        with suppress(psutil.Error):
            total += psutil.Process(part.pid).memory_full_info().pss
    return total // 1_000_000
