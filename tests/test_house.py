"""The laws of the house. Read as a list: each test is one law, each law names who breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from piccolo.columns import ForeignKey
from piccolo.columns.base import OnDelete

ROOT = Path(__file__).parent.parent
WINGS = ("marketplace", "points")

# Goods and points walk in one direction; a room imports only rooms before it.
MARKETPLACE_ROOMS = (
    "journal", "places", "accounts", "households", "notices", "pictures", "messages", "produce", "ledger", "income",
    "cash", "packages", "stock", "intake", "settlement", "logistics", "payments", "orders", "aftersale", "bulk",
    "stores", "shop", "trace", "desks",
)  # fmt: skip
NOT_ROOMS = {"web", "demo", "locales", "__pycache__"}
ROOM_FILES = {
    "__init__", "tables", "rules", "actions", "queries", "routes", "forms", "panels", "commands", "jobs", "api",
}  # fmt: skip
EXTRA_FILES = {"journal": {"seal", "verify"}}
PURE = {"piccolo", "litestar", "asyncpg"}
BANNED_WORDS = {"process", "handle", "manage", "do", "data", "info", "obj", "tmp", "util", "utils", "helper", "helpers"}


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def rooms() -> list[Path]:
    return [
        folder
        for folder in sorted((ROOT / "marketplace").iterdir())
        if folder.is_dir() and folder.name not in NOT_ROOMS
    ]


def test_marketplace_knows_nothing_of_points() -> None:
    guilty = [
        str(path)
        for path, tree in sources("marketplace")
        if any(name.split(".")[0] == "points" for name in imports(tree))
    ]
    assert guilty == []


def test_only_the_front_door_imports_both_wings() -> None:
    both = [
        path.name
        for path in ROOT.glob("*.py")
        if {"marketplace", "points"}
        <= {name.split(".")[0] for name in imports(ast.parse(path.read_text(encoding="utf-8")))}
    ]
    assert both == ["app.py"]


def test_every_room_stands_in_the_walking_order() -> None:
    assert [room.name for room in rooms() if room.name not in MARKETPLACE_ROOMS] == []


def test_rooms_import_only_rooms_before_them() -> None:
    guilty = []
    for path, tree in sources(*(f"marketplace/{room.name}" for room in rooms())):
        here = MARKETPLACE_ROOMS.index(path.parts[1])
        for name in imports(tree):
            parts = name.split(".")
            if parts[0] == "marketplace" and len(parts) > 1 and parts[1] in MARKETPLACE_ROOMS[here + 1 :]:
                guilty.append(f"{path} imports {name}")
    assert guilty == []


def test_web_knows_no_room_but_accounts() -> None:
    allowed = {"accounts", "journal"}  # guards; and the journal, whose command every deed goes through
    guilty = [
        f"{path} imports {name}"
        for path, tree in sources("marketplace/web")
        for name in imports(tree)
        if name.startswith("marketplace.") and name.split(".")[1] in set(MARKETPLACE_ROOMS) - allowed
    ]
    assert guilty == []


def test_rules_are_pure() -> None:
    guilty = [
        f"{path} imports {name}"
        for path, tree in sources(*WINGS)
        if path.name == "rules.py"
        for name in imports(tree)
        if name.split(".")[0] in PURE or name in {"marketplace.db", "marketplace.clock"}
    ]
    assert guilty == []


def test_rooms_have_no_other_files() -> None:
    strange = [
        str(path.relative_to(ROOT))
        for room in rooms()
        for path in room.rglob("*.py")
        if path.stem not in ROOM_FILES | EXTRA_FILES.get(room.name, set())
    ]
    assert strange == []


def test_no_float_touches_money_weight_or_points() -> None:
    guilty = []
    for path, tree in sources(*WINGS):
        if path.parts[1] in {"web", "embedded.py", "settings.py", "cli.py"} or path.name in {"db.py", "jobs.py"}:
            continue  # seconds and sizes, no money
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "float":
                guilty.append(f"{path}:{node.lineno} float")
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, float)
                and path.name in {"rules.py", "actions.py"}
            ):
                guilty.append(f"{path}:{node.lineno} {node.value}")
    assert guilty == []


def test_references_are_restricted_and_indexed() -> None:
    from marketplace.piccolo_app import TABLES

    loose = [
        f"{table.__name__}.{column._meta.name}"
        for table in TABLES
        for column in table._meta.foreign_key_columns
        if isinstance(column, ForeignKey)
        and (column._foreign_key_meta.on_delete != OnDelete.restrict or not (column._meta.index or column._meta.unique))
    ]
    assert loose == []


def test_nullable_references_say_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted(ROOT.glob("*/*/tables.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"reference\(.*null=True", line) and "# null" not in line
    ]
    assert silent == []


RUNS_SQL = {
    "raw", "run_ddl", "run_script", "fetch", "fetch_row", "fetch_value", "fetchrow", "fetchval", "fetchmany", "execute",
    "executemany", "prepare", "cursor", "run_querystring",
}  # fmt: skip
# Names cannot be bound: here the database itself quotes them (format %I), or they are the house's own tables.
# Names cannot be bound: the database itself quotes the first (format %I), `role_of` the second.
PUTS_NAMES_TOGETHER = {
    "marketplace/embedded.py: execute(f'create database {names}')",
    "marketplace/migrate.py: run_script(grants.read_text(encoding='utf-8').replace('{app}', app_role))",
}


def sql_put_together(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that run SQL made by an f-string, +, % or .format, right there or in a local name."""
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
        made = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and is_put_together(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS_SQL:
                first = node.args[0] if node.args else None
                if first is not None and (
                    is_put_together(first) or (isinstance(first, ast.Name) and first.id in made)
                ):
                    yield node


def is_put_together(node: ast.expr) -> bool:
    """Whether a text is made of parts, one of which is not written out."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return not all(isinstance(side, ast.Constant) for side in (node.left, node.right))
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in {"format", "replace", "join"}


def test_no_row_is_saved_whole() -> None:
    guilty = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*WINGS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save"
    ]
    assert guilty == []


def test_no_sql_is_put_together() -> None:
    guilty = {
        f"{path}: {call.func.attr}({ast.unparse(call.args[0])})"
        for path, tree in sources(*WINGS)
        for call in sql_put_together(tree)
        if isinstance(call.func, ast.Attribute)
    }
    assert guilty == PUTS_NAMES_TOGETHER


@pytest.mark.parametrize(
    "line",
    [
        'connection.fetchval(f"select {name}")',
        'DB.fetch("select " + name)',
        'connection.execute("select %s" % name)',
        'DB.fetch_value("select {}".format(name))',
        'sql = f"select {name}"; DB.fetch_row(sql)',
    ],
)
def test_sql_put_together_is_found(line: str) -> None:
    assert len(list(sql_put_together(ast.parse(f"def f(DB, connection, name):\n    {line}")))) == 1


def test_sql_with_bound_values_is_none_of_it() -> None:
    tree = ast.parse('def f(DB, name):\n    DB.fetch("select $1", name); DB.fetch(WHOLE, f"{name}%")')
    assert list(sql_put_together(tree)) == []


def test_domain_code_reads_the_business_clock_only() -> None:
    real = {"marketplace/accounts", "marketplace/web", "marketplace/demo"}  # sign-in and sessions use the real clock
    guilty = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*WINGS)
        if len(path.parts) > 2 and "/".join(path.parts[:2]) not in real
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "today", "utcnow"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]
    assert guilty == []


def test_no_query_runs_beside_another_in_a_transaction() -> None:
    guilty = [
        f"{path}:{node.lineno}"
        for path, tree in sources(*WINGS)
        if path.name in {"actions.py", "queries.py", "routes.py", "panels.py"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"gather", "create_task", "TaskGroup"}
    ]
    assert guilty == []


def test_verbs_and_rules_say_what_they_promise() -> None:
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in sources(*WINGS)
        if path.name in {"rules.py", "actions.py"}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_names_are_the_fields_terms() -> None:
    guilty = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in sources(*WINGS)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and BANNED_WORDS & set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower().strip("_").split("_"))
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("an unescaped value", r"\|\s*safe\b"),
        ("an inline style, which the content policy refuses", r"\sstyle\s*="),
        ("an inline handler, which the content policy refuses", r"\son[a-z]+\s*="),
        ("a script without nonce", r"<script(?![^>]*nonce)"),
        ("something from another host", r"(?:src|href)\s*=\s*[\"']https?://"),
    ],
)
def test_templates_hold_no(what: str, pattern: str) -> None:
    guilty = [
        f"{path.relative_to(ROOT)}: {found.group(0)}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for found in re.finditer(pattern, re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.S))
    ]
    assert guilty == [], what


def test_every_posted_form_is_guarded() -> None:
    open_forms = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.S | re.I):
            if "csrf()" not in form and "guarded" not in form:
                open_forms.append(f"{path.relative_to(ROOT)}: {form[:60]}")
    assert open_forms == []


def test_templates_mirror_rooms() -> None:
    strange = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "templates" / "marketplace").rglob("*.html"))
        if path.parent.name not in {*MARKETPLACE_ROOMS, "web"}
    ]
    assert strange == []


def test_top_level_holds_nothing_else() -> None:
    wanted = {
        "app.py", "piccolo_conf.py", "marketplace", "points", "templates", "static", "migrations", "tests",
        "pyproject.toml", "requirements.lock", "package.json", "package-lock.json", ".npmrc", "Makefile", ".ci",
        "README.md", "CONTRIBUTING.md", "STYLE.md", "DECISIONS.md", "CHANGELOG.md", "BENCHMARKS.md", "LICENSE",
        ".gitignore", ".gitattributes", ".git",
    }  # fmt: skip
    made = {".venv", "var", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache", "__pycache__", ".hypothesis"}
    assert {path.name for path in ROOT.iterdir()} - wanted - made == set()
