"""Write all that others build on: schemas, AsyncAPI, OpenAPI, reference (`make contracts`)."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import urlsplit

import services
from contracts.__main__ import HERE, files, write, written
from lianqiao.reference import pages
from shared.app import Service, create_app
from shared.database import open_store


def openapi(service: Service) -> dict[str, Any]:
    """Return the OpenAPI document of a service, whichever installation it runs in."""
    nowhere = open_store("postgresql+psycopg://", service=service.name)
    document = create_app(service, store=nowhere, verify=lambda _: None).openapi()
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            for url in ("authorizationUrl", "tokenUrl"):
                flow[url] = urlsplit(flow[url]).path
    return document


def found_services() -> dict[str, Service]:
    """Return every service by its name: what `services/<name>/main.py` exports."""
    names = sorted(module.name for module in iter_modules(services.__path__))
    return {name: import_module(f"services.{name}.main").service for name in names}


def all_files() -> dict[Path, str]:
    """Return what belongs in each file that is written from the code."""
    documents = {
        name: document
        for name, service in found_services().items()
        if (document := openapi(service))["paths"]
    }
    apis = {HERE / "openapi" / f"{name}.json": written(d) for name, d in documents.items()}
    return files() | apis | pages(documents)


if __name__ == "__main__":
    write(all_files())
