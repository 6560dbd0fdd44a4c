"""Templates: one Jinja environment, escaping everything, undefined names refused. Templates never query."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from marketplace.settings import settings
from marketplace.web.filters import FILTERS
from marketplace.web.static import static_path
from marketplace.web.visit import Visit, current_visit
from marketplace.web.words import _, template_gettext, template_ngettext

FOLDERS: list[Path] = [Path(__file__).resolve().parents[2] / "templates"]


def add_templates(folder: Path) -> None:
    """A further folder of templates, looked into after the site's own."""
    if folder not in FOLDERS:
        FOLDERS.append(folder)
        environment.cache_clear()


def csrf() -> Markup:
    """`{{ csrf() }}` of the visit being answered."""
    return current_visit().csrf()


def once() -> Markup:
    """`{{ once() }}` of the visit being answered."""
    return current_visit().once()


def url(path: str) -> str:
    """The address of a page of ours; its own function so that a site may one day live below a path."""
    return path


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one environment of this process."""
    made = Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=settings().demo,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        template_gettext, template_ngettext, newstyle=True
    )
    made.policies["ext.i18n.trimmed"] = True
    made.globals |= {"csrf": csrf, "once": once, "url": url, "static": static_path, "say": _}
    made.filters |= FILTERS
    return made


def render(template: str, visit: Visit, values: dict[str, Any]) -> str:
    """One page's text. `visit`, `nonce`, `help_phone`, `demo`, `errors`, `typed`, `user`, `locale`, `step`, `flash`,
    `nav` and `now` are always known."""
    known = {
        "visit": visit,
        "nonce": visit.nonce,
        "help_phone": settings().help_phone,
        "demo": settings().demo,
        "errors": visit.errors,
        "typed": visit.typed,
        "user": visit.user,
        "locale": visit.locale,
        "step": visit.step,
        "flash": visit.flash,
        "nav": visit.nav,
        "now": visit.now,
    }
    return environment().get_template(template).render(known | values)
