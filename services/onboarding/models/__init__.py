"""The tables of the onboarding schema."""

from services.onboarding.models.joining import (
    Agreement,
    Application,
    ApplicationStep,
    Invitation,
    Mail,
    OpenLink,
    Profile,
)
from services.onboarding.models.model import Json, Model
from services.onboarding.models.relationships import Organization, Relationship, Step

__all__ = [
    "Agreement",
    "Application",
    "ApplicationStep",
    "Invitation",
    "Json",
    "Mail",
    "Model",
    "OpenLink",
    "Organization",
    "Profile",
    "Relationship",
    "Step",
]
