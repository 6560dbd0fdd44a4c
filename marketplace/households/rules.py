"""The register's rules: what words find a household, what statuses are called, what a sheet of households may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product
from typing import Literal

from pypinyin import lazy_pinyin

from marketplace.errors import N_, Refusal, Words
from marketplace.ids import check_card_code

# How a name is found by its pinyin


# Where a sign as a family name sounds otherwise than elsewhere.
SURNAMES: Mapping[str, str] = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "任": "ren", "盖": "ge",
    "朴": "piao", "翟": "zhai", "覃": "qin", "缪": "miao", "冼": "xian", "乐": "yue", "宁": "ning", "华": "hua",
    "员": "yun", "折": "she", "召": "shao", "种": "chong", "繁": "po", "尹": "yin", "谌": "chen", "郗": "xi",
    "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "令狐": "ling hu", "澹台": "tan tai",
}  # fmt: skip
# Signs in given names that people read both ways.
TWO_READINGS: Mapping[str, str] = {
    "长": "chang zhang", "行": "hang xing", "乐": "le yue", "重": "chong zhong", "朝": "chao zhao",
    "传": "chuan zhuan", "盛": "sheng cheng", "藏": "cang zang", "曾": "zeng ceng",
}  # fmt: skip
MOST_KEYS = 16


def search_keys(name: str, given: str = "") -> str:
    """The pinyin keys of a name, separated by spaces: initials and whole syllables, in every usual reading.

    `given` keys come first: somebody who knows better has typed them. 曾福宝 → "zfb zengfubao".
    """
    readings = readings_of(name)
    initials = ["".join(syllable[0] for syllable in reading) for reading in readings]
    whole = ["".join(reading) for reading in readings]
    wide = [key.replace("v", "u") for key in (*initials, *whole) if "v" in key]
    typed = re.findall(r"[a-z]+", given.lower())
    return " ".join(dict.fromkeys([*typed, *initials, *whole, *wide]))


def readings_of(name: str) -> list[tuple[str, ...]]:
    """Every usual way to read a name, a syllable for each sign; what is no Chinese sign is left out."""
    surname = next((known for known in SURNAMES if len(known) == 2 and name.startswith(known)), name[:1])
    first = SURNAMES.get(surname)
    syllables = [[syllable] for syllable in first.split()] if first else [_sounds(sign) for sign in surname]
    syllables += [_sounds(sign) for sign in name[len(surname) :]]
    return list(islice(product(*(several for several in syllables if several)), MOST_KEYS))


def _sounds(sign: str) -> list[str]:
    if sign in TWO_READINGS:
        return TWO_READINGS[sign].split()
    return [sound for sound in lazy_pinyin(sign, errors="ignore") if sound]


# What somebody looks for


LONGEST_SEARCH = 60
TOLERANT = str.maketrans("lf", "nh")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was typed into the search, as every way of finding a household takes it; empty parts find nothing."""

    text: str = ""
    number: str = ""
    ending: str = ""
    card: str = ""
    key: str = ""
    part_of_name: str = ""

    @property
    def tolerant_key(self) -> str:
        """The key with l as n and f as h, which local speech takes for one another."""
        return self.key.translate(TOLERANT)


def read_wanted(words: str) -> Wanted:
    """What was typed or scanned: a name, pinyin, a number such as JP4-04, 4-4 or 404, or a card's code."""
    text = unicodedata.normalize("NFKC", words[: 2 * LONGEST_SEARCH]).strip()[:LONGEST_SEARCH]
    upper = re.sub(r"[‐-―−]", "-", text.upper())
    letters = re.sub(r"^([ln])yu(?!a)", r"\1v", re.sub(r"[\s'’·]", "", text.lower()).replace("ü", "v"))
    return Wanted(
        text=text,
        number=upper if re.fullmatch(r"[A-Z]{0,8}[0-9]{1,3}(-[0-9]{0,4})?", upper) else "",
        ending=_ending(upper),
        card=check_card_code(text) or "",
        key=letters if re.fullmatch(r"[a-z]{1,40}", letters) else "",
        part_of_name="".join(sign for sign in text if sign == "·" or "㐀" <= sign <= "鿿" or sign >= "𠀀"),
    )


def _ending(upper: str) -> str:
    """How the wanted number ends, as LIKE takes it: 4-4 and 404 are %4-04; JP4-4 is JP4-04."""
    found = re.fullmatch(r"([A-Z]*)([0-9]{1,2})-([0-9]{1,3})", upper) or re.fullmatch(r"()([0-9])([0-9]{2})", upper)
    if found is None:
        return ""
    return f"{found[1] or '%'}{int(found[2])}-{int(found[3]):02d}"


# What statuses are called


Pack = Literal["2018", "now"]
POVERTY_ENDED = date(2021, 1, 1)  # from here on, documents speak of households lifted and monitored
STATUSES = ("poor", "lifted", "ordinary", "monitored")
STATUS_WORDS: Mapping[Pack, Mapping[str, str]] = {
    "2018": {
        "poor": N_("Registered poor household"),
        "lifted": N_("Lifted from poverty"),
        "ordinary": N_("Ordinary household"),
        "monitored": N_("Monitored household"),
    },
    "now": {
        "poor": N_("Formerly poor household"),
        "lifted": N_("Formerly poor household"),
        "ordinary": N_("Ordinary household"),
        "monitored": N_("Monitored household"),
    },
}


def label_pack(day: date) -> Pack:
    """The words that documents of that day use for a household's status."""
    return "2018" if day < POVERTY_ENDED else "now"


def status_words(status: str, day: date) -> str:
    """A status as documents of that day call it (a msgid)."""
    return STATUS_WORDS[label_pack(day)][status]


# Cards and proxies


class CardOpenAlready(Refusal):
    text = N_("This household has a card. Replace it, and say why, if it is lost or broken.")


class NoOpenCard(Refusal):
    text = N_("This household has no card that works. Give it a new one.")


class CardBlockedAlready(Refusal):
    text = N_("This card is blocked already.")


class PinsDiffer(Refusal):
    text = N_("The two PINs differ. Let the household type it once more, twice.")
    field = "pin_again"


class PinTooSimple(Refusal):
    text = N_("Everybody tries this PIN first. Let the household choose another one.")
    field = "pin"


class ProxyTermBackwards(Refusal):
    text = N_("The last day is before the first. Correct one of the two days.")
    field = "valid_until"


class ProxyIsMember(Refusal):
    text = N_("{name} lives in this household and may collect anyway. Enter somebody from outside.")
    field = "name"


class ProxyKnown(Refusal):
    text = N_("{name} may collect for this household already. End that first, if something has changed.")
    field = "name"


class ProxyNotThere(Refusal):
    text = N_("Nobody called {name} lives in {household}. Leave the number out for somebody from elsewhere.")
    field = "lives_in"


class ProxyEnded(Refusal):
    text = N_("This proxy has ended already.")


class ReasonMissing(Refusal):
    text = N_("Say why, in a few words.")
    field = "reason"


def require_good_pin(pin: str, again: str) -> None:
    """Refuses two PINs that differ, and one of four equal or counting signs."""
    if pin != again:
        raise PinsDiffer
    if len(set(pin)) == 1 or pin in "01234567890" or pin in "09876543210":
        raise PinTooSimple


def require_term(first: date, last: date | None) -> None:
    """Refuses a term that would end before it begins."""
    if last is not None and last < first:
        raise ProxyTermBackwards


# A sheet of households and their members


MOST_ROWS = 5000
MOST_FAULTS = 100
LONGEST_NAME = 40
RELATIONS: Mapping[str, str] = {
    "head": "户主",
    "spouse": "配偶",
    "father": "父亲",
    "mother": "母亲",
    "son": "子",
    "daughter": "女",
    "son_in_law": "女婿",
    "daughter_in_law": "儿媳",
    "grandson": "孙子",
    "granddaughter": "孙女",
    "grandfather": "祖父",
    "grandmother": "祖母",
    "brother": "兄弟",
    "sister": "姐妹",
    "father_in_law": "公公",
    "mother_in_law": "婆母",
    "other": "其他",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet: its code, its label in both languages, and further labels that are understood."""

    code: str
    name_en: str
    name_zh: str
    others: tuple[str, ...] = ()
    required: bool = False
    of_member: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("household_code", "Household number", "户号", ("household", "户编号", "户编码"), required=True),
    Column("group_code", "Group", "组", ("group", "村民小组", "小组", "组号", "组别"), required=True),
    Column("head_name", "Head of household", "户主", ("head", "householder", "户主姓名"), required=True),
    Column("head_initials", "Pinyin initials", "拼音首字母", ("initials", "pinyin", "拼音", "首字母")),
    Column("status", "Status", "户类型", ("类型", "类别", "贫困户属性")),
    Column("lifted_year", "Year lifted", "脱贫年份", ("脱贫年度",)),
    Column("size_2014", "People in 2014", "2014年人口", ("2014人口",)),
    Column("relocation", "Relocation", "搬迁", ("易地搬迁", "安置点")),
    Column("forest_guard", "Forest guard", "护林员", ("生态护林员",)),
    Column("coop_member", "Cooperative member", "合作社社员", ("入社", "合作社")),
    Column("forest_mu", "Forest (mu)", "林地(亩)", ("forest", "林地", "林地亩数")),
    Column("phone", "Phone", "手机", ("电话", "手机类型")),
    Column("seq_no", "No.", "序号", ("sequence", "成员序号"), of_member=True),
    Column("name", "Name", "姓名", ("member", "成员姓名", "成员"), required=True, of_member=True),
    Column("relation", "Relation to the head", "与户主关系", ("关系",), required=True, of_member=True),
    Column("sex", "Sex", "性别", (), required=True, of_member=True),
    Column("birth_year", "Year of birth", "出生年份", ("出生年", "born"), required=True, of_member=True),
)
COLUMN_OF: Mapping[str, Column] = {column.code: column for column in COLUMNS}
HOUSEHOLD_COLUMNS = tuple(column.code for column in COLUMNS if not column.of_member)


def _spelled(**spellings: str) -> dict[str, str]:
    """Each code by itself and by its other spellings."""
    return {name: code for code, names in spellings.items() for name in (code, *names.split())}


WORDS: Mapping[str, Mapping[str, str]] = {
    "status": _spelled(
        poor="贫困户 建档立卡贫困户 未脱贫",
        lifted="脱贫户 已脱贫户 已脱贫",
        ordinary="一般户 一般农户 非贫困户",
        monitored="监测户 监测对象",
    ),
    "phone": _spelled(none="无 没有 no", feature="老人机 功能机", smart="智能机 智能手机"),
    "sex": _spelled(m="男 male", f="女 female"),
    "relation": {zh: code for code, zh in RELATIONS.items()}
    | {"儿子": "son", "女儿": "daughter", "兄": "brother", "弟": "brother", "姐": "sister", "妹": "sister"}
    | _spelled(**dict.fromkeys(RELATIONS, ""))
    | _spelled(spouse="妻 夫 妻子 丈夫", father="父", mother="母", mother_in_law="婆婆 岳母", father_in_law="岳父"),
    "flag": _spelled(true="是 yes 1 √ ✓ 有", false="否 no 0 无"),
}


class SheetRefused(Refusal):
    """A sheet that cannot be read at all."""

    field = "file"


class SheetEmpty(SheetRefused):
    text = N_("There are no rows below the header. Fill in the sheet, then choose it again.")


class SheetTooLong(SheetRefused):
    text = N_("A sheet may have {most} rows. Split it, and read in one part after the other.")


class ColumnsMissing(SheetRefused):
    text = N_("These columns are missing: {columns}. Take the template, or name them in the first row.")


class ColumnTwice(SheetRefused):
    text = N_("The column {column} stands in the sheet twice. Delete one of the two.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell: the row as the sheet counts (the header is 1), the column's code, a msgid."""

    row: int
    column: str
    text: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SheetMember:
    """One row's member."""

    sequence: int
    name: str
    relation: str
    sex: str
    birth_year: int


@dataclass(frozen=True, slots=True)
class SheetHousehold:
    """A household as the sheet has it. `given` names the columns that were filled in: only they change a known one."""

    code: str
    group_code: str
    head_name: str
    given: frozenset[str]
    head_initials: str = ""
    status: str = "ordinary"
    lifted_year: int | None = None
    size_2014: int | None = None
    relocation: str = ""
    forest_guard: bool = False
    coop_member: bool = False
    forest_area: int | None = None
    phone_kind: str = "none"
    members: tuple[SheetMember, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet says: households in its order, or faults; `ignored` are headings nobody understood."""

    households: tuple[SheetHousehold, ...] = ()
    faults: tuple[Fault, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: int = 0


EMPTY_CELL = N_("Fill this in.")
UNKNOWN_WORD = N_("“{typed}” is not understood here. One of: {words}.")
NOT_A_NUMBER = N_("“{typed}” is not a number that can be right here.")
NOT_A_CODE = N_("A number looks like {example}: the group, a dash, the household.")
UNKNOWN_GROUP = N_("There is no group “{typed}” in this village.")
OTHER_GROUP = N_("A household of this group has a number that begins with {group}-.")
TOO_LONG = N_("This is longer than {most} signs.")
A_FORMULA = N_("This is a formula. Enter the text or figure itself.")
ODD_SIGN = N_("This holds a sign that cannot be kept. Type it again.")
DIFFERS = N_("Row {row} says something else for the same household.")
NO_HEAD = N_("One member of each household is its head.")
TWO_HEADS = N_("This household has two heads. Keep one.")
HEAD_DIFFERS = N_("The head of this household is called {name} in the other column.")
SEQUENCE_TWICE = N_("Two members of this household have this number.")
YEAR_NEEDED = N_("Enter the year in which the household was lifted from poverty.")


def read_sheet(rows: Sequence[Sequence[str]], groups: Mapping[str, Sequence[str]], this_year: int) -> Sheet:
    """The households of a sheet whose first row names the columns, or everything that is wrong with it.

    `groups` gives each group's code with the other ways to name it. Refuses (`SheetRefused`) a sheet that is no list
    of households at all. Rows may stand in any order; what a household's later rows leave blank is as in its first.
    """
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        raise SheetEmpty
    if len(filled) > MOST_ROWS + 1:
        raise SheetTooLong(most=MOST_ROWS)
    columns, ignored = read_header(filled[0][1])
    reader = _SheetReader({name: code for code, names in groups.items() for name in (code, *names)}, this_year)
    for number, row in filled[1:]:
        cells = {code: plain_cell(row[at]) if at < len(row) else "" for code, at in columns.items()}
        reader.take(number, cells)
    households = reader.finish()
    faults = tuple(sorted(reader.faults, key=lambda fault: fault.row))
    return Sheet(() if faults else households, faults, ignored, len(filled) - 1)


def plain_cell(text: str) -> str:
    """A cell without odd spaces and full-width letters."""
    return unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "").strip()


def _heading(text: str) -> str:
    return re.sub(r"[\s_()（）:：*]", "", plain_cell(text)).lower()


HEADINGS: Mapping[str, str] = {
    _heading(name): column.code
    for column in COLUMNS
    for name in (column.code, column.name_en, column.name_zh, *column.others)
}


def read_header(cells: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column stands, and the headings nobody understood. Refuses missing and doubled columns."""
    found: dict[str, int] = {}
    ignored: list[str] = []
    for at, cell in enumerate(cells):
        code = HEADINGS.get(_heading(cell))
        if code is None:
            if cell.strip():
                ignored.append(plain_cell(cell)[:LONGEST_NAME])
        elif code in found:
            raise ColumnTwice(column=plain_cell(cell)[:LONGEST_NAME])
        else:
            found[code] = at
    missing = [
        f"{column.name_zh} ({column.code})" for column in COLUMNS if column.required and column.code not in found
    ]
    if missing:
        raise ColumnsMissing(columns=", ".join(missing))
    return found, tuple(ignored)


@dataclass(slots=True)
class _Draft:
    """A household while its rows are read: each cell with the row that gave it."""

    first_row: int
    cells: dict[str, tuple[int, str]] = field(default_factory=dict)
    members: list[tuple[int, SheetMember | None]] = field(default_factory=list)


class _SheetReader:
    """Reads row after row and collects every fault."""

    def __init__(self, groups: Mapping[str, str], this_year: int) -> None:
        self.groups = groups
        self.this_year = this_year
        self.faults: list[Fault] = []
        self.drafts: dict[str, _Draft] = {}
        self.last = ""

    def fault(self, row: int, column: str, text: str, /, **values: object) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(row, column, text, values))

    def take(self, row: int, cells: Mapping[str, str]) -> None:
        """One row: a member, with its household's cells or under the household of the row before."""
        for column, cell in cells.items():
            self.check_text(row, column, cell)
        code = cells["household_code"].upper() or self.last
        if not code:
            self.fault(row, "household_code", EMPTY_CELL)
            return
        self.last = code
        draft = self.drafts.setdefault(code, _Draft(row))
        for column in HOUSEHOLD_COLUMNS:
            cell = cells.get(column, "")
            if cell:
                known = draft.cells.setdefault(column, (row, cell))
                if known[1] != cell:
                    self.fault(row, column, DIFFERS, row=known[0])
        draft.members.append((row, self.member(row, cells, len(draft.members) + 1)))

    def check_text(self, row: int, column: str, cell: str) -> None:
        if cell[:1] in ("=", "@") or (cell[:1] in ("+", "-") and column in ("name", "head_name")):
            self.fault(row, column, A_FORMULA)
        elif not cell.isprintable():
            self.fault(row, column, ODD_SIGN)
        elif len(cell) > LONGEST_NAME:
            self.fault(row, column, TOO_LONG, most=LONGEST_NAME)

    def member(self, row: int, cells: Mapping[str, str], place: int) -> SheetMember | None:
        before = len(self.faults)
        sequence = self.number(row, "seq_no", cells.get("seq_no", ""), 1, 99) if cells.get("seq_no") else place
        if not cells["name"]:
            self.fault(row, "name", EMPTY_CELL)
        relation = self.word(row, "relation", cells["relation"], "relation")
        sex = self.word(row, "sex", cells["sex"], "sex")
        born = self.number(row, "birth_year", cells["birth_year"], 1900, self.this_year)
        if len(self.faults) > before or sequence is None or relation is None or sex is None or born is None:
            return None
        return SheetMember(sequence, cells["name"], relation, sex, born)

    def word(self, row: int, column: str, cell: str, words: str) -> str | None:
        if not cell:
            self.fault(row, column, EMPTY_CELL)
            return None
        known = WORDS[words].get(cell.lower())
        if known is None:
            self.fault(row, column, UNKNOWN_WORD, typed=cell[:LONGEST_NAME], words=choices(words))
        return known

    def number(self, row: int, column: str, cell: str, least: int, most: int) -> int | None:
        if not cell:
            self.fault(row, column, EMPTY_CELL)
            return None
        digits = re.sub(r"(\.0+|年|人)$", "", cell)
        if not re.fullmatch(r"[0-9]{1,6}", digits) or not least <= int(digits) <= most:
            self.fault(row, column, NOT_A_NUMBER, typed=cell[:LONGEST_NAME])
            return None
        return int(digits)

    def finish(self) -> tuple[SheetHousehold, ...]:
        """The households, once every row is read."""
        return tuple(
            household for code, draft in self.drafts.items() if (household := self.household(code, draft)) is not None
        )

    def household(self, code: str, draft: _Draft) -> SheetHousehold | None:
        before = len(self.faults)
        group = self.group(code, draft)
        row, head_name = draft.cells.get("head_name", (draft.first_row, ""))
        if not head_name:
            self.fault(row, "head_name", EMPTY_CELL)
        members = self.members(draft, head_name)
        status = self.optional_word(draft, "status", "status", "ordinary")
        lifted = self.optional_number(draft, "lifted_year", 1990, self.this_year)
        if status == "lifted" and "lifted_year" not in draft.cells:
            self.fault(draft.cells["status"][0], "lifted_year", YEAR_NEEDED)
        size = self.optional_number(draft, "size_2014", 1, 99)
        guard = self.optional_word(draft, "forest_guard", "flag", "false") == "true"
        coop = self.optional_word(draft, "coop_member", "flag", "false") == "true"
        phone = self.optional_word(draft, "phone", "phone", "none")
        forest = self.forest(draft)
        if len(self.faults) > before:
            return None
        return SheetHousehold(
            code=code,
            group_code=group,
            head_name=head_name,
            given=frozenset(draft.cells),
            head_initials=draft.cells.get("head_initials", (0, ""))[1].lower(),
            status=status,
            lifted_year=lifted,
            size_2014=size,
            relocation=draft.cells.get("relocation", (0, ""))[1],
            forest_guard=guard,
            coop_member=coop,
            forest_area=forest,
            phone_kind=phone,
            members=members,
        )

    def group(self, code: str, draft: _Draft) -> str:
        row, cell = draft.cells.get("group_code", (draft.first_row, ""))
        if not cell:
            self.fault(row, "group_code", EMPTY_CELL)
            return ""
        group = self.groups.get(cell) or self.groups.get(cell.upper())
        if group is None:
            self.fault(row, "group_code", UNKNOWN_GROUP, typed=cell)
            return ""
        if not re.fullmatch(r"[A-Z0-9]{1,12}-[0-9]{1,4}", code):
            self.fault(draft.first_row, "household_code", NOT_A_CODE, example=f"{group}-01")
        elif not code.startswith(f"{group}-"):
            self.fault(draft.first_row, "household_code", OTHER_GROUP, group=group)
        return group

    def members(self, draft: _Draft, head_name: str) -> tuple[SheetMember, ...]:
        whole = [(row, member) for row, member in draft.members if member is not None]
        seen: set[int] = set()
        for row, member in whole:
            if member.sequence in seen:
                self.fault(row, "seq_no", SEQUENCE_TWICE)
            seen.add(member.sequence)
        heads = [(row, member) for row, member in whole if member.relation == "head"]
        if len(whole) == len(draft.members):
            self.heads(draft, heads, head_name)
        return tuple(sorted((member for _row, member in whole), key=lambda member: member.sequence))

    def heads(self, draft: _Draft, heads: Sequence[tuple[int, SheetMember]], head_name: str) -> None:
        if not heads:
            self.fault(draft.first_row, "relation", NO_HEAD)
        elif len(heads) > 1:
            self.fault(heads[1][0], "relation", TWO_HEADS)
        elif head_name and heads[0][1].name != head_name:
            self.fault(heads[0][0], "name", HEAD_DIFFERS, name=head_name)

    def optional_word(self, draft: _Draft, column: str, words: str, otherwise: str) -> str:
        row, cell = draft.cells.get(column, (0, ""))
        return (self.word(row, column, cell, words) or otherwise) if cell else otherwise

    def optional_number(self, draft: _Draft, column: str, least: int, most: int) -> int | None:
        row, cell = draft.cells.get(column, (0, ""))
        return self.number(row, column, cell, least, most) if cell else None

    def forest(self, draft: _Draft) -> int | None:
        """Tenths of a mu."""
        row, cell = draft.cells.get("forest_mu", (0, ""))
        found = re.fullmatch(r"([0-9]{1,5})(?:\.([0-9])0*)?亩?", cell)
        if not cell:
            return None
        tenths = int(found[1]) * 10 + int(found[2] or 0) if found else 0
        if tenths <= 0:
            self.fault(row, "forest_mu", NOT_A_NUMBER, typed=cell)
            return None
        return tenths


def choices(words: str) -> Words:
    """The words a column takes, for the sentence about one that it does not: the first of each meaning."""
    first: dict[str, dict[bool, str]] = {}
    for word, code in WORDS[words].items():
        first.setdefault(code, {}).setdefault(word.isascii(), word)
    return Words(
        "、".join(spelled.get(False, spelled.get(True, "")) for spelled in first.values()),
        ", ".join(spelled.get(True, spelled.get(False, "")) for spelled in first.values()),
    )


# What a sheet would change


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member as the register has it."""

    sequence: int
    name: str
    relation: str
    sex: str
    birth_year: int


@dataclass(frozen=True, slots=True)
class KnownHousehold:
    """A household as the register has it, in the sheet's words; `since` is the first day of its status."""

    code: str
    group_code: str
    head_name: str
    status: str
    since: date
    relocation: str
    forest_guard: bool
    coop_member: bool
    forest_area: int | None
    phone_kind: str
    members: Mapping[int, KnownMember]


@dataclass(frozen=True, slots=True)
class Change:
    """What taking in would do to one household (`known` is none for a new one).

    `fields` change; `added` and `changed` are members.
    """

    household: SheetHousehold
    known: KnownHousehold | None
    fields: tuple[str, ...] = ()
    added: tuple[SheetMember, ...] = ()
    changed: tuple[SheetMember, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.known is None


@dataclass(frozen=True, slots=True)
class Plan:
    """What reading a sheet in would do; `same` counts households it leaves as they are."""

    changes: tuple[Change, ...]
    same: int

    @property
    def new(self) -> int:
        return sum(change.is_new for change in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.new

    @property
    def members(self) -> int:
        """Members that would be added or changed."""
        return sum(len(change.added) + len(change.changed) for change in self.changes)


class StatusChangedToday(SheetRefused):
    text = N_("The status of {household} has been changed today already. Leave it out, or take it in tomorrow.")


def status_since(wanted: SheetHousehold, known: KnownHousehold, today: date) -> date:
    """From which day on a known household has the sheet's status: the end of the year it was lifted in, else today.

    Refuses `StatusChangedToday`: a status holds for a day at least.
    """
    if known.since >= today:
        raise StatusChangedToday(household=wanted.code)
    if wanted.status == "lifted" and wanted.lifted_year is not None:
        lifted = date(wanted.lifted_year, 12, 31)
        return lifted if known.since < lifted <= today else today
    return today


COMPARED = (
    ("group_code", "group_code"),
    ("head_name", "head_name"),
    ("status", "status"),
    ("relocation", "relocation"),
    ("forest_guard", "forest_guard"),
    ("coop_member", "coop_member"),
    ("forest_mu", "forest_area"),
    ("phone", "phone_kind"),
)


def plan_of(households: Iterable[SheetHousehold], known: Mapping[str, KnownHousehold]) -> Plan:
    """What would change: new households, and what differs in known ones. Nobody is taken out of the register."""
    changes: list[Change] = []
    same = 0
    for household in households:
        change = _change_of(household, known.get(household.code))
        if change is None:
            same += 1
        else:
            changes.append(change)
    return Plan(tuple(changes), same)


def _change_of(wanted: SheetHousehold, known: KnownHousehold | None) -> Change | None:
    if known is None:
        return Change(wanted, None, added=wanted.members)
    fields = tuple(
        column
        for column, attribute in COMPARED
        if column in wanted.given and getattr(wanted, attribute) != getattr(known, attribute)
    )
    added = tuple(member for member in wanted.members if member.sequence not in known.members)
    changed = tuple(
        member
        for member in wanted.members
        if member.sequence in known.members and _differs(member, known.members[member.sequence])
    )
    return Change(wanted, known, fields, added, changed) if fields or added or changed else None


def _differs(wanted: SheetMember, known: KnownMember) -> bool:
    return (wanted.name, wanted.relation, wanted.sex, wanted.birth_year) != (
        known.name,
        known.relation,
        known.sex,
        known.birth_year,
    )
