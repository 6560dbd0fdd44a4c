"""A package is exactly 100.00 yuan: its sum, what makes it so, the counter's checks, its states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from itertools import combinations, islice
from itertools import count as count_from
from math import gcd
from typing import Literal

from marketplace.errors import N_, Conflict, Refusal, Words
from marketplace.money import yuan
from marketplace.produce.rules import (
    Good,
    Unit,
    amount,
    check_sellable,
    measured,
    not_a_step,
    portion,
    sellable,
    step_price,
    steps_of,
)

HUNDRED = 10_000
MOST_TOUCHED = 3  # nobody follows a proposal that changes four goods
MOST_SEARCH = 1200  # steps in all, times the goods to choose from: 48 steps among 25 goods
MOST_TOTAL = 100_000  # fen; of a heap worth more no three goods are tried
MOST_PROPOSALS = 3
MORE_STEPS = 5


# ---- the sum


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces or grams of one good as they are paid; `weighed`: what lay on the scale, once it was weighed."""

    good: Good
    quantity: int
    weighed: int | None = field(default=None, compare=False)


def total(lines: Iterable[Line]) -> int:
    """The exact sum of the lines in fen. Refuses a quantity that is no multiple of its good's step."""
    return sum(amount(line.good, line.quantity) for line in lines)


def gap(lines: Iterable[Line]) -> int:
    """Fen missing to 100.00 yuan; below zero: fen too many."""
    return HUNDRED - total(lines)


# ---- the composer


@dataclass(frozen=True, slots=True)
class Change:
    """So many steps of one good more, or fewer when below zero."""

    good: Good
    steps: int

    @property
    def quantity(self) -> int:
        """Pieces or grams added; below zero: taken out."""
        return self.steps * self.good.step

    @property
    def amount(self) -> int:
        """Fen added; below zero: taken out."""
        return self.steps * step_price(self.good)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes that make a package exactly 100.00 yuan, in the order of its lines, new goods last."""

    changes: tuple[Change, ...]

    @property
    def steps(self) -> int:
        return sum(abs(change.steps) for change in self.changes)

    @property
    def kind(self) -> Literal["add", "remove", "exchange"]:
        """What the clerk does: only adds, only takes out, or both."""
        if all(change.steps > 0 for change in self.changes):
            return "add"
        return "remove" if all(change.steps < 0 for change in self.changes) else "exchange"


class NothingToChange(Refusal):
    text = N_("No good here can be added or taken out. Choose another good that the household has brought.")


class StepsMissTheGap(Refusal):
    text = N_(
        "These goods change the sum by multiples of {step} yuan only, and {gap} yuan is none. "
        "Add a good with another price."
    )


class NothingReaches(Refusal):
    text = N_(
        "No change of up to three goods makes exactly 100.00 yuan. "
        "Add or take out a good yourself first, or choose another one."
    )


class FarTooMuch(Refusal):
    text = N_("This is worth {total} yuan. Make several packages of it, or take most of it out.")


def propose(
    lines: Sequence[Line],
    at_hand: Iterable[Good],
    day: date,
    *,
    most: Mapping[str, int] | None = None,
    count: int = MOST_PROPOSALS,
) -> list[Proposal]:
    """The changes that make the lines exactly 100.00 yuan, the best first; none where it is so, or cannot be.

    Best is what touches the fewest goods; then what needs the fewest steps; then what brings the fewest new
    goods; then, good by good in the order of the lines and after them `at_hand`: adding (few steps before many)
    before taking out before leaving alone. All proposals touch as few goods as the best one, and none needs
    more than MORE_STEPS steps more.

    A good may be added when it is in the lines or at hand, may be sold on that day, and stays within `most`
    (pieces or grams by code; without it 100.00 yuan is the bound). No quantity falls below zero. No more than
    MOST_TOUCHED goods are touched: where that does not reach, `explain` says why.
    Refuses a quantity that is no multiple of its step.
    """
    return _proposals(_scope(lines, at_hand, day, most or {}), count)


def explain(
    lines: Sequence[Line], at_hand: Iterable[Good], day: date, *, most: Mapping[str, int] | None = None
) -> Refusal | None:
    """Why `propose` finds nothing, to be said, not raised; None where it finds something or the sum is right."""
    scope = _scope(lines, at_hand, day, most or {})
    if scope.gap == 0 or _proposals(scope, 1):
        return None
    if scope.total >= 2 * HUNDRED:
        return FarTooMuch(total=yuan(scope.total))
    if not scope.rooms:
        return NothingToChange()
    if scope.gap % scope.unit:
        return StepsMissTheGap(step=yuan(scope.unit), gap=yuan(abs(scope.gap)))
    return NothingReaches()


def changed(lines: Iterable[Line], proposal: Proposal) -> list[Line]:
    """The lines after a proposal: same order, new goods last, without what was taken out whole."""
    quantities = {line.good.code: line for line in _merged(lines)}
    for change in proposal.changes:
        line = quantities.get(change.good.code, Line(change.good, 0))
        quantities[change.good.code] = replace(line, quantity=line.quantity + change.quantity)
    return [line for line in quantities.values() if line.quantity]


def _merged(lines: Iterable[Line]) -> list[Line]:
    merged: dict[str, Line] = {}
    for line in lines:
        known = merged.get(line.good.code)
        merged[line.good.code] = replace(line, quantity=line.quantity + known.quantity) if known else line
    return list(merged.values())


@dataclass(frozen=True, slots=True)
class _Room:
    """How far one good can be changed: fen for a step, steps that may be added, that may be taken out."""

    good: Good
    price: int
    up: int
    down: int

    def allows(self, steps: int) -> bool:
        return -self.down <= steps <= self.up


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the search may do: rooms of the goods in the lines, rooms of new goods, fen to reach."""

    inside: list[_Room]
    new: list[_Room]
    total: int

    @property
    def gap(self) -> int:
        return HUNDRED - self.total

    @property
    def rooms(self) -> list[_Room]:
        return self.inside + self.new

    @property
    def unit(self) -> int:
        """The largest sum of fen of which every step is a multiple."""
        return reduce(gcd, (room.price for room in self.rooms), 0)


def _scope(lines: Sequence[Line], at_hand: Iterable[Good], day: date, most: Mapping[str, int]) -> _Scope:
    inside = _merged(lines)
    codes = {line.good.code for line in inside}
    new = {good.code: Line(good, 0) for good in at_hand if good.code not in codes and sellable(good, day)}
    return _Scope(
        [room for room in (_room(line, day, most) for line in inside) if room.up or room.down],
        [room for room in (_room(line, day, most) for line in new.values()) if room.up],
        total(inside),
    )


def _room(line: Line, day: date, most: Mapping[str, int]) -> _Room:
    price, steps = step_price(line.good), steps_of(line.good, line.quantity)
    bound = min(HUNDRED // price, most.get(line.good.code, HUNDRED * line.good.step) // line.good.step)
    return _Room(line.good, price, max(0, bound - steps) if sellable(line.good, day) else 0, steps)


_Way = tuple[tuple[int, int], ...]  # (place in scope.rooms, steps), by place


def _proposals(scope: _Scope, count: int) -> list[Proposal]:
    if not scope.rooms or scope.gap % scope.unit or not scope.gap:
        return []
    rooms = scope.rooms
    for ways in (_one_good(scope), _two_goods(scope, count), _three_goods(scope)):
        found = list(islice(ways, count))
        if found:
            return [Proposal(tuple(Change(rooms[place].good, steps) for place, steps in way)) for way in found]
    return []


def _ranked(scope: _Scope, ways: Iterable[_Way]) -> Iterator[_Way]:
    """In the order of preference, up to MORE_STEPS steps behind the best; the ways are looked at when asked for."""
    keyed = sorted((_steps(way), _preference(scope, way), way) for way in ways)
    yield from (way for steps, _, way in keyed if steps <= keyed[0][0] + MORE_STEPS)


def _steps(way: _Way) -> int:
    return sum(abs(steps) for _, steps in way)


def _preference(scope: _Scope, way: _Way) -> tuple[int, list[tuple[int, bool, int]]]:
    new = sum(place >= len(scope.inside) for place, _ in way)
    return new, [(place, steps < 0, abs(steps)) for place, steps in way]


def _one_good(scope: _Scope) -> Iterator[_Way]:
    ways = ((place, divmod(scope.gap, room.price)) for place, room in enumerate(scope.rooms))
    return _ranked(
        scope, (((place, steps),) for place, (steps, rest) in ways if not rest and scope.rooms[place].allows(steps))
    )


def _two_goods(scope: _Scope, count: int) -> Iterator[_Way]:
    """The best ways of every pair of goods: the integer solutions of price·x + price·y = gap."""
    pairs = combinations(enumerate(scope.rooms), 2)
    return _ranked(
        scope,
        (
            ((one, steps), (other, (scope.gap - steps * first.price) // second.price))
            for (one, first), (other, second) in pairs
            for steps in _pair(first, second, scope.gap, count)
        ),
    )


def _pair(first: _Room, second: _Room, gap: int, count: int) -> set[int]:
    """Steps of the first good that the second can complete, with `count` of the fewest steps in all among them.

    They lie `stride` apart. The steps in all fall and rise with them, turning where either good is left alone, so
    the fewest stand beside the two turns, or beside the bound that is nearest to a turn.
    """
    common = gcd(first.price, second.price)
    if gap % common:
        return set()
    stride = second.price // common
    start = gap // common * pow(first.price // common, -1, stride) % stride
    lowest = max(-first.down, -((second.up * second.price - gap) // first.price))
    highest = min(first.up, (gap + second.down * second.price) // first.price)
    found: set[int] = set()
    for turn in (0, gap // first.price):
        beside = max(lowest, min(highest, turn))
        beside -= (beside - start) % stride
        found.update(range(beside - count * stride, beside + (count + 1) * stride + 1, stride))
    return {steps for steps in found if lowest <= steps <= highest and steps and steps * first.price != gap}


# For three goods the search keeps sets of sums as the bits of one integer: bit i stands for (i - origin) * unit.
# Adding steps of a good to every sum of a set is one shift, so thousands of sums move at once. Every partial sum
# of a solution lies between -total (all taken out) and 100.00 yuan (all added), which bounds the integers.


@dataclass(frozen=True, slots=True)
class _Sums:
    origin: int
    mask: int

    def smeared(self, sums: int, shift: int, times: int) -> int:
        """The sums moved by 1 to `times` shifts; to the right where the shift is below zero."""
        reached, covered = sums, 1
        while covered < times:
            more = min(covered, times - covered)
            reached |= self.moved(reached, shift * more)
            covered += more
        return self.moved(reached, shift) if times else 0

    def moved(self, sums: int, shift: int) -> int:
        return sums << shift & self.mask if shift > 0 else sums >> -shift

    def holds(self, sums: int, value: int) -> bool:
        place = self.origin + value
        return place >= 0 and bool(sums >> place & 1)


def _sums(scope: _Scope) -> _Sums:
    origin = scope.total // scope.unit
    return _Sums(origin, (1 << origin + HUNDRED // scope.unit + 1) - 1)


def _reachable(scope: _Scope, touched: int) -> bool:
    """Whether so many goods can close the gap, with whatever steps."""
    sums = _sums(scope)
    without = [1 << sums.origin] * (len(scope.rooms) + 1)
    for _ in range(touched):
        reached = [0]
        for room, rest in zip(reversed(scope.rooms), without, strict=False):
            shift = room.price // scope.unit
            moved = sums.smeared(rest, shift, room.up) | sums.smeared(rest, -shift, room.down)
            reached.append(reached[-1] | moved)
        without = reached
    return sums.holds(without[-1], scope.gap // scope.unit)


class _Window:
    """The sums of the last `bound` layers, each moved once for every layer since: the steps of one good."""

    def __init__(self, sums: _Sums, shift: int, bound: int) -> None:
        self.sums, self.shift, self.bound = sums, shift, bound
        self.fresh: list[int] = []
        self.recent = 0
        self.older: list[int] = []

    def push(self, newest: int) -> int:
        """Takes one more layer and gives the sums one step after it; what is too old falls out."""
        if len(self.fresh) == self.bound:
            self._turn()
        if self.older:
            self.older.pop()
        self.fresh.append(newest)
        self.recent = self.sums.moved(self.recent | newest, self.shift)
        return self.recent | (self.sums.moved(self.older[-1], self.shift * len(self.fresh)) if self.older else 0)

    def _turn(self) -> None:
        """Fresh layers become the older ones, joined so that the oldest can be dropped one by one."""
        joined = 0
        for age, layer in enumerate(reversed(self.fresh), 1):
            joined |= self.sums.moved(layer, self.shift * age)
            self.older.append(joined)
        self.fresh, self.recent = [], 0


class _Stage:
    """Sums that some rooms reach, touching exactly so many of them with exactly so many steps, from a base.

    `table[touched][steps][place]` is the set of sums of the rooms from `place` on, each on top of a sum of the
    base, which took its own share of the steps. Layers of steps are added by `grow`.
    """

    def __init__(self, rooms: list[_Room], start: int, touched: int, sums: _Sums, unit: int) -> None:
        self.rooms = rooms
        self.start = start
        self.touched = touched
        self.sums = sums
        self.shifts = [room.price // unit for room in rooms]
        self.table: list[list[list[int]]] = [[] for _ in range(touched + 1)]
        self._windows = [[self._both_ways(place) for place in range(len(rooms))] for _ in range(touched)]

    def _both_ways(self, place: int) -> list[_Window]:
        room, shift = self.rooms[place], self.shifts[place]
        bounds = ((shift, room.up), (-shift, room.down))
        return [_Window(self.sums, toward, bound) for toward, bound in bounds if bound]

    def grow(self, base: int) -> None:
        """One more layer of steps; `base` are the sums to start from at exactly that many steps."""
        self.table[0].append([base] * (len(self.rooms) + 1))
        for touched, windows in enumerate(self._windows, 1):
            layer = [0] * (len(self.rooms) + 1)
            if self.table[touched]:
                before = self.table[touched - 1][-2]
                for place in reversed(range(len(self.rooms))):
                    layer[place] = layer[place + 1]
                    for window in windows[place]:
                        layer[place] |= window.push(before[place + 1])
            self.table[touched].append(layer)

    def changes(self, place: int, steps: int) -> Iterator[int]:
        """The changes of one room within so many steps: adding before taking out, few before many."""
        room = self.rooms[place]
        yield from range(1, min(room.up, steps) + 1)
        yield from range(-1, -min(room.down, steps) - 1, -1)


def _three_goods(scope: _Scope) -> Iterator[_Way]:
    """The ways that touch three goods, by steps, number of new goods, and preference."""
    if scope.total > MOST_TOTAL or not _reachable(scope, MOST_TOUCHED):
        return
    sums, unit = _sums(scope), scope.unit
    new = _Stage(scope.new, len(scope.inside), MOST_TOUCHED, sums, unit)
    numbers = range(min(MOST_TOUCHED, len(scope.new)) + 1)
    inside = [_Stage(scope.inside, 0, MOST_TOUCHED - number, sums, unit) for number in numbers]
    last = MOST_SEARCH // len(scope.rooms)
    for steps in count_from(0):
        if steps > last:
            return
        new.grow(0 if steps else 1 << sums.origin)
        for number, stage in enumerate(inside):
            stage.grow(new.table[number][steps][0])
            for way in _ways([(stage, stage.touched), (new, number)], 0, steps, scope.gap // unit):
                last = min(last, steps + MORE_STEPS)
                yield way


def _ways(stages: list[tuple[_Stage, int]], start: int, steps: int, value: int) -> Iterator[_Way]:
    """Every way to the value with exactly these steps, in the order of preference, without a dead end."""
    (stage, touched), *later = stages
    if not touched:
        yield from _ways(later, 0, steps, value) if later else iter([()])
        return
    for place in range(start, len(stage.rooms)):
        if not stage.sums.holds(stage.table[touched][steps][place], value):
            return
        for change in stage.changes(place, steps):
            left = steps - abs(change)
            rest = value - change * stage.shifts[place]
            if stage.sums.holds(stage.table[touched - 1][left][place + 1], rest):
                for following in _ways([(stage, touched - 1), *later], place + 1, left, rest):
                    yield ((stage.start + place, change), *following)


# ---- what must be true before the counter takes it


class EmptyPackage(Refusal):
    text = N_("There is nothing in this package yet. Choose a recipe, or put goods in.")


class GoodTwice(Refusal):
    text = N_("{good}: in two lines. Put the whole quantity into one line.")


class SumNotHundred(Refusal):
    """The sum is not 100.00 yuan. `values` hold sum and gap in words, and what the page can offer."""

    field = "lines"

    @property
    def suggestion(self) -> Proposal | None:
        """The best change that makes the sum right, if there is one."""
        found = self.values.get("suggestion")
        return found if isinstance(found, Proposal) else None

    @property
    def reason(self) -> Refusal | None:
        """Why there is no suggestion."""
        found = self.values.get("reason")
        return found if isinstance(found, Refusal) else None


class SumTooSmall(SumNotHundred):
    text = N_("The goods come to {sum} yuan: {gap} yuan are missing to 100.00. Add goods until it is exact.")


class SumTooLarge(SumNotHundred):
    text = N_("The goods come to {sum} yuan: {gap} yuan too much. Take goods out until it is exactly 100.00.")


def check(
    lines: Sequence[Line], day: date, *, at_hand: Iterable[Good] = (), most: Mapping[str, int] | None = None
) -> None:
    """Promises a package that may be bought on that day: goods that may be sold, exactly 100.00 yuan.

    Refuses an empty package, a good in two lines, goods unsafe, unlicensed or out of season, quantities that
    are no steps, and every other sum, with the best change that the lines and the goods at hand allow.
    """
    if not lines:
        raise EmptyPackage
    for number, line in enumerate(lines):
        check_sellable(line.good, day)
        if any(line.good.code == other.good.code for other in lines[:number]):
            raise GoodTwice(good=line.good)
        if line.quantity <= 0:
            raise not_a_step(line.good, line.quantity)
    missing = gap(lines)
    if missing:
        offered = list(at_hand)
        suggestion = next(iter(propose(lines, offered, day, most=most, count=1)), None)
        raise (SumTooSmall if missing > 0 else SumTooLarge)(
            sum=yuan(HUNDRED - missing),
            gap=yuan(abs(missing)),
            suggestion=suggestion,
            reason=None if suggestion else explain(lines, offered, day, most=most),
        )


# ---- weighing


class CountDiffers(Refusal):
    text = N_("{good}: {asked} are needed, {weighed} were counted. Count again, or change the package.")
    field = "weighed"


class WeightShort(Refusal):
    text = N_("{good}: {weighed} is less than {asked}. Add to it; none may be short.")
    field = "weighed"


class WeightOver(Refusal):
    text = N_("{good}: {weighed} is more than {most}, one per cent over {asked}. Take out what is too much.")
    field = "weighed"


def most_weight(asked: int, unit: Unit) -> int:
    """The most pieces or grams that may lie on the scale: pieces exact, grams at most 1 % over (roles.md)."""
    return asked if unit == "piece" else asked * 101 // 100


def weight_fits(asked: int, weighed: int, unit: Unit) -> bool:
    """Whether what was counted or weighed is right: pieces exact, grams none short and at most 1 % over."""
    return asked <= weighed <= most_weight(asked, unit)


def check_weight(good: Good, asked: int, weighed: int) -> None:
    """Refuses a wrong count, a short weight and more than 1 % over."""
    if weight_fits(asked, weighed, good.unit):
        return
    refusal = CountDiffers if good.unit == "piece" else WeightShort if weighed < asked else WeightOver
    raise refusal(
        good=good,
        asked=measured(good, asked),
        weighed=measured(good, weighed),
        most=measured(good, most_weight(asked, good.unit)),
    )


class WeightBetween(Refusal):
    text = N_("{good}: the scale shows {weighed}. Add {missing} to make it {more}, or take out {over} and bill {less}.")
    field = "weighed"


class WeightBelowStep(Refusal):
    text = N_("{good}: the scale shows {weighed}. Add {missing} to make it {more}; less is not bought.")
    field = "weighed"


def billed(good: Good, weighed: int) -> int:
    """What is paid of so many pieces or grams on the scale: the whole steps in them, where they may stand for those.

    Grams between two steps, more than 1 % over the lower one, are refused with the ways out: add, or take out.
    """
    if good.unit == "piece":
        return weighed
    less = weighed - weighed % good.step
    if weight_fits(less, weighed, good.unit):
        return less
    raise (WeightBetween if less else WeightBelowStep)(
        good=good,
        weighed=measured(good, weighed),
        more=measured(good, less + good.step),
        missing=small_weight(less + good.step - weighed),
        less=measured(good, less),
        over=small_weight(weighed - most_weight(less, good.unit)),
    )


def small_weight(grams: int) -> Words:
    """A weight to add or take out: 50克 or 50 g."""
    return Words(f"{grams}克", f"{grams} g")


# ---- states

DRAFT, WEIGHED, INSPECTED, PAID = "draft", "weighed", "inspected", "paid"
SENT_BACK, REVERSED, WITHDRAWN = "sent_back", "reversed", "withdrawn"

STATE_NAMES: Mapping[str, str] = {
    DRAFT: N_("Draft"),
    WEIGHED: N_("Weighed"),
    INSPECTED: N_("Passed the check"),
    PAID: N_("Paid"),
    SENT_BACK: N_("Sent back"),
    REVERSED: N_("Reversed"),
    WITHDRAWN: N_("Withdrawn"),
}

# Weighing again leaves a weighed package weighed, and takes an inspected one back: the inspection is void.
ARROWS: frozenset[tuple[str, str]] = frozenset(
    {
        (DRAFT, WEIGHED),
        (DRAFT, WITHDRAWN),
        (DRAFT, SENT_BACK),
        (WEIGHED, INSPECTED),
        (WEIGHED, SENT_BACK),
        (INSPECTED, WEIGHED),
        (INSPECTED, PAID),
        (INSPECTED, SENT_BACK),
        (PAID, REVERSED),
    }
)


class NotFromHere(Conflict):
    text = N_("This package has moved on, or is not ready for this step. Look at it again before you go on.")


def check_arrow(state: str, following: str) -> None:
    """Refuses a step that does not lead from this state; the page shows the state by `values`."""
    if (state, following) not in ARROWS:
        raise NotFromHere(state=state, following=following)


# ---- what the inspector looks at, and why a package is sent back


@dataclass(frozen=True, slots=True)
class Check:
    """One look of a minute at the counter; `text` is a msgid."""

    code: str
    text: str


NO_INSECTS = Check("no_insects", N_("No insects, no mould, no musty smell"))
SAFE_FRUIT = (
    Check("ripe_dry", N_("Ripe and dry on the outside")),
    Check("no_rot", N_("No rot, no bruises, no worms")),
)
FIELD_CROP = (
    Check("no_rot", N_("Nothing green, rotten or frozen")),
    Check("clean_size", N_("No mud on it, fist size or larger")),
)
LEAF_CROP = (
    Check("fresh", N_("Fresh and firm, not wilted")),
    Check("no_rot", N_("No rot, no mud, no insects")),
)
BEANS = (Check("bite_dry", N_("Cracks when bitten: dry, moisture thirteen per cent at most")), NO_INSECTS)
NUTS = (
    Check("crack_five", N_("Five cracked open: one bad at most")),
    Check("not_rancid", N_("No rancid smell")),
)
DRIED = (
    Check("snap_dry", N_("Snaps when bent: dry")),
    Check("no_sulphur", N_("No smell of sulphur, natural colour, no sand")),
    NO_INSECTS,
)
PACKED = (
    Check("licence_shown", N_("The workshop's licence number is on the goods")),
    Check("no_off_smell", N_("No rancid or musty smell, packing whole")),
)

CHECKS: Mapping[str, tuple[Check, ...]] = {
    "EGG": (
        Check("candled", N_("Candled: small air cell, no spots, no cracks")),
        Check("laying_date", N_("Laying date asked, and within the shelf life")),
        Check("size_clean", N_("40 g or more each, clean shells, not washed")),
    ),
    "HON": (
        Check("sealed", N_("Jar sealed, no foam of fermenting")),
        Check("beekeeper", N_("Harvest date and beekeeper's name on the jar")),
    ),
    "CRN": (Check("feels_dry", N_("Dry to the hand, even grain")), NO_INSECTS),
    "PER": (Check("white_bloom", N_("Soft inside, natural white bloom, no sulphur smell")), NO_INSECTS),
    "SPN": (Check("snap_dry", N_("Snaps when bent: dry")), *PACKED),
    "BAC": PACKED,
    **dict.fromkeys(("SOY", "GRN", "RED"), BEANS),
    **dict.fromkeys(("WAL", "PEA"), NUTS),
    **dict.fromkeys(("WOO", "MUS", "LIL", "CHL", "ZAN"), DRIED),
    **dict.fromkeys(("POT", "SWE", "PUM"), FIELD_CROP),
    **dict.fromkeys(("CAB", "RAD"), LEAF_CROP),
    **dict.fromkeys(("STG", "GZO", "CHE", "LOQ"), SAFE_FRUIT),
}
ANY_GOOD = (Check("sound", N_("Fresh, clean and dry; no rot, mould or insects")),)


def checks_for(good_code: str) -> tuple[Check, ...]:
    """What the inspector ticks for a good: two or three looks; one general look for an unlisted good."""
    return CHECKS.get(good_code, ANY_GOOD)


OTHER = "other"
REASONS: Mapping[str, str] = {
    "short_weight": N_("Too little for 100.00 yuan, and it cannot be made up today"),
    "cracked_eggs": N_("Cracked eggs, and not enough sound ones to replace them"),
    "stale_eggs": N_("Eggs not fresh: the air cell is too large"),
    "insects": N_("Insects in the goods"),
    "mould": N_("Mould, or a musty smell"),
    "damp": N_("Too damp: dry it and bring it again"),
    "rancid": N_("Rancid smell"),
    OTHER: N_("Another reason, in words"),
}


class ReasonMissing(Refusal):
    text = N_("Choose why the package is sent back; the household gets the reason on a slip.")
    field = "reason"


class WordsMissing(Refusal):
    text = N_("Write the reason in a few words, so that the household knows what to do.")
    field = "words"


def check_reason(reason: str, words: str) -> None:
    """Refuses to send back without a reason of the list, and "other" without words."""
    if reason not in REASONS:
        raise ReasonMissing
    if reason == OTHER and not words.strip():
        raise WordsMissing


# ---- names of contents


def by_worth(lines: Iterable[Line]) -> list[Line]:
    """The lines with the largest amount first, then by code: the order of pictures, titles and keys."""
    return sorted(lines, key=lambda line: (-amount(line.good, line.quantity), line.good.code))


def content_key(lines: Iterable[Line]) -> str:
    """The same for the same contents: "EGG:30;SOY:4000" in pieces and grams, largest amount first."""
    return ";".join(f"{line.good.code}:{line.quantity}" for line in by_worth(lines))


def title_pieces(lines: Iterable[Line]) -> list[Words]:
    """What is in it, piece by piece, largest amount first: 30枚土鸡蛋, 4公斤黄豆."""
    return [portion(line.good, line.quantity) for line in by_worth(lines)]


def title(lines: Iterable[Line]) -> Words:
    """What is in it as one line: 30枚土鸡蛋+4公斤黄豆, or 30 free-range eggs + 4 kg soybeans."""
    pieces = title_pieces(lines)
    return Words("+".join(piece.name_zh for piece in pieces), " + ".join(piece.name_en for piece in pieces))
