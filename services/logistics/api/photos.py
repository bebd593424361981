"""Pictures of goods over HTTP: taken in only as pictures, and handed out only as we drew them."""

import asyncio
import io
import warnings
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Response
from PIL import Image, ImageOps

from services.logistics.api.callers import Reader, Receiver
from services.logistics.commands import photos as commands
from services.logistics.domain.problems import PhotoNotFound, UnusablePhoto
from services.logistics.models import Photo
from services.logistics.queries import receipts as queries
from services.logistics.schemas.receipts import PhotoIn, PhotoOut
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.problem import FieldError, problems

router = APIRouter(route_class=Route, tags=["Photos"])

UPLOAD_BYTES_MAX = 5 * 2**20
PIXELS_MAX = 50_000_000
SIDE_MAX, QUALITY = 2_048, 85
JPEG = "image/jpeg"
PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
POOL = ThreadPoolExecutor(2, "photos")  # more at once wait


class Drawn(NamedTuple):
    """A picture drawn anew: it holds what is seen and nothing else."""

    content: bytes
    size: tuple[int, int]


@router.post("/photos", status_code=201, response_model=PhotoOut, responses=problems(UnusablePhoto))
async def take_photo(body: PhotoIn, caller: Receiver, session: Transaction, now: Now) -> Photo:
    """Keep a picture of goods, for a receipt to show. It is drawn anew: places and names go."""
    loop = asyncio.get_running_loop()
    drawn = await loop.run_in_executor(POOL, redrawn, body.content)
    return await commands.keep(
        session, caller=caller, content=drawn.content, size=drawn.size, at=now
    )


@router.get(
    "/photos/{photo_id}",
    response_class=Response,
    responses={200: {"content": {JPEG: PICTURE}}, **problems(PhotoNotFound)},
)
async def show_photo(photo_id: UUID, caller: Reader, session: Transaction) -> Response:
    """Show a picture that the caller took, or that a receipt shows it."""
    content = await queries.photo(session, photo_id, caller=caller)
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=JPEG, headers=headers)


def redrawn(content: str) -> Drawn:
    """Draw a picture anew as JPEG, upright and at most 2,048 pixels long.

    Raises UnusablePhoto for what is no JPEG or PNG, is cut off, or is larger than allowed.
    """
    try:
        file = b64decode(content, validate=True)
    except ValueError as error:
        raise _unusable("Send the file in base64.") from error
    if len(file) > UPLOAD_BYTES_MAX:
        raise _unusable("Send a picture of at most 5 MiB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _drawn(file)
    except Exception as error:
        raise _unusable("Send a JPEG or PNG picture that is not damaged.") from error


def _drawn(file: bytes) -> Drawn:
    with Image.open(io.BytesIO(file), formats=["JPEG", "PNG"]) as picture:
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError(picture.size)
        picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((SIDE_MAX, SIDE_MAX))
    kept = io.BytesIO()
    upright.save(kept, "JPEG", quality=QUALITY)
    return Drawn(kept.getvalue(), upright.size)


def _unusable(said: str) -> UnusablePhoto:
    return UnusablePhoto(said, errors=[FieldError(field="content", detail=said)])
