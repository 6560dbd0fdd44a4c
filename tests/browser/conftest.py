"""The machine's own Chromium against one real server process; axe-core looks at every page that is visited."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import ROOT, Servers, cluster_with_world, serving

REFUSED = 422  # the same page again, with what to mend
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | '));
}"""


def chromium() -> str:
    """The machine's browser; without one the tests skip with a line, or fail where BROWSER=required."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    missing = None if found else "no Chromium on this machine"
    if found and not AXE.exists():
        missing = "node_modules/axe-core is missing: run make set-up"
    if missing and os.environ.get("BROWSER") == "required":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    chromium()
    folder = tmp_path_factory.mktemp("browser")
    with cluster_with_world(folder, year=True) as urls, serving(folder, urls, kinds=("uvicorn",)) as servers:
        yield servers


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its file: while Playwright is open its loop counts as running, and no async test could run."""
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@dataclass
class Person:
    """Somebody at a screen: goes on only when the page is whole, and lets axe look at every page."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def open(self, path: str, status: int = 200) -> None:
        """Go to an address of the site; it answers with that status."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        if answer.status != status:
            self.faults.append(f"{path}: {answer.status}")
        self.look()

    def press(self, selector: str, *, words: str = "") -> None:
        """Press what can be seen, and wait for the page it leads to."""
        found = self.page.locator(f"{selector} >> visible=true")
        if words:
            found = found.filter(has_text=words)
        with self.page.expect_navigation() as arrived:
            found.first.click()
        answer = arrived.value
        if answer is not None and answer.status >= 400 and answer.status != REFUSED:
            self.faults.append(f"{answer.url}: {answer.status}")
        self.look()

    def fill(self, name: str, text: str) -> None:
        """Type into the field of that name."""
        self.page.locator(f"[name='{name}'] >> visible=true").first.fill(text)

    def look(self) -> None:
        """No serious fault for axe, nothing wider than the screen, no refused script or style."""
        where = self.page.url.removeprefix(self.base)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        self.faults += [f"{where}: {fault}" for fault in self.page.evaluate(RUN_AXE)]
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            self.faults.append(f"{where}: wider than the screen")
        self.seen.append(where)

    def address(self, selector: str) -> str:
        """Where the first such link or form leads."""
        found = self.page.locator(selector).first
        return found.get_attribute("href") or found.get_attribute("action") or ""

    def text(self) -> str:
        """What can be read on the page."""
        words: str = self.page.locator("main").inner_text()
        return words


MakePerson = Callable[[str, int], Person]


@pytest.fixture
def person(site: Servers, browser: Browser) -> Iterator[MakePerson]:
    """Makes a person with a language and a screen width; at the end nobody has met a fault."""
    people: list[Person] = []

    def make(language: str, width: int) -> Person:
        context: Any = browser.new_context(viewport={"width": width, "height": 844}, locale=language)
        page = context.new_page()
        page.set_default_timeout(15_000)
        one = Person(page, site.bases[0])
        page.on("console", lambda said: one.faults.append(f"console: {said.text}") if is_fault(said) else None)
        page.on("pageerror", lambda error: one.faults.append(f"script: {error}"))
        page.on("response", lambda answer: one.faults.extend(faults_of(answer)))
        people.append(one)
        return one

    yield make
    faults = [fault for one in people for fault in one.faults]
    for one in people:
        one.page.context.close()
    assert faults == []


def is_fault(said: Any) -> bool:
    """Whether the browser's console complains. What did not load is looked at answer by answer (`faults_of`)."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def faults_of(answer: Any) -> list[str]:
    """A part of a page that did not load. Pages themselves: `open` and `press` look at their status."""
    if answer.status < 400 or answer.request.is_navigation_request():
        return []
    return [f"{answer.request.resource_type} {answer.url}: {answer.status}"]
