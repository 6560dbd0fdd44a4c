"""What stands in the repository: pinned by hash, without anybody's address, and nothing that set-up makes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from marketplace.vendor import PARTS, Part, PartMissing, build

ROOT = Path(__file__).parent.parent
# Written in two halves: this file is committed too.
ADDRESSES = [
    half + rest
    for half, rest in (
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("registry.", "npmjs"),
        ("registry.", "npmmirror"),
        ("cdn.", "jsdelivr"),
        ("unpkg", ".com"),
        ("file:", "///"),
        (str(ROOT), "/"),  # where this checkout happens to lie
    )
]


def tracked() -> list[Path]:
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in answer.stdout.split("\0") if name]


def locked() -> dict[str, str]:
    """Each pinned package with everything that stands under its line."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text(), flags=re.M)
    return {block.split("==")[0]: block for block in blocks if not block.startswith("#")}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def wanted() -> list[Requirement]:
    declared = project()["project"]
    return [Requirement(line) for line in (*declared["dependencies"], *declared["optional-dependencies"]["dev"])]


def test_every_dependency_has_a_floor() -> None:
    assert [need.name for need in wanted() if not any(part.operator == ">=" for part in need.specifier)] == []


def test_every_package_is_pinned_with_its_hashes() -> None:
    loose = [
        name
        for name, block in locked().items()
        if not re.match(r"[a-z0-9-]+==[^ ]+ ", block) or "--hash=sha256:" not in block
    ]
    assert loose == []


def test_every_dependency_stands_in_the_lock_at_or_above_its_floor() -> None:
    pins = {name: block.split("==")[1].split()[0] for name, block in locked().items()}
    missing = [
        str(need) for need in wanted() if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]
    assert missing == []


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert [word for word in ("://", "--index-url", "--extra-index-url", "--find-links") if word in lock] == []


def test_the_npm_lock_holds_sums_and_no_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text()
    parts = {name: part for name, part in json.loads(text)["packages"].items() if name}
    assert [name for name, part in parts.items() if not part["integrity"].startswith("sha512-")] == []
    assert ("resolved" in text, "://" in text) == (False, False)
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text().splitlines()


def test_npm_parts_are_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert {part.name for part in PARTS} == set(package["dependencies"])


def test_nothing_that_set_up_makes_is_committed() -> None:
    made = re.compile(r"(static/vendor|node_modules|var|\.venv)/|.*(__pycache__/|\.pyc$|\.key$)")
    assert [str(path) for path in tracked() if made.match(str(path))] == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_committed_file_holds_an_address_of_this_machine_or_a_registry(address: str) -> None:
    found = [str(path) for path in tracked() if address.encode() in _bytes(ROOT / path)]
    assert found == []


WRITTEN = sorted(path.name for path in ROOT.glob("*.md"))
# A path in backticks that begins with one of our folders, or a file at the top; patterns and settings are none.
OUR_PATH = re.compile(r"(?:marketplace|points|templates|static|migrations|tests|\.ci)/[\w./-]*|[A-Z]+\.md")


@pytest.mark.parametrize("name", WRITTEN)
def test_every_file_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link and not link.startswith("mailto:")]
    paths = [word for word in re.findall(r"`([^`\s]+)`", text) if OUR_PATH.fullmatch(word)]
    assert [path for path in (*links, *paths) if not (ROOT / path).exists() and path != "static/vendor/"] == []


@pytest.mark.parametrize("name", WRITTEN)
def test_every_target_of_make_that_is_named_exists(name: str) -> None:
    known = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", (ROOT / "Makefile").read_text(), re.M)) | {"demo-load", "demo-reset"}
    named = re.findall(r"`?make ([a-z-]+)", "\n".join(re.findall(r"`make [a-z-]+|^make [a-z-]+", (ROOT / name).read_text(), re.M)))
    assert set(named) - known == set()


def test_the_licence_is_apache_two_everywhere() -> None:
    assert (ROOT / "LICENSE").read_text().split()[:5] == ["Apache", "License", "Version", "2.0,", "January"]
    assert project()["project"]["license"] == "Apache-2.0"
    assert json.loads((ROOT / "package.json").read_text())["license"] == "Apache-2.0"


def test_the_ci_script_can_be_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")


def test_parts_are_copied_with_licence_and_sums(tmp_path: Path) -> None:
    installed = _npm_folder(tmp_path / "node_modules", "9.8.7")
    vendor = tmp_path / "vendor"
    (vendor / "old-1.0.0").mkdir(parents=True)
    folders = build(installed, vendor)
    assert [folder.name for folder in vendor.iterdir()] == ["htmx.org-9.8.7"]
    [folder] = folders
    sums = {line[66:]: line[:64] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert sums == {
        path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != "SHA256SUMS"
    }
    assert {"LICENSE", "htmx.min.js"} <= set(sums)


def test_without_npms_folder_the_parts_stay_as_they_are(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    (vendor / "htmx.org-1.0.0").mkdir(parents=True)
    with pytest.raises(PartMissing, match=r"htmx\.org is not installed: run npm ci first"):
        build(tmp_path / "node_modules", vendor)
    assert [folder.name for folder in vendor.iterdir()] == ["htmx.org-1.0.0"]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _npm_folder(folder: Path, version: str) -> Path:
    for part in PARTS:
        _lay(folder / part.name, part, version)
    return folder


def _lay(folder: Path, part: Part, version: str) -> None:
    for name in (*part.files, part.licence):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"text of {name}")
    (folder / "package.json").write_text(json.dumps({"version": version}))
