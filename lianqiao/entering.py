"""Enter history through the public APIs: services hear of each other's things a little later."""

import asyncio
import time
from collections.abc import Callable, Sequence

from lianqiao.client import Api, Json, RefusedError, Result

BATCH, BUSY = 500, 503
HEARD_WITHIN_S_MAX = 180  # without a sign of life
REST_S, REST_S_MAX = 0.1, 2.0
NOT_YET = (  # how the problems end that go away when a service has heard of more
    *("-not-found", "-not-known", "-unknown", "-yet"),
    *("nothing-payable", "more-than-payable"),
)


class Patience:
    """How long is waited: anew whenever something moves, and not at all once it was too long."""

    def __init__(self) -> None:
        self.moved()

    def moved(self) -> None:
        self._until, self._rest_s = time.monotonic() + HEARD_WITHIN_S_MAX, REST_S

    async def rest(self) -> bool:
        """Wait a little; say whether there is still hope."""
        if time.monotonic() > self._until:
            return False
        await asyncio.sleep(self._rest_s)
        self._rest_s = min(2 * self._rest_s, REST_S_MAX)
        return True


async def entered(  # noqa: PLR0913  what is sent where, and how
    api: Api,
    path: str,
    name: str,
    items: Sequence[Json],
    *,
    batch: int = BATCH,
    told: Callable[[int], None] = lambda _: None,
) -> list[Result]:
    """Send history in batches and return what became of each, in their order.

    What a service has not heard of yet is sent again while anything still moves; what is refused
    in the end comes back as refused.
    """
    results: list[Result] = []
    patience = Patience()
    for start in range(0, len(items), batch):
        results += await _entered(api, path, name, items[start : start + batch], patience)
        told(len(results))
    return results


async def _entered(
    api: Api, path: str, name: str, items: Sequence[Json], patience: Patience
) -> list[Result]:
    outcomes: dict[int, Result] = {}
    waiting = list(range(len(items)))
    while True:
        try:
            answers = await api.batch(path, name, [items[turn] for turn in waiting])
        except RefusedError as busy:
            if busy.problem.status != BUSY or not await patience.rest():
                raise
            continue
        outcomes |= zip(waiting, answers, strict=True)
        early = [turn for turn in waiting if is_early(outcomes[turn])]
        if len(early) < len(waiting):
            patience.moved()
        waiting = early
        if not waiting or not await patience.rest():
            return [outcomes[turn] for turn in range(len(items))]


def is_early(result: Result) -> bool:
    """Say whether something is refused only as a service has not heard of what it is about."""
    return result.problem is not None and result.problem.type.endswith(NOT_YET)
