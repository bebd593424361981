"""Serve identity alone on a port: `python -m tests.identity.serving 8123`, set by environment."""

import sys

import uvicorn

from services.identity.main import service
from shared.app import create_app
from shared.database import open_store
from shared.settings import settings

if __name__ == "__main__":
    store = open_store(settings().database_url, service="identity")
    app = create_app(service, store=store, verify=lambda _: None)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
