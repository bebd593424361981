"""The embedded servers start on anything a crash leaves behind, and say what is in the way."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import psycopg
import pytest
from jgo.config import GlobalSettings

from shared import jars, local
from shared.account import ACCOUNT


def ask(url: str, question: str) -> str:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return str(row[0]) if row else ""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve files, as a mirror of a repository does."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def configure_jgo(folder: Path, monkeypatch: pytest.MonkeyPatch, *, central: str) -> Path:
    """Let jgo know one repository and have fetched nothing from it; return where it keeps jars."""
    (folder / "jgo.conf").write_text(f"[repositories]\ncentral = {central}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(folder / "jgo.conf"))
    monkeypatch.setenv("M2_REPO", str(folder / "kept"))
    return folder / "kept"


def test_postgresql_takes_as_many_connections_as_are_budgeted_for(place: Path) -> None:
    with local.postgres(place / "postgres") as url:
        assert ask(url, "SHOW max_connections") == "400"
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW server_version").startswith("18.")


def test_postgresql_keeps_its_data_behind_a_path_too_long_for_a_socket(place: Path) -> None:
    folder = place / ("x" * 60) / ("y" * 60) / "postgres"
    folder.parent.mkdir(parents=True)
    with (
        local.postgres(folder) as url,
        psycopg.connect(url.replace("+psycopg", "")) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    with local.postgres(folder) as url:
        assert ask(url, "SELECT seven FROM kept") == "7"


def test_servers_that_outlive_a_killed_run_are_ended_by_the_next(place: Path) -> None:
    command = [sys.executable, "-m", "shared.local", str(place)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout
    url = first.stdout.readline().partition("=")[2].strip()
    first.stdout.readline()
    orphans = psutil.Process(first.pid).children()
    assert {orphan.name() for orphan in orphans} == {"postgres", "java"}
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    first.kill()
    first.wait()
    first.stdout.close()
    assert all(orphan.is_running() for orphan in orphans)

    with local.postgres(place / "postgres") as url, local.kafka(place / "kafka"):
        assert ask(url, "SELECT seven FROM kept") == "7"
        assert not any(orphan.is_running() for orphan in orphans)


def test_a_folder_has_one_user_at_a_time_and_names_it_to_the_next(place: Path) -> None:
    with local.sole_user(place) as say:
        say("process 7")
        with pytest.raises(local.AlreadyRunningError, match="process 7"), local.sole_user(place):
            pass
    with local.sole_user(place):
        pass


def test_a_first_start_that_was_interrupted_is_made_again(place: Path) -> None:
    half = place / "postgres"
    with local.postgres(half):
        pass
    (half / "PG_VERSION").unlink()
    with local.postgres(half) as url:
        assert ask(url, "SELECT 1") == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make accounts")
def test_of_two_first_starts_at_once_each_gets_the_same_account(place: Path) -> None:
    shutil.copytree("/etc", place / "etc", symlinks=True)
    for name in ("passwd", "shadow", "group", "gshadow"):
        file = place / "etc" / name
        kept = [line for line in file.read_text().splitlines(True) if not line.startswith(ACCOUNT)]
        file.write_text("".join(kept))
    together = f"import time; time.sleep(max(0, {time.time() + 2} - time.time()))"
    told_at_once = "print(f'{a().pw_uid} ', end='')"  # in one piece, also where nothing is buffered
    asked = f"from shared.account import postgres_account as a; {together}; {told_at_once}"
    starts = f'for _ in 1 2 3 4; do "$1" -c "{asked}" & done; wait'
    script = f'mount --bind "$0" /etc && ({starts}); id -u {ACCOUNT}'
    command = ["unshare", "--mount", "sh", "-c", script, str(place / "etc"), sys.executable]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert len(told) == 5
    assert len(set(told)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is full")
def test_a_full_disk_is_named(place: Path) -> None:
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
    try:
        with (
            pytest.raises(local.NotStartedError, match="No space left on device"),
            local.postgres(disk / "postgres"),
        ):
            pass
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_killed_broker_starts_again_with_the_same_address(place: Path) -> None:
    with local.kafka(place / "kafka") as broker:
        servers = broker.servers
        broker.kill()
        assert not broker.alive
        broker.start()
        assert broker.alive
        assert broker.servers == servers


def test_jars_that_cannot_be_fetched_are_named_with_the_ways_out(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_jgo(place, monkeypatch, central="http://127.0.0.1:9")
    with pytest.raises(jars.NotFetchedError, match=r"(?s)mirror in jgo.*LIANQIAO_KAFKA_SERVERS"):
        jars.classpath()


def test_a_mirror_that_jgo_knows_is_asked_and_only_what_the_lock_names_is_taken(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = place / "mirror"
    for jar in jars.classpath():
        copy = mirror / jar.relative_to(GlobalSettings.load().repo_cache)
        copy.parent.mkdir(parents=True)
        shutil.copy(jar, copy)
    with serve(mirror) as address:
        kept = configure_jgo(place, monkeypatch, central=address)
        found = jars.classpath()
        assert len(found) == 46
        assert all(jar.is_relative_to(kept) for jar in found)

        found[0].write_bytes(b"cut off in the middle of a download")
        assert jars.classpath() == found
        assert found[0].stat().st_size > 1_000

        found[0].unlink()
        (mirror / found[0].relative_to(kept)).write_bytes(b"altered")
        with pytest.raises(jars.NotFetchedError, match="is not what the lock expects"):
            jars.classpath()
