"""Finds the data that ships with petguard: rules, catalogue, templates, examples.

In the wheel they lie inside the package (`petguard/_data`); in a source checkout they stand at the top level.
"""

from pathlib import Path

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
