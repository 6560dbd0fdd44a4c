"""What is written about goods: new price lists, and the licences of processed food. Each verb notes itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import N_, Refusal
from marketplace.ids import uuid7
from marketplace.journal import actions as journal
from marketplace.produce import queries
from marketplace.produce.rules import PriceList, check_price_list
from marketplace.produce.tables import PriceLine, Product
from marketplace.produce.tables import PriceList as PriceListRow


class BeginsTooSoon(Refusal):
    text = N_("Today's prices stand. Begin the new list on {first} or later.")
    field = "valid_from"


class DocumentMissing(Refusal):
    text = N_("Name the document in which these prices were decided.")
    field = "document"


class LicenceNotNeeded(Refusal):
    text = N_("{good} is no processed food and needs no licence.")


async def publish_prices(
    prices: Mapping[str, int],
    *,
    valid_from: date,
    valid_until: date | None,
    document: str,
    by: UUID | None,
    now: datetime,
) -> UUID:
    """Put a price list in force from a day on: fen for a piece or a kilogram by the code of the good; answers its id.

    A list in force without an end ends the day before. Refuses `BeginsTooSoon` (prices already in force do not
    change under people's hands), `DocumentMissing`, and what `rules.check_price_list` refuses.
    """
    if not document.strip():
        raise DocumentMissing
    # One list after another: two at once would both see the same end.
    await DB.fetch("select pg_advisory_xact_lock(hashtextextended('price_list', 0))")
    today = business_day(now)
    known = await queries.price_lists()
    first = today + timedelta(days=any(one.state(today) == "in_force" for one in known))
    if valid_from < first:
        raise BeginsTooSoon(first=first)
    open_ended = next((one for one in known if one.valid_until is None and one.valid_from < valid_from), None)
    others = [PriceList(one.valid_from, one.valid_until) for one in known if one is not open_ended]
    goods = {good.code: good for good in await queries.goods_on(valid_from)}
    new = PriceList(valid_from, valid_until, dict(prices))
    check_price_list(new, {code: good.good for code, good in goods.items()}, others)
    if open_ended is not None:
        day_before = valid_from - timedelta(days=1)
        await PriceListRow.update({PriceListRow.valid_until: day_before}).where(PriceListRow.id == open_ended.id)
    price_list = uuid7()
    await PriceListRow.insert(
        PriceListRow(
            id=price_list,
            valid_from=valid_from,
            valid_until=valid_until,
            document=document.strip(),
            published_at=now,
            published_by=by,
        )
    )
    await PriceLine.insert(
        *(
            PriceLine(id=uuid7(), price_list=price_list, product=goods[code].id, price_fen=price_fen)
            for code, price_fen in prices.items()
        )
    )
    await journal.note(
        verb="publish_prices",
        subject=price_list,
        detail={
            "valid_from": valid_from,
            "valid_until": valid_until,
            "document": document.strip(),
            "goods": len(prices),
        },
    )
    return price_list


async def set_licence(product: Product, number: str) -> None:
    """Enter the number of the maker's workshop licence, or take it away: without one the good is not bought.

    Refuses `LicenceNotNeeded` for a good that is no processed food.
    """
    if not product.licence_required:
        raise LicenceNotNeeded(good=product)
    await Product.update({Product.licence_number: number.strip() or None}).where(Product.id == product.id)
    await journal.note(
        verb="set_licence", subject=product.code, detail={"product": product.code, "licence": number.strip()}
    )
