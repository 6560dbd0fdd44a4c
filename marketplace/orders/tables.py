"""Orders, lines, events, hand-overs."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.columns import fen, flag, key, loose, moment, reference, text
from marketplace.packages.tables import Package
from marketplace.payments.tables import Payment
from marketplace.places.tables import Place
from marketplace.stock.tables import Offer


class SalesOrder(Table, tablename="sales_order"):
    """A customer's order for pick-up at a place. `total_fen` is the sum of its lines; holds end at `hold_until`."""

    id = key()
    code = text(unique=True)
    customer = reference(User)
    place = reference(Place)
    state = text()
    total_fen = fen()
    pickup_code = text()
    hold_until = moment(index=True)
    at = moment()

    sales_order_state_known = Check("state in ('held', 'placed', 'paid', 'handed_over', 'cancelled', 'expired')")
    sales_order_total_positive = Check("total_fen > 0")
    sales_order_pickup_code_four_digits = Check("pickup_code ~ '^[0-9]{4}$'")


class OrderLine(Table, tablename="order_line"):
    """One package of an order; `live` until the order is given back. A package is sold once (P7)."""

    id = key()
    order = reference(SalesOrder)
    package = reference(Package)
    offer = reference(Offer)
    price_fen = fen()
    live = flag()

    order_line_price_over_hundred = Check("price_fen >= 10000")


class OrderEvent(Table, tablename="order_event"):
    """When an order entered a state; each only once. Append-only."""

    id = key()
    order = reference(SalesOrder)
    state = text()
    at = moment()
    actor = loose(null=True)

    order_event_entered_once = Unique(["order", "state"])


class Handover(Table):
    """The order given to its buyer against code and money."""

    id = key()
    order = reference(SalesOrder, unique=True)
    payment = reference(Payment, unique=True)
    place = reference(Place)
    by = reference(User)
    at = moment()
