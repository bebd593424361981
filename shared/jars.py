"""The broker's jars: fetched by jgo when they are missing, always checked against a lock.

`python -m shared.jars` writes the lock anew; with `--check` it says whether that is needed.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

import jgo
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockFile
from jgo.env._lockfile import LockedDependency
from jgo.maven import MavenContext
from requests import RequestException

VERSION = "4.3.0"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
KAFKA = f"org.apache.kafka:kafka_2.13:{VERSION}+{LOGGING}"
LOCK = Path(__file__).with_name("kafka.lock.toml")
FETCHES_AT_ONCE_MAX = 8
WAY_OUT = """\
{reason}
In a closed network there are two ways out: name a mirror in jgo's settings (in ~/.config/jgo.conf,
a section [repositories] with a line `central = https://your-mirror/…`), or run a broker of your
own and give its address as LIANQIAO_KAFKA_SERVERS."""


class NotFetchedError(Exception):
    """A jar cannot be had, or is not the one in the lock; the message says what to do."""


def classpath(lock: Path = LOCK) -> list[Path]:
    """Return the jars of a lock, the broker's if none is named; those missing are fetched."""
    settings = GlobalSettings.load()
    remote = {"central": MAVEN_CENTRAL_URL} | settings.repositories
    locked = LockFile.load(lock).dependencies
    settings.repo_cache.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=settings.repo_cache, prefix=".lianqiao-") as arriving,
        ThreadPoolExecutor(FETCHES_AT_ONCE_MAX) as threads,
    ):
        context = MavenContext(repo_cache=Path(arriving), remote_repos=remote)
        jars = threads.map(partial(_jar, context, settings.repo_cache), locked)
        try:
            return list(jars)
        except NotFetchedError:
            threads.shutdown(cancel_futures=True)
            raise


def _jar(context: MavenContext, kept: Path, locked: LockedDependency) -> Path:
    component = context.project(locked.groupId, locked.artifactId).at_version(locked.version)
    artifact = component.artifact(classifier=locked.classifier or "", packaging=locked.packaging)
    jar = kept / component.path_prefix / artifact.filename
    if _sha256(jar) == locked.sha256:
        return jar
    try:
        arrived = artifact.resolve()
    except (RequestException, RuntimeError, OSError) as error:
        reason = f"Kafka's {artifact.filename} could not be fetched: {_first_line(error)}"
        raise NotFetchedError(WAY_OUT.format(reason=reason)) from error
    if _sha256(arrived) != locked.sha256:
        reason = f"Kafka's {artifact.filename} was fetched, and is not what the lock expects."
        raise NotFetchedError(WAY_OUT.format(reason=reason))
    jar.parent.mkdir(parents=True, exist_ok=True)
    return arrived.replace(jar)  # at once: another process may be looking for it


def _sha256(path: Path) -> str | None:
    with suppress(FileNotFoundError), path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
    return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _resolved(coordinates: str) -> list[LockedDependency]:
    """Ask the repository what a program consists of."""
    artifacts = jgo.resolve(coordinates, repositories=GlobalSettings.load().repositories)
    return [
        LockedDependency(
            artifact.groupId,
            artifact.artifactId,
            artifact.version,
            artifact.packaging,
            artifact.classifier or None,
            _sha256(artifact.resolve()),
        )
        for artifact in artifacts
    ]


def keep_lock(coordinates: str, lock: Path) -> None:
    """Write a lock anew where it does not hold what its program needs; `--check`: say so."""
    resolved = _resolved(coordinates)
    if lock.exists() and _facts(LockFile.load(lock).dependencies) == _facts(resolved):
        return
    if "--check" in sys.argv:
        sys.exit(f"{lock.name} does not hold what {coordinates} needs: run `make lock`.")
    LockFile(resolved).save(lock)


def _facts(jars: list[LockedDependency]) -> list[dict[str, object]]:
    return [jar.to_dict() for jar in jars]


if __name__ == "__main__":
    keep_lock(KAFKA, LOCK)
