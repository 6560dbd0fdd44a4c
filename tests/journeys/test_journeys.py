"""The main job as its people do it, over HTTP against two server processes and a durable PostgreSQL.

One village, one calendar: every journey has a business day and households of its own, later than the one before.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from marketplace.demo.world import PIN, card_code
from marketplace.money import yuan
from tests.cast import INSPECTORS_BROTHER, TAN
from tests.journeys.village import (
    CASHIER,
    CLERK,
    DEPUTY,
    INSPECTOR,
    OFFICE,
    OPEN_DAY,
    P01,
    SECRETARY,
    STORE_CLERK,
    Lines,
    Village,
    amounts,
    begin,
    inspect,
    pay,
    pieces,
    proof,
    sell,
    village_on,
    weigh,
)
from tests.servers import ROOT, serving
from tests.visitor import Visitor

pytestmark = pytest.mark.journeys

DRAFTED_AT_HOME = "JP4-09"
MOTHER_IN_LAW, DAUGHTER_IN_LAW = "JP4-02", "彭翠英"
STORE = "VS-JP01"
HONEY: Lines = {"EGG": "11", "SOY": "2.8", "HON": "0.5"}
VOUCHER = "select x.voucher_number from payout x join package p on p.id = x.package where p.code = $1"
EARNED = """
select sum(e.amount_fen)::bigint from income_entry e join household h on h.id = e.household
where h.code = $1 and e.kind = 'business' and e.earned_on between '2018-01-01' and '2018-12-31'
"""
UNIT = "select u.state from stock_unit u join package p on p.id = u.package where p.code = $1"


async def morning(village: Village, day: str) -> Visitor:
    """Nine o'clock of that day: yesterday's drawer closed, today's counted and open; the cashier's browser."""
    cashier = await village.staff(CASHIER)
    open_day = await village.value(OPEN_DAY, OFFICE)
    if open_day == day:
        return cashier
    if open_day is not None:
        await village.close_drawer(cashier, OFFICE)
    await village.move_clock(f"{day}T09:00:00")
    await village.open_drawer(cashier, OFFICE, at_least_fen=200_000)
    return cashier


# Income sheets


def expected_sheets() -> list[dict[str, str]]:
    with (ROOT / "marketplace/demo/income_expected.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("sheet", expected_sheets(), ids=lambda sheet: sheet["household_code"])
async def test_the_model_income_sheets_tie_to_the_fen(village: Village, sheet: dict[str, str]) -> None:
    secretary = await village.staff(SECRETARY)
    page = await secretary.open(f"/office/households/{sheet['household_code']}/income?year=2018")
    for column in ("net_yuan", "per_capita_yuan"):
        assert yuan(round(float(sheet[column]) * 100)) in page.dense, (column, page.text)
    for column in ("wage_yuan", "business_yuan", "property_yuan", "transfer_yuan"):
        amount = yuan(round(float(sheet[column]) * 100))
        assert f"Subtotal{amount}" in page.dense or amount == "0.00", (column, page.text)
    passed = float(sheet["per_capita_yuan"]) >= float(sheet["poverty_line_yuan"])
    assert f"¥2,995.00:{'passed' if passed else 'notreached'}" in page.dense


# The stories of the demo day


async def test_story_1_tan_sells_a_package_and_passes_the_line(village: Village) -> None:
    await morning(village, "2018-11-21")
    clerk, secretary = await village.staff(CLERK), await village.staff(SECRETARY)
    statement = f"/office/households/{TAN}/income?year=2018"
    before = (await secretary.open(statement)).dense
    assert "2,993.01" in before
    assert "¥2,995.00:notreached" in before
    await sell(clerk, TAN)
    after = (await secretary.open(statement)).dense
    assert "3,093.01" in after
    assert "2,993.01" not in after
    assert "¥2,995.00:passed" in after


async def test_story_2_three_cracked_eggs_become_soybeans(village: Village) -> None:
    await morning(village, "2018-11-21")
    clerk = await village.staff(CLERK)
    code = await begin(clerk, "JP2-05")
    await weigh(clerk, code, P01)
    form = (await clerk.open(f"/office/intake/{code}")).form("/inspect")
    cracked = {f"cracked.{egg}": str(egg) for egg in (4, 17, 30)}
    refused = await clerk.send("/inspect", {**form.ticked("checks"), **cracked, **proof(form, INSPECTOR)}, expect=422)
    assert "3 eggs are marked as cracked" in refused.text
    again = await clerk.open(f"/office/intake/{code}?again=1")
    short = await clerk.send("/weigh", amounts(again.form("/weigh"), {"EGG": "27", "SOY": "4"}), expect=422)
    assert "¥6.00short" in short.dense
    assert "Add 0.6 kg soybeans" in short.text
    await clerk.send("/weigh", button="suggestion=SOY:600")
    await inspect(clerk, code)
    paid = await pay(clerk, code)
    assert "27 free-range eggs + 4.6 kg soybeans" in paid.text
    assert (
        await village.value("select contents from offer o join stock_unit u on u.offer = o.id "
                            "join package p on p.id = u.package where p.code = $1", code)
        == "EGG:27;SOY:4600"
    )  # fmt: skip


async def test_story_3_the_inspectors_brother_is_checked_by_the_deputy(village: Village) -> None:
    await morning(village, "2018-11-21")
    clerk = await village.staff(CLERK)
    code = await begin(clerk, INSPECTORS_BROTHER)
    page = await weigh(clerk, code, P01)
    assert "黄文斌:kinofthishousehold" in page.dense
    form = page.form("/inspect")
    tried = {**form.ticked("checks"), "login": INSPECTOR, "pin": PIN}
    refused = await clerk.send("/inspect", tried, expect=422)
    assert "黄文斌 is of this household or kin to it" in refused.text
    himself = await village.staff(INSPECTOR)
    form = (await himself.open(f"/office/intake/{code}")).form("/inspect")
    refused = await himself.send("/inspect", {**form.ticked("checks")}, expect=422)
    assert await village.value("select state from package where code = $1", code) == "weighed"
    await inspect(clerk, code, DEPUTY)
    await pay(clerk, code)
    voucher = await clerk.open(f"/office/intake/{code}/voucher")
    assert "陈光有" in voucher.text
    assert "黄文斌" not in voucher.text


async def test_story_4_a_proxy_takes_the_money_only_after_the_call(village: Village) -> None:
    await morning(village, "2018-11-21")
    clerk = await village.staff(CLERK)
    code = await begin(clerk, MOTHER_IN_LAW)
    await weigh(clerk, code, P01)
    await inspect(clerk, code)
    form = (await clerk.open(f"/office/intake/{code}")).form("/pay")
    receiver = next(value for value in form.choices["receiver"] if value.startswith("proxy:"))
    refused = await pay(clerk, code, receiver=receiver, expect=422)
    assert f"{DAUGHTER_IN_LAW} collects for this household for the first time. Call the head" in refused.text
    assert await village.value(VOUCHER, code) is None
    await pay(clerk, code, receiver=receiver, receiver_note="9:40 打电话，郑素琴同意")
    voucher = await clerk.open(f"/office/intake/{code}/voucher")
    assert DAUGHTER_IN_LAW in voucher.text
    assert "郑素琴" in voucher.text


# From home to cash


async def test_a_draft_from_home_becomes_cash_income_and_stock(village: Village) -> None:
    await morning(village, "2018-11-21")
    home = await village.at_home(DRAFTED_AT_HOME)
    earned = await village.value(EARNED, DRAFTED_AT_HOME) or 0
    await home.open("/home/draft")
    page = await home.send("/home/draft/recipe", button="recipe=P01")
    assert "Exactly ¥100.00" in page.text
    page = await home.send(r"/home/draft/[0-9A-Z]+$", amounts(page.form("/home/draft"), {"EGG": "25", "SOY": "4"}))
    assert "¥10.00short" in page.dense
    page = await home.send(r"/home/draft/[0-9A-Z]+$", button="suggestion=SOY:1000")
    days = page.form("/home/draft").choices["intake_on"]
    day = next(day for day in days if day > "2018-11-21")
    page = await home.send(r"/home/draft/[0-9A-Z]+$", {"intake_on": day})
    assert "kept for" in page.text, page.text[:900]
    code = page.path.rsplit("/", 1)[1]

    await morning(village, day)
    clerk = await village.staff(CLERK)
    found = await clerk.open(f"/office/intake/find?q={card_code(DRAFTED_AT_HOME)}")
    assert "25 free-range eggs + 5 kg soybeans" in found.text
    opened = await clerk.send("/office/intake/start")
    assert opened.path == f"/office/intake/{code}"
    await clerk.send("/weigh", amounts(opened.form("/weigh"), {"EGG": "25", "SOY": "5"}))
    await inspect(clerk, code)
    paid = await pay(clerk, code)
    shown = f"JP-2018-{await village.value(VOUCHER, code):04d}"
    assert f"voucher {shown}" in paid.text
    voucher = await clerk.open(f"/office/intake/{code}/voucher")
    assert shown in voucher.text
    assert "壹佰元整" in voucher.text
    label = await clerk.open(f"/office/intake/{code}/label")
    assert code[:4] in label.text
    assert 'aria-label="Trace code"' in label.response.text
    assert '<path stroke="#000" d="M' in label.response.text
    assert await village.value(UNIT, code) == "on_hand"
    at_home = await home.open("/home")
    assert "25 free-range eggs + 5 kg soybeans" in at_home.text
    assert "On sale" in at_home.text
    income = await home.open("/home/income?year=2018")
    assert await village.value(EARNED, DRAFTED_AT_HOME) == earned + 10_000
    assert f"Subtotal{yuan(earned + 10_000)}" in income.dense


# A day at the counter


async def test_an_intake_day_from_the_first_count_to_the_sheet(village: Village) -> None:
    day = "2018-11-28"
    cashier = await morning(village, day)
    opening = await village.book_fen(OFFICE)
    clerk = await village.staff(CLERK)
    sold = [await sell(clerk, household) for household in ("JP1-02", "JP1-03", "JP1-04")]

    sent_back = await begin(clerk, "JP1-05")
    await weigh(clerk, sent_back, P01)
    await clerk.open(f"/office/intake/{sent_back}/send-back")
    page = await clerk.send("/send-back", {"reason": "stale_eggs", "words": ""})
    assert "Nothing was paid" in page.text

    await cashier.open(f"/office/intake/{sold[2]}/reverse")
    page = await cashier.send("/reverse", {"reason": "错记到邻居名下", "login": SECRETARY, "pin": PIN})
    assert "Reversed" in page.text
    assert await village.value(UNIT, sold[2]) != "on_hand"

    late = await begin(clerk, "JP1-06")
    await weigh(clerk, late, P01)
    await inspect(clerk, late)

    listed = await clerk.open(f"/office/intake/day?on={day}")
    for word in ("Sent back", "Reversed", "错记到邻居名下"):
        assert word in listed.text
    assert "Sumoftheday¥200.00" in listed.dense, listed.text[:1500]

    expected = await village.book_fen(OFFICE)
    assert expected == opening - 2 * 10_000
    await cashier.open("/office/cash/close")
    short = pieces(cashier.page, expected - 200)
    refused = await cashier.send("/office/cash/close", short, expect=422)
    assert "-2.00 yuan differ from the book" in refused.text
    refused = await cashier.send("/office/cash/close", {**short, "reason": "找零时多给了两元"}, expect=422)
    assert "A second person confirms the difference" in refused.text, refused.text[:900]
    second = {"reason": "找零时多给了两元", "login": SECRETARY, "pin": PIN}
    sheet = await cashier.send("/office/cash/close", {**short, **second})
    assert sheet.path == f"/office/cash/{day}"
    assert "Head of the seal" in sheet.text
    assert "找零时多给了两元" in sheet.text
    assert "王德正" in sheet.text

    refused = await pay(clerk, late, expect=409)
    assert "The drawer is closed" in refused.text
    assert await village.book_fen(OFFICE) == expected - 200
    assert await village.value("select state from package where code = $1", late) == "inspected"
    await cashier.open("/office/cash/open")
    refused = await cashier.send("/office/cash/open", pieces(cashier.page, expected), expect=409)
    assert "Today's drawer is closed" in refused.text


# From the market to the hand-over


async def find_honey(buyer: Visitor) -> str:
    """The buyer searches, and opens the box of eleven eggs; its address."""
    await buyer.open("/")
    listed = await buyer.open("/?q=土蜂蜜")
    address = next(
        address for address, words in listed.links
        if address.startswith("/packages/") and "11 free-range eggs" in words and "2.8 kg soybeans" in words
    )  # fmt: skip
    await buyer.open(address)
    return address


async def order_one(buyer: Visitor) -> str:
    """One box into the basket and kept for the buyer; the order's address."""
    await find_honey(buyer)
    await buyer.send(r"/basket$", {"quantity": "1"})
    page = await buyer.open("/checkout")
    if page.path == "/sign-in":
        await buyer.open(page.link("/sign-up"))
        values = {"name": "刘芳", "contact": "liufang@example.com", "password": "shan-li-de-dan", "agreed": "on"}
        page = await buyer.send("/sign-up", values)
    if page.path != "/checkout":
        page = await buyer.open("/checkout")
    held = await buyer.send("/checkout", {"place": STORE})
    assert held.path.startswith("/orders/"), held.text[:900]
    assert "Kept for you until" in held.text
    return held.path


async def test_an_order_from_the_market_to_the_hand_over(village: Village) -> None:
    day = "2018-11-29"
    await morning(village, day)
    clerk = await village.staff(CLERK)
    first, second = await sell(clerk, "JP5-12", HONEY), await sell(clerk, "JP5-13", HONEY)

    buyer = await village.visitor()
    order = await order_one(buyer)
    page = await buyer.send(r"/place$")
    assert "Say this code at the store" in page.text
    said = page.response.text.split('class="pickcode">', 1)[1][:4]

    store = await village.staff(STORE_CLERK)
    await store.open("/store")
    await village.open_drawer(store, STORE, at_least_fen=10_000)
    held = await village.book_fen(STORE)
    page = await store.open(f"/store?code={said}")
    assert "刘芳" in page.text
    assert said not in page.response.text.replace(f"pickup_code={said}", "").replace(f'value="{said}"', "")
    given = page.form("hand-over").ticked("given")
    assert given
    wrong = f"{(int(said) + 1) % 10_000:04d}"
    refused = await store.send("hand-over", {**given, "pickup_code": wrong, "received": "200"}, expect=422)
    assert "This is not the code of this order" in refused.text
    page = await store.send("hand-over", {**given, "pickup_code": said, "received": "200"})
    assert "Give 72.00 yuan back" in page.text, page.text[:900]
    assert await village.book_fen(STORE) == held + 12_800

    bought = next(iter(given.values()))
    assert bought == first
    assert "You have picked it up" in (await buyer.open(order)).text
    household = await clerk.open("/office/households/JP5-12")
    assert "Handed over" in household.text
    at_home = await village.at_home("JP5-12")
    assert "Handed over" in (await at_home.open("/home")).text
    trace = await (await village.visitor()).open(f"/T/{first}")
    assert "handed over to its buyer" in trace.text
    assert "刘芳" not in trace.text

    # A cancelled order gives its box back
    order = await order_one(buyer)
    await buyer.send(r"/place$")
    assert await village.value(UNIT, second) == "held"
    await buyer.open(order)
    page = await buyer.send(r"/cancel$")
    assert "You owe nothing" in page.text
    assert await village.value(UNIT, second) == "on_hand"

    # So does one that nobody placed in time
    order = await order_one(buyer)
    assert await village.value(UNIT, second) == "held"
    await village.move_clock(f"{day}T11:00:00")
    assert "The time is over" in (await buyer.open(order)).text
    await village.jobs_are_due()
    for _ in range(300):
        if await village.value(UNIT, second) == "on_hand":
            break
        await asyncio.sleep(0.1)
    assert await village.value(UNIT, second) == "on_hand"
    await find_honey(buyer)


# Over TLS


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, bare))
    return paths


def max_age(response: httpx.Response) -> int:
    """For how many seconds a browser comes by TLS only."""
    return int(response.headers["strict-transport-security"].split("max-age=")[1].split(";")[0])


@pytest.mark.parametrize("kind", ["uvicorn", "granian"])
async def test_a_step_of_the_intake_over_tls(village: Village, tmp_path: Path, kind: str) -> None:
    await morning(village, "2018-11-30")
    certificate, key = own_certificate(tmp_path)
    here = village.servers
    urls = here.app_url, here.owner_url, here.admin_url
    words = ("--certificate", str(certificate), "--key", str(key))
    trusted = ssl.create_default_context(cafile=str(certificate))
    with serving(here.log.parent, urls, kinds=(kind,), scheme="https", words=words) as servers:
        async with village_on(servers, trusted) as secure:
            clerk = await secure.visitor()
            page = await clerk.sign_in(CLERK)
            answered = page.response.history[0] if page.response.history else page.response
            session = next(one for one in answered.headers.get_list("set-cookie") if one.startswith("__Host-s="))
            for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
                assert attribute.lower() in session.lower(), session
            assert "domain" not in session.lower()
            assert max_age(page.response) >= 31_536_000
            code = await begin(clerk, {"uvicorn": "JP6-03", "granian": "JP6-04"}[kind])
            page = await weigh(clerk, code, P01)
            assert "Exactly" in page.text
    assert await village.value("select state from package where code = $1", code) == "weighed"


# At the end of it all


async def test_the_chain_of_the_village_is_sealed_written_out_and_verified_offline(
    village: Village, tmp_path: Path
) -> None:
    export = tmp_path / "JP.jsonl"
    assert "rows sealed" in await ran(village, "seal")
    written = await ran(village, "export-chain", "JP", str(export))
    links, head = re.search(r": ([0-9]+) links\. Head: ([0-9]+ [0-9a-f]+)", written).groups()  # type: ignore[union-attr]
    rows = await village.value("select count(*)::int from seal_entry where chain = 'JP'")
    assert int(links) == rows > 1000
    assert f"{links} links, whole. Head: {head}" in await ran(village, "verify", str(export), "--head", head)
    lines = export.read_text(encoding="utf-8").splitlines()
    changed = json.loads(lines[-1])
    changed["row"]["at"] = "2018-01-01T00:00:00+00:00"
    export.write_text("\n".join([*lines[:-1], json.dumps(changed)]) + "\n", encoding="utf-8")
    found = await asyncio.to_thread(village.run, "verify", str(export))
    assert found.returncode == 1
    assert f"link {links}: the row" in found.stdout
    assert "was changed" in found.stdout


async def ran(village: Village, *words: str) -> str:
    """What a verb of the command line prints; it has to end well."""
    found = await asyncio.to_thread(village.run, *words)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


async def test_the_books_come_out_even_after_it_all(village: Village) -> None:
    assert "rows sealed" in await ran(village, "seal")  # else P19 would look at what the last five minutes left
    found = await asyncio.to_thread(village.reconcile)
    lines = [line.split() for line in found.stdout.splitlines()[1:] if line.strip()]
    assert found.returncode == 0, found.stdout + found.stderr
    assert {line[0] for line in lines} >= {"P1", "P2", "P3", "P4", "P7", "P11", "P13", "P14", "P16", "P19"}
    assert {line[1] for line in lines} == {"0"}
    looked_at = {line[0]: int(line[2]) for line in lines}
    assert not {promise for promise, rows in looked_at.items() if not rows}
