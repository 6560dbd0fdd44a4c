"""The accounts' own tests: a site with their doors and the tiny ones."""

from __future__ import annotations

import pytest

from marketplace.accounts.routes import DOORS
from marketplace.web.site import Site, build_site
from marketplace.web.wing import Wing


@pytest.fixture(scope="session")
def site(database: object) -> Site:
    """A site of this room alone, with the tiny wing's pages to go to."""
    from tests.marketplace.web.tiny import TINY

    return build_site(TINY, Wing(name="people", routers=tuple(DOORS)))
