"""Where in the list of a household's packages one stands."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from marketplace.packages.tables import Package
from marketplace.web.form import whole
from marketplace.web.scoped import Scoped


class PackagesQuery(Struct, frozen=True):
    """The package after which, or before which, the page goes on."""

    after: Scoped[Package] | None = None
    before: Scoped[Package] | None = None
    page: Annotated[int, whole(least=1, most=100_000)] = 1
