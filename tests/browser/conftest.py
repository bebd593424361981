"""Drive Debian's Chromium against the real platform; whatever the console says is a failure."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from contracts.scopes import Role
from shared.ports import free_port
from tests.browser.stage import LONG, PASSWORD, Company, Stage
from tests.program.conftest import Program

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

PATIENCE_MS = 30_000  # with a page, on a machine that does much else

Open = Callable[..., Page]


@pytest.fixture(scope="package")  # Playwright keeps the thread's loop: not beyond here
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run the platform as a person would, with nothing on it."""
    folder, port = tmp_path_factory.mktemp("platform"), str(free_port())
    program = Program(["up", "--port", port, "--no-demo"], {"LIANQIAO_FOLDER": str(folder)})
    with program:
        program.until("Ctrl-C stops everything", within_s=120)
        ready = Stage(f"http://localhost:{port}", folder)
        yield ready
        ready.http.close()


@pytest.fixture(scope="package")
def chain(stage: Stage) -> tuple[Company, Company]:
    """Return a buyer and a supplier who work together; the supplier's name is a long one."""
    buyer = stage.company(
        "比邻汽车有限公司",
        {
            "林敏": [Role.BUYER_PROCUREMENT],
            "赵立群": [Role.ORGANIZATION_ADMIN, Role.BUYER_PROCUREMENT],
        },
    )
    supplier = stage.company(
        LONG,
        {
            "周岚": [Role.SUPPLIER_SALES, Role.SUPPLIER_PRODUCTION],
            "王师傅": [Role.SUPPLIER_PRODUCTION],
        },
    )
    stage.partners(buyer, supplier)
    return buyer, supplier


class Watch:
    """What went wrong on pages without anybody seeing it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.expected: list[str] = []  # patterns that a test provokes

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append(f"{message.type}: {message.text} {message.location.get('url')}")

    @property
    def unexpected(self) -> list[str]:
        return [
            said for said in self.said if not any(re.search(known, said) for known in self.expected)
        ]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fail a test whose pages wrote an error, a warning or a policy violation."""
    watched = Watch()
    yield watched
    assert not watched.unexpected, watched.unexpected


@pytest.fixture
def visit(browser: Browser, stage: Stage, watch: Watch) -> Iterator[Open]:
    """Open a page as somebody: `visit(email, "/orders", phone=True, language="en")`."""
    contexts: list[BrowserContext] = []

    def as_somebody(
        email: str | None,
        path: str = "/",
        *,
        phone: bool = False,
        language: str = "zh",
        theme: Any = "light",  # noqa: ANN401
    ) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            is_mobile=phone,
            has_touch=phone,
            color_scheme=theme,
            locale="zh-CN" if language == "zh" else "en-US",
            timezone_id="Asia/Shanghai",
            base_url=stage.address,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch.listen(page)
        page.goto(path)
        if email:
            sign_in(page, email)
        return page

    yield as_somebody
    for context in contexts:
        context.close()


def sign_in(page: Page, email: str) -> None:
    """Fill in the sign-in form, as somebody does who was sent there."""
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary[type=submit]")
    page.wait_for_selector("header .face")
    page.wait_for_load_state()  # before that its buttons may not be alive
