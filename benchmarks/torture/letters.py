"""Decide on dead letters as an operator does: give up the poison, apply what waits behind it."""

from benchmarks.torture.checks import LETTERS, Scene
from benchmarks.torture.standing import SERVICES
from contracts.scopes import Scope
from lianqiao.client import Api, Platform, RefusedError

BECAUSE = "poison of a torture"


async def decided(platform: Platform, scene: Scene) -> int:
    """Discard each poison, replay each subject; return how many letters were applied."""
    operator = platform.as_operator({Scope.PLATFORM_OPERATE})
    applied = 0
    for name in SERVICES:
        while first := _first(scene, name):
            topic, subject, body = first
            if not any(
                (p.topic, p.subject, p.body) == (topic, subject, body) for p in scene.poisons
            ):
                break  # it is healthy and was refused: the checks say so
            about = {"topic": topic, "subject": subject}
            await operator.post(f"/api/{name}/v1/dead-letters/discard", about | {"reason": BECAUSE})
            applied += await _replayed(operator, name, about)
    return applied


async def _replayed(operator: Api, name: str, about: dict[str, str]) -> int:
    """Apply what waited; where more poison stands in the way, that is the next to be given up."""
    try:
        answer = await operator.post(f"/api/{name}/v1/dead-letters/replay", about)
    except RefusedError:
        return 0
    return int(answer["applied"])


def _first(scene: Scene, name: str) -> tuple[str, str, bytes] | None:
    """Return the first letter of the first subject that has any."""
    heads: dict[tuple[str, str], bytes] = {}
    for topic, subject, body, _ in scene.rows(LETTERS.format(name)):
        heads.setdefault((topic, subject), bytes(body))
    return next(((t, s, body) for (t, s), body in heads.items()), None)
