"""What a carrier sees and says: its own shipments, and nothing else."""

from uuid import UUID

from fastapi import APIRouter

from services.logistics.api.callers import Carrier
from services.logistics.commands import journeys
from services.logistics.commands.journeys import Tracking
from services.logistics.domain.problems import NotYetHappened, ShipmentNotFound
from services.logistics.queries import shipments as queries
from services.logistics.schemas.shipments import CarriedOut
from services.logistics.schemas.stories import TrackingIn
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems

router = APIRouter(route_class=Route, tags=["Carriage"])


@router.get("/carriage", response_model=Page[CarriedOut])
async def list_carriage(
    caller: Carrier, session: Transaction, paging: PageAsked
) -> Rows[CarriedOut]:
    """List what the caller carries, the newest first."""
    return await queries.carriage(session, caller=caller, paging=paging)


@router.post(
    "/carriage/{shipment_id}/tracking",
    status_code=201,
    responses=problems(ShipmentNotFound, NotYetHappened),
)
async def track(
    shipment_id: UUID, body: TrackingIn, caller: Carrier, session: Transaction, now: Now
) -> CarriedOut:
    """Tell where a shipment is, or what holds it up; both sides read it."""
    said = Tracking(body.kind, body.at or now, body.place, body.text)
    await journeys.track(session, caller=caller, shipment_id=shipment_id, said=said, at=now)
    return await queries.carried(session, shipment_id, caller=caller)
