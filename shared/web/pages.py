"""Render pages: the same frame, look, language and content security policy everywhere."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from secrets import token_urlsafe
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined, select_autoescape
from jinja2.loaders import BaseLoader, ChoiceLoader
from markupsafe import Markup

from shared.database import utc_now
from shared.settings import settings
from shared.web.formats import Formats
from shared.web.languages import Catalog, Language, language_of
from shared.web.statics import GZIP_FROM, asset

FRAME = "shared.web"
SIZE_SMALL = Markup(" icon-small")


@dataclass(frozen=True)
class Pages:
    """The templates and words of one service on top of the shared ones."""

    environments: Mapping[Language, Environment]
    catalog: Catalog

    @classmethod
    def of(cls, package: str) -> "Pages":
        """Read `templates/` and `locale/` of a package; `shared/…` names the shared templates."""
        catalog = Catalog([files(name).joinpath("locale") for name in (FRAME, package)])
        loader = ChoiceLoader(
            [PackageLoader(package), PrefixLoader({"shared": PackageLoader(FRAME)})]
        )
        return cls(
            {language: _environment(loader, language, catalog) for language in Language}, catalog
        )

    def warm(self) -> None:
        """Compile all templates ahead of the first reader."""
        for environment in self.environments.values():
            for name in environment.list_templates(["html"]):
                environment.get_template(name)

    def words(self, language: Language, message: str) -> str:
        """Translate one message outside a template."""
        return self.catalog.gettext(message) if language is Language.ZH else message

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        form_action: Sequence[str] | None = ("'self'",),
    ) -> Response:
        """Answer with a page under a strict content security policy.

        `form_action` names where its forms may lead, redirects included (Chromium follows them);
        None allows any, which a page needs that redirects to an OAuth client afterwards.
        """
        language, nonce = language_of(request), token_urlsafe(16)
        formats = Formats(language, settings().calendar, utc_now())
        frame = {
            "request": request,
            "language": language,
            "theme": request.cookies.get("theme"),
            "nonce": nonce,
            "formats": formats,
            "today": formats.today,
        }
        text = (
            self.environments[language].get_template(template).render({**frame, **(context or {})})
        )
        headers = {
            "content-language": language.tag,
            "content-security-policy": policy(nonce, form_action=form_action),
            "cache-control": "no-store",
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin",
            "vary": "accept-encoding, accept-language, cookie",
        }
        return _sent(request, text.encode(), status, headers)


def policy(nonce: str, *, form_action: Sequence[str] | None) -> str:
    """Allow what we send and nothing else; a script needs this answer's nonce."""
    rules = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    if form_action is not None:
        rules["form-action"] = " ".join(form_action)
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def icon(name: str, *, small: bool = False, label: str | None = None) -> Markup:
    """Draw an icon of the sprite; without a label it only decorates."""
    manner = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon{}" {}><use href="{}#{}"></use></svg>').format(
        SIZE_SMALL if small else "", manner, asset("icons.svg"), name
    )


def _environment(loader: BaseLoader, language: Language, catalog: Catalog) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.globals.update(icon=icon, asset=asset, Language=Language)
    install = environment.install_gettext_translations  # type: ignore[attr-defined]
    if language is Language.ZH:
        install(catalog, newstyle=True)
    else:
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment


def _sent(request: Request, body: bytes, status: int, headers: dict[str, str]) -> Response:
    if len(body) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(
        body, status_code=status, headers=headers, media_type="text/html; charset=utf-8"
    )
