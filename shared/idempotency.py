"""A POST that is sent again with the same `Idempotency-Key` has one effect and one answer.

A refusal is no answer: it undoes everything, the key included, which may then be used again. Keys
are an organization's own, and answers are given again to the person and program they were given to.
"""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Caller
from shared.database import KernelModel
from shared.problem import FieldError, InvalidInput

HEADER = "Idempotency-Key"
KEY_MAX = 200

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotencyKey(KernelModel):
    """A request that was answered: the answer is given again, nothing is done again."""

    __tablename__ = "idempotency_keys"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[bytes]
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    media_type: Mapped[str | None]
    location: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class _AnsweredBeforeError(Exception):
    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Route(APIRoute):
    """A route that honors `Idempotency-Key` on POST: effect and answer commit together."""

    def get_route_handler(self) -> Handler:
        return partial(_once, super().get_route_handler())


async def _once(handle: Handler, request: Request) -> Response:
    await _read(request)
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return await handle(request)
    if not (0 < len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
        said = f"Send 1 to {KEY_MAX} printable ASCII characters, for example a UUID."
        raise InvalidInput(said, errors=[FieldError(field=HEADER, detail=said)])
    sent = f"{request.url.path}?{request.url.query}\0".encode() + await request.body()
    claimed: list[Callable[[Response], Awaitable[None]]] = []
    request.state.first = partial(_claim, request, key, sent, claimed)
    try:
        answer = await handle(request)
    except _AnsweredBeforeError as before:
        return before.answer
    if claimed:
        await claimed[0](answer)  # the transaction is still open: it commits after this
    return answer


async def _read(request: Request) -> None:
    """Parse a JSON body at several times the speed; what is refused is left to slower words."""
    if request.headers.get("content-type", "").startswith("application/json"):
        with suppress(orjson.JSONDecodeError):
            request._json = orjson.loads(await request.body())  # noqa: SLF001  as Starlette keeps it


async def _claim(
    request: Request,
    key: str,
    sent: bytes,
    claimed: list[Callable[[Response], Awaitable[None]]],
    session: AsyncSession,
) -> None:
    """Take the key or, if it was answered before, answer again; a rival is waited for."""
    caller: Caller = request.state.caller
    mine = {"organization_id": caller.organization_id, "key": key}
    digest = sha256(f"{caller.client_id}\0{caller.user_id}\0".encode() + sent).digest()
    taking = insert(IdempotencyKey).values(**mine, request_digest=digest).on_conflict_do_nothing()
    if (await session.execute(taking.returning(IdempotencyKey.key))).first():
        claimed.append(partial(_keep, session, mine))
        return
    known = (await session.scalars(select(IdempotencyKey).filter_by(**mine))).one()
    if known.request_digest != digest:
        said = "This key was used for another request; draw a new key for each request."
        raise InvalidInput(said, errors=[FieldError(field=HEADER, detail=said)])
    again = Response(known.body, known.status or 200, media_type=known.media_type)
    again.headers["Idempotency-Replayed"] = "true"
    if known.location:
        again.headers["Location"] = known.location
    raise _AnsweredBeforeError(again)


async def _keep(session: AsyncSession, mine: dict[str, Any], answer: Response) -> None:
    kept = {
        "status": answer.status_code,
        "body": bytes(answer.body),
        "media_type": answer.headers.get("content-type"),
        "location": answer.headers.get("location"),
    }
    await session.execute(update(IdempotencyKey).filter_by(**mine).values(**kept))
