"""Scores the inventory on real projects, whose assets were listed by hand in `tests/corpus/real/*.yaml`.

    python -m tests.corpus.real_projects FOLDER            scan what is unpacked in FOLDER, fetch what is not
    python -m tests.corpus.real_projects FOLDER llm -v      one project, with every missing and every false row

The sources come from the package indexes, through pip and npm, at the version that each list names.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from petguard.documents import read_yaml
from petguard.model import Frozen
from petguard.report import AssetRow
from tests.corpus.inventory import Label, inventory, label, share, shown

LISTS = Path(__file__).with_name("real")


class Entry(Frozen):
    """One asset, and a place that shows it."""

    asset: str
    at: str


class Project(Frozen):
    """A published project and what is in it; rows that lie only in `optional_from` count neither way."""

    project: str
    version: str
    source: Literal["pypi", "npm"]
    style: str
    notes: str = ""
    optional_from: tuple[str, ...] = ()
    expect: tuple[Entry, ...]

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """What is to be found."""
        return tuple(label(each.asset) for each in self.expect)

    def counts(self, row: AssetRow) -> bool:
        """Whether a row lies anywhere that counts."""
        return any(not place.path.startswith(self.optional_from or ("\0",)) for place in row.locations)


@dataclass(frozen=True)
class Measured:
    """A project and what the scanner made of it."""

    project: Project
    rows: tuple[AssetRow, ...]

    @property
    def wanted(self) -> tuple[Label, ...]:
        """The labels that count."""
        return tuple(each for each in self.project.labels if not each.optional)

    @property
    def missing(self) -> tuple[Label, ...]:
        """What should have been found and was not."""
        return tuple(each for each in self.wanted if not any(map(each.meets, self.rows)))

    @property
    def false(self) -> tuple[AssetRow, ...]:
        """What was found and is not there."""
        rows = (row for row in self.rows if self.project.counts(row))
        return tuple(row for row in rows if not any(each.meets(row) for each in self.project.labels))

    @property
    def right(self) -> int:
        """How many rows are things that should be found."""
        return sum(any(each.meets(row) for each in self.wanted) for row in self.rows)


def load() -> Mapping[str, Project]:
    """The projects by name, in the order of the file names."""
    read = (Project.model_validate(read_yaml(path.read_text("utf-8")).value) for path in sorted(LISTS.glob("*.yaml")))
    return {each.project: each for each in read}


def sources(project: Project, folder: Path) -> Path:
    """Where the project is unpacked below `folder`; it is fetched when it is not there yet."""
    name = re.sub(r"[^a-z0-9]+", "_", f"{project.project}-{project.version}".lower())
    for path in folder.iterdir():
        if path.is_dir() and re.sub(r"[^a-z0-9]+", "_", path.name.lower()) == name:
            return path
    with tempfile.TemporaryDirectory(dir=folder) as place:
        subprocess.run(_fetching(project), cwd=place, check=True)  # noqa: S603 - names and versions of our own lists
        with tarfile.open(next(Path(place).glob("*.t*gz"))) as archive:
            archive.extractall(place, filter="data")
        unpacked = next(path for path in Path(place).iterdir() if path.is_dir())
        return Path(shutil.move(unpacked, folder / f"{project.project.replace('/', '_')}-{project.version}"))


def _fetching(project: Project) -> list[str]:
    if project.source == "npm":
        return ["npm", "pack", "--silent", f"{project.project}@{project.version}"]
    wanted = f"{project.project}=={project.version}"
    return [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", wanted]


HEAD = ("project", "version", "labels", "found", "recall", "rows", "false", "precision")


def table(measured: Sequence[Measured]) -> str:
    """The figures in Markdown, the sum last."""
    lines = [HEAD, ("---", "---", *["--:"] * (len(HEAD) - 2))]
    lines += [_line(each.project.project, each.project.version, [each]) for each in measured]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, _line("**all**", "", measured)])


def _line(name: str, version: str, measured: Sequence[Measured]) -> tuple[str, ...]:
    wanted = sum(len(each.wanted) for each in measured)
    found = wanted - sum(len(each.missing) for each in measured)
    false, right = sum(len(each.false) for each in measured), sum(each.right for each in measured)
    recall, precision = found / wanted if wanted else None, right / (right + false) if right + false else None
    rows = sum(len(each.rows) for each in measured)
    return name, version, str(wanted), str(found), share(recall), str(rows), str(false), share(precision)


def main() -> int:
    """Print the table, and what is wrong when asked."""
    projects = load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the sources are, or shall be")
    parser.add_argument("projects", nargs="*", help=f"only these; of {', '.join(projects)}")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each missing and each false row")
    given = parser.parse_args()
    chosen = [each for name, each in projects.items() if not given.projects or name in given.projects]
    measured = [Measured(each, inventory(sources(each, given.folder))) for each in chosen]
    for each in measured if given.verbose else ():
        details = [f"  missing  {label.text}" for label in each.missing] + [
            f"  false    {shown(r)}" for r in each.false
        ]
        sys.stdout.write("\n".join([each.project.project, *details, ""]))
    sys.stdout.write(f"{table(measured)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
