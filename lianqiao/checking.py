"""Check what must always hold in the data, within each service and between them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Text, TextClause, Uuid, bindparam, exc, text

from lianqiao.agreement import AGREEMENTS, differences
from lianqiao.installation import CannotError, every_service
from lianqiao.serving import stores_of, unreachable
from shared.app import Service
from shared.database import Store, transaction

SHOWN_MAX = 1_000
BATCH = 10_000
SETTLED_AFTER = "30 seconds"  # what is younger may still be on its way

FLOW = {
    "every event is sent": (
        "SELECT topic, subject, recorded_at FROM outbox WHERE published_at IS NULL "
        "AND recorded_at < now() - interval '30 seconds'"
    ),
    "no event waits for a decision": "SELECT topic, subject, reason FROM dead_letters",
}
SENT = text(
    """
    SELECT position, (message::json ->> 'id')::uuid AS id
    FROM outbox
    WHERE position > :after AND published_at < now() - CAST(:settled AS interval)
        AND message::json ->> 'type' = ANY(:types)
    ORDER BY position LIMIT :batch
    """
).bindparams(bindparam("types", type_=ARRAY(Text)))
MISSING = text(
    "SELECT id FROM unnest(:ids) AS id WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = id)"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


class Finding(NamedTuple):
    """What one invariant came to: it holds when there is no violation."""

    service: str
    name: str
    violations: Sequence[str]


async def check_all(say: Callable[[str], None]) -> list[Finding]:
    """Check every service's invariants, and that each has heard what was said to it."""
    found, services = [], every_service()
    async with stores_of(services) as stores:
        try:
            for name, service in services.items():
                for about, statement in (FLOW | dict(service.checks)).items():
                    say(f"Checking {name}: {about} …")
                    found.append(Finding(name, about, await _rows(stores[name], text(statement))))
                if service.handlers.topics:
                    say(f"Checking {name}: every event it listens to has arrived …")
                    missing = await _unheard(service, stores)
                    found.append(Finding(name, "every event it listens to has arrived", missing))
            for agreement in AGREEMENTS:
                say(f"Checking that {agreement.name} …")
                differing = await differences(agreement, stores)
                found.append(Finding(agreement.hearer, agreement.name, differing[:SHOWN_MAX]))
        except (exc.OperationalError, exc.InterfaceError) as error:
            raise CannotError(unreachable(error)) from error
    return found


async def _rows(store: Store, statement: TextClause, **values: Any) -> list[str]:  # noqa: ANN401
    async with transaction(store.system) as session:
        await session.execute(text("SET TRANSACTION READ ONLY"))
        rows = (await session.execute(statement, values)).mappings().fetchmany(SHOWN_MAX)
        return [", ".join(f"{name}={value}" for name, value in row.items()) for row in rows]


async def _unheard(service: Service, stores: dict[str, Store]) -> list[str]:
    """Compare, batch by batch, what was sent to a service with what is in its inbox."""
    missing: list[str] = []
    for publisher in sorted(service.handlers.topics & stores.keys()):
        after = 0
        while len(missing) < SHOWN_MAX:
            async with transaction(stores[publisher].system) as session:
                values = {"after": after, "types": service.handlers.types, "batch": BATCH}
                sent = (await session.execute(SENT, values | {"settled": SETTLED_AFTER})).all()
            if not sent:
                break
            after = sent[-1].position
            rows = await _rows(stores[service.name], MISSING, ids=[row.id for row in sent])
            missing += [f"{publisher}: {row}" for row in rows]
    return missing
