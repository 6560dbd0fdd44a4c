"""Each mutant breaks one law on purpose in a copy of the project; the tests it names must turn red.

A mutant that no longer applies fails too: somebody moved the law, and the mutant has to follow it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parent.parent.parent
PARTS = (
    "app.py",
    "piccolo_conf.py",
    "pyproject.toml",
    "marketplace",
    "points",
    "templates",
    "static",
    "migrations",
    "tests",
)
SECONDS = 60
FAILED = 1  # pytest's exit status for "tests ran and some failed"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    unwanted = shutil.ignore_patterns("__pycache__", "vendor")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=unwanted)
        else:
            shutil.copy(source, tmp_path / part)
    return tmp_path


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_caught(mutant: Mutant, copy: Path) -> None:
    broken = copy / mutant.file
    text = broken.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.file} holds the mutant's place {text.count(mutant.old)} times"
    broken.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *mutant.tests],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    verdict = run.stdout.rstrip().rpartition("\n")[2]
    # Not only an error on the way to the test: a mutant that breaks everything proves nothing.
    caught = run.returncode == FAILED and " failed" in f" {verdict}"
    assert caught, f"survived: {mutant.law}\n{run.stdout[-2000:]}\n{run.stderr[-500:]}"
