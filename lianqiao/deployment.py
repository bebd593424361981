"""Secrets of an installation of many processes: drawn once, and handed to each as files."""

import json
import os
import secrets
from pathlib import Path

from lianqiao.installation import service_names

MOUNTED = Path("/run/secrets")
ROLES = "app", "system"


def read_secrets(folder: Path = MOUNTED) -> None:
    """Take settings from files that are named like them, as container engines mount secrets."""
    for path in folder.glob("LIANQIAO_*"):
        os.environ[path.name] = path.read_text().strip()


def draw_secrets(folder: Path) -> list[str]:
    """Write what docker-compose.yml names; what is there already stays. Return what was written."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = _known(folder / "postgres") or secrets.token_urlsafe(32)
    roles = {name: _known(folder / f"{name}-roles") or _roles(name) for name in service_names()}
    every_role = {role: one for known in roles.values() for role, one in json.loads(known).items()}
    content = {
        "postgres": password,
        "owner-url": f"postgresql+psycopg://postgres:{password}@postgres:5432/lianqiao",
        "portal-client": secrets.token_urlsafe(32),
        "operator-client": secrets.token_urlsafe(32),
        "every-role": json.dumps(every_role),
    } | {f"{name}-roles": known for name, known in roles.items()}
    written = []
    for name, text in content.items():
        path = folder / name
        if not path.exists() or name == "every-role":
            path.write_text(text)
            path.chmod(0o444)  # the folder is closed; in a container another account reads it
            written.append(name)
    return written


def _roles(name: str) -> str:
    return json.dumps({f"{name}_{role}": secrets.token_urlsafe(32) for role in ROLES})


def _known(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None
