"""The demo's base world as rows: who lives where, who may do what, what goods cost. No database in here.

Row ids are made from names, so that the world is the same each time and other loaders can name its rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from marketplace.households.rules import search_keys
from marketplace.ids import ALPHABET, CARD_LENGTH

FILES = Path(__file__).parent
Row = Mapping[str, object]
Record = dict[str, str]

BEGINS = date(2017, 10, 1)
REGISTERED = datetime(2017, 10, 1, 0, 0, tzinfo=UTC)
REGISTERED_SINCE = date(2014, 1, 1)
LAST_INTAKE = date(2018, 12, 31)
INTAKE_WEEKDAYS = (2, 5)  # Wednesday and Saturday, when the van comes

PASSWORD = "jinpo-2018"
PIN = "2468"
CARD_PIN = "1357"
CUSTOMER = "customer@example.com"

MEMBER = ("member_code", "seq_no", "name", "relation", "sex", "birth_year")
NEIGHBOURS: Mapping[str, list[Record]] = {
    "groups": [
        {
            "group_code": "YL1", "village_code": "YL", "group_no": "1", "label_zh": "一组", "name_zh": "云台",
            "signal": "4g", "walk_minutes": "10",
        },
    ],
    "households": [
        {
            "household_code": "YL1-01", "group_code": "YL1", "head_name": "柯尚林", "head_initials": "ksl",
            "status": "lifted", "lifted_year": "2017", "size_2014": "2", "relocation": "", "forest_guard": "false",
            "coop_member": "false", "forest_mu": "", "phone": "feature", "points_card": "true",
        },
        {
            "household_code": "YL1-02", "group_code": "YL1", "head_name": "舒国喜", "head_initials": "sgx",
            "status": "ordinary", "lifted_year": "", "size_2014": "", "relocation": "", "forest_guard": "false",
            "coop_member": "false", "forest_mu": "", "phone": "smart", "points_card": "false",
        },
    ],
    "members": [
        dict(zip(MEMBER, row, strict=True))
        for row in (
            ("YL1-01-1", "1", "柯尚林", "head", "m", "1961"),
            ("YL1-01-2", "2", "方兰香", "spouse", "f", "1964"),
            ("YL1-02-1", "1", "舒国喜", "head", "m", "1972"),
        )
    ],
    "staff": [
        {"staff_code": code, "name": name, "role": role, "scope_kind": "village", "scope_code": "YL"}
        for code, name, role in (
            ("Y01", "项忠义", "branch_secretary"),
            ("Y04", "殷秀莲", "intake_clerk"),
            ("Y05", "成道明", "inspector"),
            ("Y07", "卫红英", "cashier"),
        )
    ],
}  # fmt: skip
OFFICES: list[Record] = [
    {
        "place_code": "PO-JP", "name_zh": "金坡村党群服务中心（演示）", "name_en": "Jinpo village office (demo)",
        "kind": "party_office", "city_zh": "安康旬阳", "village_code": "JP",
    },
    {
        "place_code": "PO-YL", "name_zh": "云岭村党群服务中心（演示）", "name_en": "Yunling village office (demo)",
        "kind": "party_office", "city_zh": "安康旬阳", "village_code": "YL",
    },
]  # fmt: skip
ADMINISTRATOR: Record = {
    "staff_code": "ADMIN", "name": "安岚", "role": "administrator", "scope_kind": "system", "scope_code": "",
}  # fmt: skip

# The demo's words for roles, where the house has another code for the same role.
ROLES = {
    "deputy_inspector": "inspector",
    "deputy_cashier": "cashier",
    "village_store_keeper": "store_clerk",
    "supervision_head": "supervisor",
}
OTHER_WING = {"supermarket_keeper"}  # the points wing brings this role and its grant
OWN_SCOPE = {"bulk_client": "own", "purchaser": "company"}


def read(name: str) -> list[Record]:
    """The rows of one demo file."""
    with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row_id(*name: str) -> UUID:
    """The id of a demo row: a UUIDv7 of the first demo day whose random bits come from the row's name.

    Goods keep the order of their file, a millisecond apart.
    """
    digest = int.from_bytes(sha256("\0".join(("demo", *name)).encode()).digest()[:16], "big")
    milliseconds = int(REGISTERED.timestamp() * 1000)
    if name[0] == "product":
        milliseconds += product_codes().index(name[1])
    fraction, tail = digest >> 116, digest & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail)


@cache
def product_codes() -> list[str]:
    """The goods' codes in the order of their file."""
    return [record["product_code"] for record in read("products")]


def card_code(household: str) -> str:
    """The code on a demo household's card, by the household's number: 26 signs of Crockford's base 32."""
    bits = int.from_bytes(sha256(f"demo card {household}".encode()).digest()[:16], "big")
    return "".join(ALPHABET[bits >> 5 * at & 31] for at in reversed(range(CARD_LENGTH)))


def login_of(staff: str) -> str:
    """The login of a staff code: s07 for S07; s02 for S06, who is the same man in a second role."""
    person = next(record for record in staff_records() if record["staff_code"] == staff)
    same = next(r for r in staff_records() if r["name"] == person["name"] and r["scope_code"] == person["scope_code"])
    return same["staff_code"].lower()


def user_id(staff: str) -> UUID:
    """The id of the user behind a staff code."""
    return row_id("app_user", login_of(staff))


@cache
def staff_records() -> list[Record]:
    """Staff of both villages, of the company and of the system."""
    blank = dict.fromkeys(("household_code", "member_code", "note_zh"), "")
    return [*read("staff"), *(blank | record for record in (*NEIGHBOURS["staff"], ADMINISTRATOR))]


def hundredths(text: str) -> int:
    """Fen of an amount in yuan with at most two decimals."""
    whole, _point, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0")[:2])


def thousandths(text: str) -> int:
    """Grams of a weight in kilograms with at most three decimals."""
    whole, _point, rest = text.partition(".")
    return int(whole) * 1000 + int(rest.ljust(3, "0")[:3])


def measure(unit: str, quantity: str) -> int:
    """A quantity of the files in pieces or grams."""
    return int(quantity) if unit == "枚" else thousandths(quantity)


def yes(text: str) -> bool:
    """A flag of the files."""
    return text == "true"


def base_rows(password_hash: str, pin_hash: str, card_pin_hash: str) -> list[tuple[str, list[Row]]]:
    """Every table of the base world with its rows, in the order in which references want them."""
    return [
        ("village", list(villages())),
        ("village_group", list(groups())),
        ("place", list(places())),
        ("app_user", list(staff_users(password_hash, pin_hash))),
        ("role_grant", list(role_grants())),
        ("household", list(households())),
        ("member", list(members())),
        ("household_status", list(status_history())),
        ("kin_link", list(kin_links())),
        ("proxy", list(proxies())),
        ("card", list(cards(card_pin_hash))),
        ("resident", list(residents())),
        ("product", list(products())),
        ("price_list", list(price_lists())),
        ("price_line", list(price_lines())),
        ("retail_price", list(retail_prices())),
        ("price_part", list(price_parts())),
        ("recipe", list(recipes())),
        ("recipe_line", list(recipe_lines())),
        ("income_line", list(income_lines())),
        ("ledger_account", list(drawer_accounts())),
        ("drawer", list(drawers())),
        ("intake_day", list(intake_days())),
    ]


# Places and people who sign in


def villages() -> Iterator[Row]:
    kept = ("name_zh", "name_en", "town_code", "town_zh", "county_code", "county_zh", "city_zh", "province_zh", "role")
    for record in read("villages"):
        code = record["village_code"]
        yield {"id": row_id("village", code), "code": code, **{name: record[name] for name in kept}}


def groups() -> Iterator[Row]:
    for record in read("groups") + NEIGHBOURS["groups"]:
        yield {
            "id": row_id("village_group", record["group_code"]),
            "village": row_id("village", record["village_code"]),
            "code": record["group_code"],
            "number": int(record["group_no"]),
            "label_zh": record["label_zh"],
            "name_zh": record["name_zh"],
            "signal": record["signal"],
            "walk_minutes": int(record["walk_minutes"]),
        }


def places() -> Iterator[Row]:
    for record in read("places") + OFFICES:
        village = record["village_code"]
        yield {
            "id": row_id("place", record["place_code"]),
            "code": record["place_code"],
            "kind": record["kind"],
            "name_zh": record["name_zh"],
            "name_en": record["name_en"],
            "city_zh": record["city_zh"],
            "village": row_id("village", village) if village else None,
            "pickup": record["kind"] in ("village_store", "city_store", "county_hub"),
        }


def staff_users(password_hash: str, pin_hash: str) -> Iterator[Row]:
    for record in staff_records():
        login = record["staff_code"].lower()
        if login_of(record["staff_code"]) == login:
            yield {
                "id": row_id("app_user", login),
                "kind": "staff",
                "name": record["name"],
                "login": login,
                "password_hash": password_hash,
                "pin_hash": pin_hash,
                "active": True,
                "created_at": REGISTERED,
            }


def role_grants() -> Iterator[Row]:
    for record in staff_records():
        if record["role"] in OTHER_WING:
            continue
        kind = OWN_SCOPE.get(record["role"], record["scope_kind"])
        named = row_id(kind, record["scope_code"]) if kind in ("village", "place") else None
        yield {
            "id": row_id("role_grant", record["staff_code"]),
            "user": user_id(record["staff_code"]),
            "role": ROLES.get(record["role"], record["role"]),
            "scope_kind": kind,
            "scope": named,
            "valid_from": BEGINS,
        }


# The register


def household_records() -> list[Record]:
    """The households of both villages."""
    return read("households") + NEIGHBOURS["households"]


def village_of(code: str) -> UUID:
    """The village of a household, member or group, which its code begins with."""
    return row_id("village", code[:2])


def households() -> Iterator[Row]:
    for record in household_records():
        code = record["household_code"]
        yield {
            "id": row_id("household", code),
            "village": village_of(code),
            "group": row_id("village_group", record["group_code"]),
            "code": code,
            "head_name": record["head_name"],
            "search_keys": search_keys(record["head_name"], record["head_initials"]),
            "relocation": record["relocation"],
            "forest_guard": yes(record["forest_guard"]),
            "coop_member": yes(record["coop_member"]),
            "forest_area": hundredths(record["forest_mu"]) // 10 if record["forest_mu"] else None,
            "phone_kind": record["phone"],
            # Consent is invented: every fourth household lets its label say its name.
            "show_name": int(code[-2:]) % 4 == 0,
        }


def members() -> Iterator[Row]:
    neighbours = [{"household_code": r["member_code"][:6], **r} for r in NEIGHBOURS["members"]]
    for record in read("members") + neighbours:
        yield {
            "id": row_id("member", record["member_code"]),
            "household": row_id("household", record["household_code"]),
            "village": village_of(record["member_code"]),
            "code": record["member_code"],
            "sequence": int(record["seq_no"]),
            "name": record["name"],
            "relation": record["relation"],
            "sex": record["sex"],
            "birth_year": int(record["birth_year"]),
        }


def status_history() -> Iterator[Row]:
    for record in household_records():
        code, lifted = record["household_code"], record["lifted_year"]
        registered = record["status"] != "ordinary"
        yield _status(code, "poor" if registered else "ordinary", REGISTERED_SINCE, record["size_2014"])
        if lifted:
            yield _status(code, "lifted", date(int(lifted), 12, 31), "")


def _status(household: str, status: str, since: date, size: str) -> Row:
    return {
        "id": row_id("household_status", household, since.isoformat()),
        "household": row_id("household", household),
        "village": village_of(household),
        "status": status,
        "since": since,
        "size_then": int(size) if size else None,
        "recorded_at": REGISTERED,
    }


def kin_links() -> Iterator[Row]:
    for record in read("kin"):
        yield {
            "id": row_id("kin_link", record["kin_code"]),
            "village": village_of(record["person_member_code"]),
            "member": row_id("member", record["person_member_code"]),
            "relative": row_id("member", record["relative_member_code"]),
            "relation": record["relation"],
            "recusal": yes(record["recusal"]),
        }


def proxies() -> Iterator[Row]:
    yield {
        "id": row_id("proxy", "JP4-02"),
        "household": row_id("household", "JP4-02"),
        "village": village_of("JP4-02"),
        "name": "彭翠英",
        "member": row_id("member", "JP4-35-2"),
        "note": "儿媳，付款前打电话核实",
        "valid_from": date(2018, 1, 1),
    }


def cards(pin_hash: str) -> Iterator[Row]:
    for record in household_records():
        if yes(record["points_card"]):
            code = record["household_code"]
            yield {
                "id": row_id("card", code),
                "household": row_id("household", code),
                "village": village_of(code),
                "code": card_code(code),
                "pin_hash": pin_hash,
                "issued_at": REGISTERED,
            }


def residents() -> Iterator[Row]:
    seen: set[str] = set()
    for record in staff_records():
        member = record["member_code"]
        if member and member not in seen:
            seen.add(member)
            yield {
                "id": row_id("resident", member),
                "user": user_id(record["staff_code"]),
                "member": row_id("member", member),
                "village": village_of(member),
            }


# Goods and prices


def products() -> Iterator[Row]:
    for record in read("products"):
        yield {
            "id": row_id("product", record["product_code"]),
            "code": record["product_code"],
            "name_zh": record["name_zh"],
            "name_en": record["name_en"],
            "search_keys": record["search_keys"],
            "unit": "piece" if record["unit"] == "枚" else "gram",
            "step": measure(record["unit"], record["step"]),
            "shelf_days_summer": int(record["shelf_life_summer_days"]),
            "shelf_days_spring_autumn": int(record["shelf_life_spring_autumn_days"]),
            "shelf_days_winter": int(record["shelf_life_winter_days"]),
            "certificate": record["certificate"],
            "season_from": int(record["season_from_month"]),
            "season_until": int(record["season_to_month"]),
            "licence_required": yes(record["licence_required"]),
            "safe": True,
        }


def price_lists() -> Iterator[Row]:
    yield {
        "id": row_id("price_list", "2017"),
        "valid_from": BEGINS,
        "document": "空店公司 2017 年第 1 号收购价目表（演示）",
        "published_at": REGISTERED,
    }


def price_lines() -> Iterator[Row]:
    for record in read("products"):
        yield {
            "id": row_id("price_line", "2017", record["product_code"]),
            "price_list": row_id("price_list", "2017"),
            "product": row_id("product", record["product_code"]),
            "price_fen": hundredths(record["price_yuan"]),
        }


def retail_prices() -> Iterator[Row]:
    for channel in ("retail", "bulk"):
        parts = [r for r in read("price_breakdown") if r["price_kind"] == channel]
        yield {
            "id": row_id("retail_price", channel),
            "channel": channel,
            "valid_from": BEGINS,
            "total_fen": sum(hundredths(part["amount_yuan"]) for part in parts),
        }


def price_parts() -> Iterator[Row]:
    for record in read("price_breakdown"):
        yield {
            "id": row_id("price_part", record["price_kind"], record["part"]),
            "retail_price": row_id("retail_price", record["price_kind"]),
            "sequence": int(record["line_no"]),
            "part": record["part"],
            "name_zh": record["part_zh"],
            "amount_fen": hundredths(record["amount_yuan"]),
        }


def recipes() -> Iterator[Row]:
    keys = {r["product_code"]: r["search_keys"].split()[0] for r in read("products")}
    parts = _grouped(read("recipe_lines"), "recipe_code")
    for record in read("recipes"):
        code = record["recipe_code"]
        yield {
            "id": row_id("recipe", code),
            "code": code,
            "name_zh": record["name_zh"],
            "name_en": record["name_en"],
            "search_keys": " ".join(keys[line["product_code"]] for line in parts[code]),
            "origin": record["origin"],
        }


def recipe_lines() -> Iterator[Row]:
    units = {r["product_code"]: r["unit"] for r in read("products")}
    for record in read("recipe_lines"):
        product = record["product_code"]
        yield {
            "id": row_id("recipe_line", record["recipe_code"], product),
            "recipe": row_id("recipe", record["recipe_code"]),
            "sequence": int(record["line_no"]),
            "product": row_id("product", product),
            "quantity": measure(units[product], record["quantity"]),
        }


def _grouped(records: Iterable[Record], column: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record[column], []).append(record)
    return found


# Money and days


def income_lines() -> Iterator[Row]:
    national, derived = "国家扶贫标准（演示）", "扶贫标准的 1.5 倍"
    for year, line, fen, source in (
        (2017, "poverty", 295200, national),
        (2018, "poverty", 299500, national),
        (2017, "protection", 442800, derived),
        (2018, "protection", 442800, derived),
    ):
        yield {
            "id": row_id("income_line", str(year), line),
            "year": year,
            "line": line,
            "amount_fen": fen,
            "source": source,
        }


def drawer_places() -> list[Row]:
    """Places where money changes hands: everywhere but in the online shop."""
    return [place for place in places() if place["kind"] != "online"]


def drawer_accounts() -> Iterator[Row]:
    for place in drawer_places():
        drawer = row_id("drawer", str(place["code"]))
        yield {
            "id": row_id("ledger_account", "drawer", str(place["code"])),
            "unit": "fen",
            "kind": "drawer",
            "subject": str(drawer),
            "village": place["village"],
            "floor_zero": True,
            "kept": True,
            "balance": 0,
        }


def drawers() -> Iterator[Row]:
    for place in drawer_places():
        code = str(place["code"])
        yield {
            "id": row_id("drawer", code),
            "place": place["id"],
            "village": place["village"],
            "account": row_id("ledger_account", "drawer", code),
        }


def intake_days() -> Iterator[Row]:
    days = (BEGINS + timedelta(days=n) for n in range((LAST_INTAKE - BEGINS).days + 1))
    for day in (day for day in days if day.weekday() in INTAKE_WEEKDAYS):
        for village in ("JP", "YL"):
            yield {
                "id": row_id("intake_day", village, day.isoformat()),
                "village": row_id("village", village),
                "day": day,
            }
