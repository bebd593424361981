"""The probe as a service: what its main module would export."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.app import Service
from shared.inbox import Handlers
from tests.probe.api import edge, router
from tests.probe.contracts import Noted
from tests.probe.models import Effect

handlers = Handlers()


@handlers.on(Noted)
async def have_an_effect(session: AsyncSession, event: Noted) -> None:
    """Write down what was heard."""
    session.add(Effect(subject_id=UUID(str(event.subject_id)), number=event.number))
    await session.flush()


service = Service(name="probe", router=router, edge=edge, handlers=handlers)
