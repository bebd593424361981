"""`lianqiao up` starts on anything, survives what it stands on, and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from shared.ports import free_port
from tests.program.conftest import Start, with_patience

ANSWERS = r"answers at (\S+)"
RUNS = r"Ctrl-C stops everything"
TRACE = "Traceback"


def health(address: str, *, trusting: Path | None = None) -> int:
    ready = f"{address}/api/orders/v1/health/ready"
    verify = ssl.create_default_context(cafile=trusting) if trusting else True
    return httpx2.get(ready, verify=verify, timeout=10).status_code


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1_000_000))


def test_it_starts_answers_keeps_its_data_and_stops_with_all_its_children(
    start: Start, place: Path
) -> None:
    port = free_port()
    first = start("up", "--port", str(port), "--no-demo")
    address = first.until(ANSWERS)[1]
    assert address == f"http://localhost:{port}"
    first.until(RUNS)
    assert health(address) == 200
    children = first.children()
    assert {child.name() for child in children} >= {"postgres", "java"}

    again = start("up", "--port", str(free_port()))
    assert again.ended() == 1
    assert f"runs here already: {address} (process {first.process.pid})" in again.said

    assert first.interrupt() == 0
    assert "Stopped." in first.said
    assert not any(child.is_running() for child in children)

    keys = (place / "here" / "operator.json").read_text()
    began = time.monotonic()
    second = start("up", "--port", str(port), "--no-demo")
    second.until(ANSWERS)
    assert time.monotonic() - began < with_patience(15)
    assert (place / "here" / "operator.json").read_text() == keys
    os.kill(second.process.pid, signal.SIGTERM)
    assert second.ended() == 0
    assert TRACE not in first.said + again.said + second.said


@pytest.mark.timeout(600)
def test_the_first_start_loads_the_demo_and_every_start_prints_its_sign_ins(
    start: Start, place: Path
) -> None:
    first = start("up", "--port", str(free_port()))
    first.until(r"Sign in as")
    first.until(RUNS)
    sign_ins = json.loads((place / "here" / "demo.json").read_text())["sign_ins"]
    assert (place / "here" / "demo.json").stat().st_mode & 0o777 == 0o600
    assert all(one["email"] in first.said and one["password"] in first.said for one in sign_ins)
    check = start("check")
    assert check.ended() == 0, check.said
    first.interrupt()

    second = start("up", "--port", str(free_port()))
    second.until(RUNS)
    assert "Loading" not in second.said
    assert all(one["password"] in second.said for one in sign_ins)
    second.interrupt()

    anew = start("up", "--reset", "--port", str(free_port()))
    anew.until(RUNS)
    drawn = json.loads((place / "here" / "demo.json").read_text())["sign_ins"]
    assert {one["email"] for one in drawn} == {one["email"] for one in sign_ins}
    assert not {one["password"] for one in drawn} & {one["password"] for one in sign_ins}
    anew.interrupt()


def test_a_broker_or_database_that_is_killed_is_started_again(start: Start) -> None:
    up = start("up", "--port", str(free_port()), "--no-demo")
    address = up.until(ANSWERS)[1]
    up.until(RUNS)
    for name, said in (("java", "Kafka"), ("postgres", "PostgreSQL")):
        next(child for child in up.children() if child.name() == name).kill()
        up.until(f"{said} has ended unexpectedly")
        up.until(f"{said} runs again")
        assert health(address) == 200
    assert up.interrupt() == 0
    assert TRACE not in up.said


def test_after_a_kill_the_next_start_takes_over_what_is_left(start: Start) -> None:
    first = start("up", "--port", str(free_port()), "--no-demo")
    first.until(RUNS)
    orphans = first.children()
    first.process.kill()
    first.ended()
    assert any(orphan.is_running() for orphan in orphans)

    second = start("up", "--port", str(free_port()), "--no-demo")
    assert health(second.until(ANSWERS)[1]) == 200
    assert not any(orphan.is_running() for orphan in orphans)
    assert second.interrupt() == 0


def test_a_command_is_told_that_nothing_runs_here_any_more(start: Start) -> None:
    up = start("up", "--port", str(free_port()), "--no-demo")
    up.until(RUNS)
    servers = up.children()
    up.process.kill()
    up.ended()
    check = start("check")
    assert check.ended() == 1
    assert "is not running here: start it with `make run`" in check.said
    psutil.wait_procs(servers, callback=None, timeout=0)
    for server in servers:
        with suppress(psutil.NoSuchProcess):  # the broker ends by itself
            server.terminate()


def test_a_port_in_use_is_a_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start("up", "--port", str(port))
        assert up.ended() == 1
    assert f"Port {port} is not free" in up.said
    assert TRACE not in up.said


def test_a_database_of_ones_own_is_never_emptied_nor_filled(start: Start) -> None:
    up = start("up", "--reset", LIANQIAO_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/x")
    assert up.ended() == 1
    assert "is yours to empty" in up.said


def test_a_database_or_broker_that_does_not_answer_is_named(start: Start) -> None:
    port = str(free_port())
    up = start("up", "--port", port, LIANQIAO_DATABASE_URL="postgresql+psycopg://x@127.0.0.1:9/x")
    assert up.ended() == 1
    assert "The database of LIANQIAO_DATABASE_URL cannot be used" in up.said
    assert TRACE not in up.said

    up = start("up", "--port", port, LIANQIAO_KAFKA_SERVERS="127.0.0.1:9")
    assert up.ended() == 1
    assert "No Kafka broker answers at 127.0.0.1:9" in up.said
    assert TRACE not in up.said


def test_more_connections_than_there_are_is_refused_at_the_start(start: Start) -> None:
    up = start("up", "--port", str(free_port()), LIANQIAO_CONNECTIONS_MAX="60")
    assert up.ended() == 1
    assert "lower LIANQIAO_CONNECTIONS_MAX" in up.said
    assert TRACE not in up.said


def test_jars_that_cannot_be_fetched_end_the_start_with_the_ways_out(
    start: Start, place: Path
) -> None:
    settings = place / "jgo.conf"
    settings.write_text("[repositories]\ncentral = http://127.0.0.1:9\n")
    absent = {"JGO_CONFIG_FILE": str(settings), "M2_REPO": str(place / "absent")}
    up = start("up", "--port", str(free_port()), **absent)
    assert up.ended() == 1
    assert "name a mirror in jgo's settings" in up.said
    assert "LIANQIAO_KAFKA_SERVERS" in up.said
    assert TRACE not in up.said


def test_phones_are_served_by_https_with_a_certificate_whose_fingerprint_is_printed(
    start: Start, place: Path
) -> None:
    port = str(free_port())
    up = start("up", "--lan", "--address", "127.0.0.1", "--port", port, "--no-demo")
    assert up.until(ANSWERS)[1] == f"https://127.0.0.1:{port}"
    said = up.until(r"(?m)^((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$")[1]
    certificate = place / "here" / "certificate.pem"
    assert health(f"https://127.0.0.1:{port}", trusting=certificate) == 200
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(certificate)]
    if shutil.which("openssl"):
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert said in shown
    assert (place / "here" / "certificate.key").stat().st_mode & 0o777 == 0o600
    assert up.interrupt() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is full")
def test_a_full_disk_is_a_sentence_at_the_start(start: Start, place: Path) -> None:
    with small_disk(place / "disk", megabytes=64) as disk:
        up = start("up", "--port", str(free_port()), LIANQIAO_FOLDER=str(disk / "here"))
        assert up.ended() == 1
    assert "free some space first" in up.said
    assert TRACE not in up.said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is full")
def test_a_disk_that_fills_up_is_said_and_work_goes_on_when_there_is_space(
    start: Start, place: Path
) -> None:
    with small_disk(place / "disk", megabytes=700) as disk:
        folder = str(disk / "here")
        up = start("up", "--port", str(free_port()), "--no-demo", LIANQIAO_FOLDER=folder)
        address = up.until(ANSWERS)[1]
        up.until(RUNS)
        filling = disk / "filling"
        fill(filling)
        up.until(r"has only \d+ MB left")
        filling.unlink()
        deadline = time.monotonic() + 30
        while health(address) != 200 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert health(address) == 200
        assert up.interrupt() == 0
    assert TRACE not in up.said
