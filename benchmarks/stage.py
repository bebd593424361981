"""What benchmarks play on: PostgreSQL and Kafka that forget nothing, and programs beside them."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import make_url

from benchmarks import kafka_tools
from benchmarks.programs import Program, surroundings
from benchmarks.seeding import Seeded, Size, seed
from contracts.scopes import Scope
from lianqiao.installation import service_names, topics
from services.identity.domain.tokens import SigningKey, sign
from shared import local
from shared.kafka import create_topics
from shared.migrating import migrate
from shared.ports import free_port

ISSUER = "http://localhost:8000"
TOKEN_LIFE_S = 4 * 3_600
SIGNING = "SELECT kid, algorithm, private_jwk FROM identity.signing_keys ORDER BY signs_from"


class Options(NamedTuple):
    """How a benchmark is run."""

    quick: bool = False  # as little as shows that it runs

    @property
    def rounds(self) -> int:
        """How often each side has its turn."""
        return 1 if self.quick else 5

    @property
    def slice_s(self) -> float:
        """How long one turn of one side takes."""
        return 0.3 if self.quick else 2.0


class Stage:
    """An installation of one benchmark's own, whose programs run as processes of their own."""

    def __init__(self, folder: Path, url: str, servers: str) -> None:
        self.folder, self.url, self.servers = folder, url, servers
        self._ports = {name: free_port() for name in service_names()}
        self._programs: list[Program] = []
        self._seeded: dict[Size, Seeded] = {}
        urls = {name: f"http://127.0.0.1:{port}" for name, port in self._ports.items()}
        self.environment = {
            "LIANQIAO_FOLDER": str(folder / "here"),
            "LIANQIAO_DATABASE_URL": url,
            "LIANQIAO_KAFKA_SERVERS": servers,
            "LIANQIAO_ISSUER": ISSUER,
            "LIANQIAO_SERVICE_URLS": json.dumps(urls),
        }

    def program(self, *words: str, **environment: str) -> Program:
        """Start `lianqiao …`; it ends with the stage."""
        given = surroundings(self.environment | environment)
        log = self.folder / f"{len(self._programs)}-{'-'.join(words[:2])}.log"
        return self.add(Program(words, given, log))

    def add(self, program: Program) -> Program:
        """Let a program end with the stage, which `benchmarks.programs` has started."""
        self._programs.append(program)
        return program

    def api(self, service: str, *, port: int = 0, **environment: str) -> tuple[int, Program]:
        """Serve a service's API, ready to answer; another process of it needs another port."""
        if service != "identity":
            assert self.signing_key  # whose public part everybody else asks identity for
        port = port or self._ports[service]
        program = self.program("api", service, "--port", str(port), **environment)
        program.until_ready(port, f"/api/{service}/v1/health/ready")
        return port, program

    def connect(self, role: str = "postgres", *, schema: str = "public") -> psycopg.Connection:
        """Open a connection of one's own: as the superuser, or as a role such as orders_app."""
        host = make_url(self.url).query["host"]
        path = "" if role != "postgres" else f" -c search_path={schema}"
        return psycopg.connect(
            host=str(host),
            user=role,
            dbname="postgres",
            autocommit=True,
            options=f"-c TimeZone=UTC{path}",
        )

    @property
    def conninfo(self) -> str:
        """What psycopg connects by in another process, but for the user."""
        return f"host={make_url(self.url).query['host']} dbname=postgres"

    def seed(self, size: Size) -> Seeded:
        """Write organizations, relationships, orders and work orders straight into the tables."""
        if size not in self._seeded:
            with self.connect() as connection:
                self._seeded[size] = seed(connection, size)
        return self._seeded[size]

    @cached_property
    def signing_key(self) -> SigningKey:
        """Identity's own key: tokens signed by it are verified as any other's."""
        self.api("identity")
        for _ in range(500):
            with self.connect() as connection:
                if row := connection.execute(SIGNING).fetchone():
                    return SigningKey(*row)
            time.sleep(0.02)
        raise AssertionError("identity draws no key")

    def token(self, organization_id: UUID, *scopes: Scope, name: str = "Li Wei") -> str:
        """Return a token that an organization's program would get, but for its longer life."""
        now, client_id = int(time.time()) - 1, str(UUID(int=organization_id.int ^ 1))
        claims = {
            "iss": ISSUER,
            "aud": "lianqiao",
            "sub": client_id,
            "client_id": client_id,
            "organization_id": str(organization_id),
            "scope": " ".join(sorted(scopes)),
            "name": name,
            "iat": now,
            "exp": now + TOKEN_LIFE_S,
            "jti": str(uuid4()),
        }
        return sign(claims, self.signing_key, typ="at+jwt")

    def end(self, *programs: Program) -> None:
        """End some programs, or all of them."""
        for program in reversed(programs or self._programs):
            program.stop()


@contextmanager
def stage(*, broker: bool = True, services: Sequence[str] = ()) -> Iterator[Stage]:
    """Start PostgreSQL and, if asked, Kafka on a folder of their own, migrated and durable.

    Migrates all services, or those named (and identity, by whose key tokens are signed).
    """
    names = sorted({*services, "identity"}) if services else service_names()
    with ExitStack() as stack:
        temporary = TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        url = stack.enter_context(local.postgres(folder / "postgres"))
        servers = f"127.0.0.1:{free_port()}"
        if broker:
            servers = stack.enter_context(local.kafka(folder / "kafka")).servers
        for name in names:
            migrate(name, database_url=url)
        if broker:
            create_topics(servers, [*topics(), kafka_tools.TOPIC])
        made = Stage(folder, url, servers)
        stack.callback(made.end)
        yield made
