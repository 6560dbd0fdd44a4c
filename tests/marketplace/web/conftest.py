"""The doors' own tests: a site with a tiny wing."""

from __future__ import annotations

import pytest

from marketplace.web.site import Site, build_site


@pytest.fixture(scope="session")
def site(database: object) -> Site:
    """A site with one door of each kind."""
    from tests.marketplace.web.tiny import TINY

    return build_site(TINY)
