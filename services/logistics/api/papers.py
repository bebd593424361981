"""Labels and delivery notes over HTTP."""

from fastapi import APIRouter

router = APIRouter()
