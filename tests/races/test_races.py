"""Many hands at once, over HTTP against two server processes: one wins, nobody loses money, the rest are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import httpx
import pytest

from marketplace import keys
from marketplace.accounts.actions import CONTACT_COLUMN
from tests.journeys.village import (
    OFFICE,
    P01,
    Lines,
    Village,
    amounts,
    begin,
    inspect,
    pieces,
    sell,
    weigh,
)
from tests.office import OPEN_SESSION
from tests.visitor import Form, Seen, Visitor, origin_of, read

pytestmark = pytest.mark.races

BUYERS = 200
STORE = "VS-JP01"
ONLY_ONE: Lines = {"EGG": "1", "HON": "0.5", "SOY": "4.8"}
CUSTOMER = """
insert into app_user (id, kind, name, contact_index, contact_sealed, contact_mask, active, created_at)
values ($1, 'customer', $2, $3, $4, '***', true, now())
"""
PAYOUTS = "select count(*)::int from payout x join package p on p.id = x.package where p.code = any ($1::text[])"
UNIT = "select u.state from stock_unit u join package p on p.id = u.package where p.code = $1"
# Sessions remember when they were seen, and the seal comes by its own clock.
TABLES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind = 'r' and c.relname not like 'pgqueuer%' and c.relname not in ('web_session', 'seal_entry') order by 1
"""


async def at_counter(village: Village, login: str = "s04", role: str = "intake_clerk") -> Visitor:
    return await village.known("", login, role)


async def open_day(village: Village, day: str, fen: int) -> Visitor:
    """The morning of a day with exactly that much in the drawer; the cashier's browser."""
    cashier = await at_counter(village, "s07", "cashier")
    if await village.value("select exists (select 1 from drawer_day where state = 'open')"):
        await village.close_drawer(cashier, OFFICE)
    await village.move_clock(f"{day}T09:00:00")
    assert await village.book_fen(OFFICE) <= fen
    await village.open_drawer(cashier, OFFICE, at_least_fen=fen)
    return cashier


async def ready(village: Village, household: str, lines: Lines = P01) -> str:
    """A package that has passed its check and waits for its money; its code."""
    clerk = await at_counter(village)
    code = await begin(clerk, household)
    await weigh(clerk, code, lines)
    await inspect(await at_counter(village, "s05", "inspector"), code)
    return code


async def pressed(browser: Visitor, base: str, form: Form, **more: str) -> httpx.Response:
    """The form sent to that process without following; sent again, as a person would, where the site asks to wait."""
    address = str(httpx.URL(base).join(form.action))
    fields = form.fields | {name: [held] for name, held in more.items()}
    for _try in range(20):
        answer = await browser.client.post(
            address, data=fields, headers={"Origin": origin_of(address)}, follow_redirects=False
        )
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
    return answer


def keyed(form: Form) -> dict[str, str]:
    """A new key, as a page opened anew carries it."""
    assert form.fields["_key"]
    return {"_key": str(uuid4())}


# The last package


async def buyer(village: Village, number: int) -> Visitor:
    """A customer who is signed in; made in the database, without the cost of a hash."""
    user, contact = uuid4(), f"buyer-{number}@example.com"
    await village.admin.execute(
        CUSTOMER,
        user,
        f"买家{number}",
        keys.blind(CONTACT_COLUMN, contact),
        keys.seal(contact, f"app_user:contact:{user}"),
    )
    browser, token = await village.visitor(), keys.new_token()
    await village.admin.execute(OPEN_SESSION, keys.token_hash(token), user, None, None, None, None)
    browser.client.cookies.set("s", token)
    return browser


async def test_of_200_buyers_one_gets_the_last_package(village: Village) -> None:
    await open_day(village, "2018-11-21", 20_000)
    code = await sell(await at_counter(village), "JP1-02", ONLY_ONE)
    first = await buyer(village, 0)
    await first.open("/?q=土蜂蜜")
    assert first.page is not None
    address = first.page.link("^/packages/")
    await first.open(address)
    await first.send(r"/basket$", {"quantity": "1"})
    basket = first.client.cookies["b"]
    buyers = [first, *[await buyer(village, number) for number in range(1, BUYERS)]]
    for one in buyers:
        one.client.cookies.set("b", basket)
    gate = asyncio.Semaphore(20)

    async def at_checkout(one: Visitor) -> Form:
        async with gate:
            return (await one.open("/checkout")).form("/checkout$")

    forms = await asyncio.gather(*(at_checkout(one) for one in buyers))
    bases = village.servers.bases
    answers = await asyncio.gather(
        *(
            pressed(one, bases[number % len(bases)], form, place=STORE)
            for number, (one, form) in enumerate(zip(buyers, forms, strict=True))
        )
    )
    told = Counter(answer.status_code for answer in answers)
    assert told == {303: 1, 409: BUYERS - 1}
    for answer in answers:
        if answer.status_code == 409:
            assert "0 are left at this place" in read(answer).text
    assert await village.value("select count(*)::int from sales_order") == 1
    assert await village.value("select count(*)::int from order_line where live") == 1
    assert await village.value(UNIT, code) == "held"


# One payment


async def test_one_payment_sent_20_times_with_its_key_pays_once(village: Village) -> None:
    cashier = await open_day(village, "2018-11-22", 100_000)
    code = await ready(village, "JP1-03")
    before = await village.book_fen(OFFICE)
    form = (await cashier.open(f"/office/intake/{code}")).form("/pay$")
    bases = village.servers.bases
    answers = await asyncio.gather(*(pressed(cashier, bases[number % len(bases)], form) for number in range(20)))
    assert {(one.status_code, one.headers.get("location")) for one in answers} == {(303, f"/office/intake/{code}")}
    assert await village.value(PAYOUTS, [code]) == 1
    assert await village.book_fen(OFFICE) == before - 10_000
    seen = await cashier.open(f"/office/intake/{code}")
    assert "JP-2018-" in seen.text


async def test_one_package_paid_by_20_keys_pays_once(village: Village) -> None:
    cashier = await open_day(village, "2018-11-23", 100_000)
    code = await ready(village, "JP1-04")
    before = await village.book_fen(OFFICE)
    form = (await cashier.open(f"/office/intake/{code}")).form("/pay$")
    bases = village.servers.bases
    answers = await asyncio.gather(
        *(pressed(cashier, bases[number % len(bases)], form, **keyed(form)) for number in range(20))
    )
    told = Counter(answer.status_code for answer in answers)
    assert told == {303: 1, 409: 19}
    for answer in answers:
        if answer.status_code == 409:
            assert "Nothing was paid a second time" in read(answer).text
    assert await village.value(PAYOUTS, [code]) == 1
    assert await village.book_fen(OFFICE) == before - 10_000


async def test_two_cashiers_and_one_drawer_never_go_below_zero(village: Village) -> None:
    held = 100_000
    cashier = await open_day(village, "2018-11-24", held)
    deputy = await at_counter(village, "s19", "cashier")
    households = [f"JP5-{number:02d}" for number in range(20, 35)]
    codes = await several(village, households)
    affordable = held // 10_000
    bases = village.servers.bases

    async def tries(browser: Visitor, base: str, some: Sequence[str]) -> list[httpx.Response]:
        forms = [(await browser.open(f"/office/intake/{code}")).form("/pay$") for code in some]
        return list(await asyncio.gather(*(pressed(browser, base, form) for form in forms)))

    both = await asyncio.gather(tries(cashier, bases[0], codes), tries(deputy, bases[1], codes[::-1]))
    paid = [answer for answers in both for answer in answers if answer.status_code == 303]
    refused = Counter(answer.status_code for answers in both for answer in answers if answer.status_code != 303)
    assert len(paid) == affordable, refused
    assert set(refused) <= {409, 422}
    assert await village.value(PAYOUTS, codes) == affordable
    assert await village.book_fen(OFFICE) == 0
    states = await village.admin.fetch("select state from package where code = any ($1::text[])", codes)
    assert Counter(row["state"] for row in states) == {"paid": affordable, "inspected": len(codes) - affordable}
    for answer in (answer for answers in both for answer in answers if answer.status_code == 422):
        assert "yuan in the drawer" in read(answer).text


async def several(village: Village, households: Sequence[str]) -> list[str]:
    """Packages of several households, weighed and passed, three counters at a time."""
    gate = asyncio.Semaphore(3)

    async def one(household: str) -> str:
        async with gate:
            return await ready(village, household)

    return list(await asyncio.gather(*(one(household) for household in households)))


# A day sent twice


async def digest(village: Village) -> dict[str, str]:
    """What every table of the business holds."""
    found = {}
    for row in await village.admin.fetch(TABLES):
        name = row["relname"]
        found[name] = await village.value(
            f"select count(*) || ' ' || coalesce(md5(string_agg(x::text, '|' order by x::text)), '') from \"{name}\" x"
        )
    return found


async def test_a_day_sent_twice_changes_nothing(village: Village) -> None:
    """P5: every POST of a recorded day once more, with its own key; each answer leads where the first one led."""
    day = "2018-11-27"
    cashier = await open_day(village, day, 100_000)
    clerk, inspector = await at_counter(village), await at_counter(village, "s05", "inspector")
    customer, store = await buyer(village, BUYERS), await at_counter(village, "s09", "store_clerk")

    sold = await paid_at_desk(clerk, inspector, cashier, "JP1-11", ONLY_ONE)
    wrong = await paid_at_desk(clerk, inspector, cashier, "JP1-12", P01)
    await cashier.open(f"/office/intake/{wrong}/reverse")
    await cashier.send("/reverse", {"reason": "记错户", "login": "s01", "pin": "2468"})
    back = await begin(clerk, "JP1-13")
    await weigh(clerk, back, P01)
    await clerk.open(f"/office/intake/{back}/send-back")
    await clerk.send("/send-back", {"reason": "mould"})

    await customer.open("/?q=土蜂蜜")
    assert customer.page is not None
    await customer.open(customer.page.link("^/packages/"))
    await customer.send(r"/basket$", {"quantity": "1"})
    await customer.open("/checkout")
    order = (await customer.send("/checkout$", {"place": STORE})).path
    page = await customer.send(r"/place$")
    said = page.response.text.split('class="pickcode">', 1)[1][:4]
    await store.open("/office/cash/open")
    await store.send("/office/cash/open", pieces(store.page, max(await village.book_fen(STORE), 10_000)))
    page = await store.open(f"/store/orders/{order.rsplit('/', 1)[1]}")
    await store.send("hand-over", {**page.form("hand-over").ticked("given"), "pickup_code": said})
    await village.close_drawer(store, STORE)
    await village.close_drawer(cashier, OFFICE)
    assert sold

    before = await digest(village)
    recorded = [sent for one in (cashier, clerk, inspector, customer, store) for sent in one.sent]
    assert len(recorded) > 25
    differing = []
    for sent in recorded:
        answer = await replayed(sent.address, sent.fields, sent.cookies)
        if (answer.status_code, answer.headers.get("location", "")) != (sent.status, sent.location):
            differing.append(
                (sent.address, sent.status, sent.location, answer.status_code, answer.headers.get("location"))
            )
    assert not differing
    after = await digest(village)
    assert {name: held for name, held in after.items() if before[name] != held} == {}


async def replayed(address: str, fields: dict[str, list[str]], cookies: dict[str, str]) -> httpx.Response:
    """The same request from the same browser, as it was then."""
    async with httpx.AsyncClient(cookies=cookies, headers={"Accept-Language": "en"}, timeout=30) as client:
        return await client.post(address, data=fields, headers={"Origin": origin_of(address)})


async def paid_at_desk(clerk: Visitor, inspector: Visitor, cashier: Visitor, household: str, lines: Lines) -> str:
    """A package through the hands of three people at their own desks; its code."""
    code = await begin(clerk, household)
    await weigh(clerk, code, lines)
    await inspect(inspector, code)
    page: Seen = await cashier.open(f"/office/intake/{code}")
    await cashier.send("/pay$", amounts(page.form("/pay$"), {}))
    return code


async def test_the_races_leave_the_books_even(village: Village) -> None:
    found = await asyncio.to_thread(village.reconcile)
    assert found.returncode == 0, found.stdout + found.stderr
