"""Style sheets, scripts and icons: read once, kept in memory, named by their content."""

import gzip
import mimetypes
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

HERE = Path(__file__).parent
FOLDERS = HERE / "static", HERE / "assets"  # ours, and what `npm run build` makes
FOREVER = "public, max-age=31536000, immutable"
GZIP_FROM = 512


class Static(NamedTuple):
    """One file, as it is sent."""

    body: bytes
    packed: bytes | None
    media_type: str
    version: str


@cache
def statics(folders: Sequence[Path] = FOLDERS) -> dict[str, Static]:
    """Read every file of the folders; run `npm run build` first, or the icons are missing."""
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()))
    return {path.name: _read(path) for path in files if path.is_file()}


def _read(path: Path) -> Static:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = media_type.startswith("text/") or media_type in {
        "image/svg+xml",
        "application/json",
        "application/manifest+json",
    }
    if is_text and "xml" not in media_type:
        media_type += "; charset=utf-8"
    packed = gzip.compress(body, mtime=0) if is_text and len(body) >= GZIP_FROM else None
    return Static(body, packed, media_type, sha256(body).hexdigest()[:12])


def asset(name: str) -> str:
    """Return the address of a static file; it changes with its content."""
    found = statics().get(name)
    return f"/static/{name}?v={found.version if found else 0}"


router = APIRouter(include_in_schema=False)


@router.get("/static/{name}")
async def static(name: str, request: Request) -> Response:
    found = statics().get(name)
    if found is None:
        return Response(status_code=404)
    current = request.query_params.get("v") == found.version
    headers = {
        "cache-control": FOREVER if current else "no-cache",
        "etag": f'"{found.version}"',
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.body, headers=headers, media_type=found.media_type)
