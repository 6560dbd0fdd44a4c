"""What a good costs, when it is bought and how long it keeps; which price lists may stand together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from marketplace.errors import N_, Refusal, Words
from marketplace.money import yuan

Unit = Literal["piece", "gram"]
Certificate = Literal["yes", "no", "check"]
ShelfSeason = Literal["summer", "spring_autumn", "winter"]

GRAMS_PER_KILOGRAM = 1000
SUMMER = range(6, 10)
WINTER = (12, 1, 2)
LIFE_FOR_SALE = (4, 5)  # goods are sold while less than 80 % of their life is used: domain brief, A2

MONTHS = (
    Words("1月", "January"),
    Words("2月", "February"),
    Words("3月", "March"),
    Words("4月", "April"),
    Words("5月", "May"),
    Words("6月", "June"),
    Words("7月", "July"),
    Words("8月", "August"),
    Words("9月", "September"),
    Words("10月", "October"),
    Words("11月", "November"),
    Words("12月", "December"),
)


@dataclass(frozen=True, slots=True)
class Good:
    """A farm good at the price of one day: fen for a piece or a kilogram, 0 without a price; `step` in pieces or grams.

    The season runs from the first day of `season_from` to the last day of `season_until`, over New Year where
    from > until. `certificate` "check" means: ask the town station.
    """

    code: str
    unit: Unit
    price_fen: int
    step: int
    shelf_days_summer: int
    shelf_days_spring_autumn: int
    shelf_days_winter: int
    season_from: int = 1
    season_until: int = 12
    certificate: Certificate = "no"
    licence_required: bool = False
    licence_number: str = ""
    safe: bool = True
    name_zh: str = ""
    name_en: str = ""

    def __str__(self) -> str:
        return self.name_en or self.code


class OutOfSeason(Refusal):
    text = N_("{good}: out of season on {day}, taken from {first} to {last}. Leave it out, or bring it then.")


class Unlicensed(Refusal):
    text = N_(
        "{good}: processed food, and its maker's workshop licence is missing. "
        "Enter the licence number with the good, or choose another good."
    )


class Unsafe(Refusal):
    text = N_(
        "{good}: not for packages, because it can make people ill, like fresh poultry, wild plants and wild "
        "mushrooms. Choose another good."
    )


class NotAStep(Refusal):
    text = N_("{good}: {quantity} is no multiple of {step}. Enter a multiple of it above zero.")
    field = "quantity"


class NoPrice(Refusal):
    text = N_("{good}: no price on {day}. Enter it in the price list, or choose another good.")


class PriceNotPositive(Refusal):
    text = N_("{good}: the price must be above 0.00 yuan.")
    field = "price"


class StepNotWholeFen(Refusal):
    text = N_("{good}: at {price} yuan a step of {step} does not cost whole fen. Choose another price.")
    field = "price"


class PriceListEmpty(Refusal):
    text = N_("The price list is empty. Enter a price for one good at least.")


class TermBackwards(Refusal):
    text = N_("The price list would end on {last}, before it begins on {first}. Correct one of the two days.")
    field = "valid_until"


class PriceListsOverlap(Refusal):
    text = N_("On {day} another price list is in force already. End that one the day before, or begin this one later.")
    field = "valid_from"


def step_price(good: Good) -> int:
    """Fen for one step of a good. Refuses a price of nothing, and one at which a step costs no whole fen."""
    check_price(good, good.price_fen)
    return good.price_fen * good.step // (1 if good.unit == "piece" else GRAMS_PER_KILOGRAM)


def steps_of(good: Good, quantity: int) -> int:
    """Pieces or grams in steps. Refuses what is no multiple of the step, or below zero."""
    steps, rest = divmod(quantity, good.step)
    if rest or steps < 0:
        raise not_a_step(good, quantity)
    return steps


def not_a_step(good: Good, quantity: int) -> NotAStep:
    """The refusal of a quantity, to be raised by the caller."""
    return NotAStep(good=good, step=measured(good, good.step), quantity=measured(good, quantity))


def amount(good: Good, quantity: int) -> int:
    """Exact fen for so many pieces or grams. Refuses what is no multiple of the step, or below zero."""
    return steps_of(good, quantity) * step_price(good)


def kilograms(grams: int) -> str:
    """Grams as kilograms without ending zeros: 4000 → "4", 3900 → "3.9", 50 → "0.05"."""
    whole, rest = divmod(abs(grams), GRAMS_PER_KILOGRAM)
    return f"{'-' if grams < 0 else ''}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def measured(good: Good, quantity: int) -> Words:
    """A quantity in words: 30枚 or 30, 3.9公斤 or 3.9 kg."""
    if good.unit == "piece":
        return Words(f"{quantity}枚", f"{quantity}")
    return Words(f"{kilograms(quantity)}公斤", f"{kilograms(quantity)} kg")


def portion(good: Good, quantity: int) -> Words:
    """A quantity with its good, as titles say it: 4公斤黄豆 or 4 kg soybeans; without (…) of the name."""
    words = measured(good, quantity)
    short_zh = good.name_zh.partition("(")[0]
    return Words(f"{words.name_zh}{short_zh or good.code}", f"{words.name_en} {good}")


def in_season(good: Good, day: date) -> bool:
    """Whether the village takes the good on that day."""
    if good.season_from <= good.season_until:
        return good.season_from <= day.month <= good.season_until
    return day.month >= good.season_from or day.month <= good.season_until


def check_sellable(good: Good, day: date) -> None:
    """Refuses a good that cannot go into a package on that day: unsafe, unlicensed, out of season, unpriced."""
    if not good.safe:
        raise Unsafe(good=good)
    if good.licence_required and not good.licence_number.strip():
        raise Unlicensed(good=good)
    if not in_season(good, day):
        first, last = MONTHS[good.season_from - 1], MONTHS[good.season_until - 1]
        raise OutOfSeason(good=good, day=day, first=first, last=last)
    if good.price_fen <= 0:
        raise NoPrice(good=good, day=day)


def sellable(good: Good, day: date) -> bool:
    """Whether the good may go into a package on that day."""
    try:
        check_sellable(good, day)
    except Refusal:
        return False
    return True


def shelf_season(day: date) -> ShelfSeason:
    """The season whose shelf life counts: summer June to September, winter December to February."""
    if day.month in SUMMER:
        return "summer"
    return "winter" if day.month in WINTER else "spring_autumn"


def shelf_days(good: Good, day: date) -> int:
    """How many days the good keeps when it is packed on that day."""
    season = shelf_season(day)
    if season == "summer":
        return good.shelf_days_summer
    return good.shelf_days_winter if season == "winter" else good.shelf_days_spring_autumn


def best_before(goods: Iterable[Good], packed_on: date) -> date:
    """The day to which a package keeps: its good that keeps shortest decides. ValueError without goods."""
    return packed_on + timedelta(days=min(shelf_days(good, packed_on) for good in goods))


def sell_by(packed_on: date, best_before: date) -> date:
    """The last day on which a package may be sold: less than 80 % of its life is used."""
    part, whole = LIFE_FOR_SALE
    life = (best_before - packed_on).days
    return packed_on + timedelta(days=max(0, (life * part - 1) // whole))


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices in fen by code of the good, in force from a day to another, both included, or until further."""

    valid_from: date
    valid_until: date | None = None
    prices: Mapping[str, int] = field(default_factory=dict)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def price_list_on(day: date, price_lists: Iterable[PriceList]) -> PriceList | None:
    """The price list in force on that day, if there is one."""
    return next((price_list for price_list in price_lists if price_list.covers(day)), None)


def first_shared_day(one: PriceList, other: PriceList) -> date | None:
    """The first day on which both lists would be in force."""
    later = max(one.valid_from, other.valid_from)
    return later if one.covers(later) and other.covers(later) else None


def check_price(good: Good, price_fen: int) -> None:
    """Refuses a price of nothing, and one at which a step of the good does not cost whole fen."""
    if price_fen <= 0:
        raise PriceNotPositive(good=good)
    if good.unit == "gram" and price_fen * good.step % GRAMS_PER_KILOGRAM:
        raise StepNotWholeFen(good=good, price=yuan(price_fen), step=measured(good, good.step))


def check_price_list(new: PriceList, goods: Mapping[str, Good], others: Iterable[PriceList]) -> None:
    """Refuses a list that is empty, ends before it begins, prices a good wrongly or overlaps another list."""
    if not new.prices:
        raise PriceListEmpty
    if new.valid_until is not None and new.valid_until < new.valid_from:
        raise TermBackwards(first=new.valid_from, last=new.valid_until)
    for code, price_fen in new.prices.items():
        check_price(goods[code], price_fen)
    for day in filter(None, (first_shared_day(new, other) for other in others)):
        raise PriceListsOverlap(day=day)
