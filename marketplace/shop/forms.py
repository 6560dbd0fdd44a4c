"""What buyers type and choose."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from marketplace.places.tables import Place, Village
from marketplace.shop.rules import Kind, Order
from marketplace.stock.tables import Offer
from marketplace.web.form import text, whole
from marketplace.web.scoped import Scoped

CURSOR = r"-?[0-9]{1,9}\.[0-9a-f]{32}"
KEY = r"[0-9a-f]{32}"


class MarketQuery(Struct, frozen=True):
    """The market's filters, and where in the list one stands."""

    q: Annotated[str, text(longest=60)] = ""
    kind: Kind = ""
    village: Scoped[Village] | None = None
    store: Scoped[Place] | None = None
    order: Order = ""
    after: Annotated[str, text(pattern=CURSOR)] = ""
    before: Annotated[str, text(pattern=CURSOR)] = ""
    page: Annotated[int, whole(least=1, most=100_000)] = 1


class PackageQuery(Struct, frozen=True):
    """The list a package was found in."""

    back: Annotated[str, text(longest=300)] = ""


class BasketForm(Struct, frozen=True):
    """So many boxes into the basket; `store` where only one store's boxes were looked through."""

    quantity: Annotated[int, whole(least=1, most=9)] = 1
    store: Scoped[Place] | None = None


class ChangeForm(Struct, frozen=True):
    """Another number of boxes; 0 takes them out."""

    offer: Scoped[Offer]
    quantity: Annotated[int, whole(least=0, most=9)]


class RemoveForm(Struct, frozen=True):
    """These boxes out of the basket."""

    offer: Scoped[Offer]


class CheckoutForm(Struct, frozen=True):
    """Where the boxes are picked up."""

    place: Scoped[Place]


class OrdersQuery(Struct, frozen=True):
    """Where in the list of one's orders one stands: keys of orders."""

    after: Annotated[str, text(pattern=KEY)] = ""
    before: Annotated[str, text(pattern=KEY)] = ""
    page: Annotated[int, whole(least=1, most=100_000)] = 1
