"""Finds the data that ships with petguard: rules, catalogue, templates, examples.

In the wheel they lie inside the package (`petguard/_data`); in a source checkout they stand at the top level.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

_GRAMMAR = re.compile(r"tree-sitter[\w-]*")
_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The shipped folder `name` ("rules", "reports/templates", "examples"); FileNotFoundError when it is missing."""
    for home in (_PACKAGE / "_data", _PACKAGE.parent):
        if (home / name).is_dir():
            return home / name
    raise FileNotFoundError(f"{name} is missing from this installation of petguard; install it again")


def files(name: str, suffix: str = ".yaml") -> list[Path]:
    """All shipped files below `name`, in path order; an empty folder is an error, not an empty rule set."""
    found = sorted(path for path in folder(name).rglob(f"*{suffix}") if path.is_file())
    if not found:
        raise FileNotFoundError(f"{name} holds no {suffix} file; install petguard again")
    return found


@cache
def installation() -> str:
    """SHA-256 of what decides how code is read here: petguard's own code, its rules, Python, and the grammars.

    The version alone would do for whoever installs petguard, not for whoever changes it.
    """
    total = hashlib.sha256(repr((sys.version_info[:3], *_grammars())).encode())
    for path in sorted([*_PACKAGE.rglob("*.py"), *folder("rules").rglob("*.*")]):
        if path.is_file():
            content = path.read_bytes()
            total.update(f"{path.relative_to(_PACKAGE.parent).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


def _grammars() -> Iterator[str]:
    with suppress(metadata.PackageNotFoundError):  # petguard is not installed but run from its sources
        for required in metadata.requires("petguard") or ():
            named = _GRAMMAR.match(required)
            if named:
                yield f"{named[0]} {metadata.version(named[0])}"
