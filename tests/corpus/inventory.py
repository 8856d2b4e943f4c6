"""Scores the inventory against a labelled corpus of small projects, in `tests/corpus/inventory/*.yaml`.

    python -m tests.corpus.inventory                    print the table
    python -m tests.corpus.inventory -v mcp decoys-code  of two areas, with every missing and every false row

A case is a few files and the complete list of what a careful auditor would find in them; an empty list makes a decoy.
A label is `<kind> <name>`. `a | b` is met by either, `*` stands for any text, and a label that ends in ` ?` is one on
which two auditors may differ: a row that meets it counts neither for nor against the scanner.
"""

import argparse
import base64
import binascii
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter

from petguard.documents import read_yaml
from petguard.errors import NothingToScan
from petguard.model import Asset, Frozen
from petguard.report import AssetRow
from petguard.scan import Request, scan

FOLDER = Path(__file__).with_suffix("")
_JOBS = 2  # semgrep is a process of its own, so that two scans overlap


def _relative(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path} leads out of the case")
    return path


RelativePath = Annotated[str, AfterValidator(_relative)]


@dataclass(frozen=True)
class Label:
    """One thing that should be found, under any of the names that it may bear."""

    text: str
    optional: bool
    alternatives: tuple[tuple[Asset, re.Pattern[str]], ...]

    def meets(self, row: AssetRow) -> bool:
        """Whether a row is this thing; a service may be known by its provider as well as by its name."""
        names = (row.name, row.provider) if row.kind is Asset.AI_SERVICE else (row.name,)
        return any(
            kind is row.kind and any(name and pattern.fullmatch(name) for name in names)
            for kind, pattern in self.alternatives
        )


def label(text: str) -> Label:
    """Read one label; ValueError for a kind that does not exist."""
    names = text.removesuffix(" ?")
    return Label(text, names != text, tuple(_alternative(each) for each in names.split(" | ")))


def _alternative(text: str) -> tuple[Asset, re.Pattern[str]]:
    kind, _, name = text.partition(" ")
    if not name or name != name.strip():
        raise ValueError(f"{text!r} is not `<kind> <name>`")
    return Asset(kind), re.compile(".*".join(map(re.escape, name.split("*"))), re.IGNORECASE)


class Case(Frozen):
    """A small project and what is in it."""

    case: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    about: Annotated[str, Field(min_length=15, max_length=140)]
    files: Mapping[RelativePath, str] = {}
    base64: Mapping[RelativePath, str] = {}
    expect: tuple[str, ...]

    @property
    def is_decoy(self) -> bool:
        """Whether there is nothing to find."""
        return not self.expect

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """What is to be found."""
        return tuple(label(text) for text in self.expect)

    def write(self, folder: Path) -> None:
        """Lay the files out below `folder`; ValueError for base64 that is none."""
        for path, content in self.contents():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def contents(self) -> Iterable[tuple[str, bytes]]:
        """Every file with its bytes."""
        yield from ((path, text.encode()) for path, text in self.files.items())
        for path, text in self.base64.items():
            yield path, base64.b64decode(re.sub(r"\s", "", text), validate=True)


_CASES = TypeAdapter(tuple[Case, ...])


def load(folder: Path = FOLDER) -> Mapping[str, tuple[Case, ...]]:
    """The cases of each area, in the order of the file names; an unknown key or a bad label is an error."""
    return {path.stem: _cases(path) for path in sorted(folder.glob("*.yaml"))}


def _cases(path: Path) -> tuple[Case, ...]:
    cases = _CASES.validate_python(read_yaml(path.read_text("utf-8")).value)
    for case in cases:
        try:
            _ = case.labels, dict(case.contents())
        except (ValueError, binascii.Error) as error:
            raise ValueError(f"{path.name}: {case.case}: {error}") from error
    return cases


@dataclass(frozen=True)
class Result:
    """What the scanner made of one case."""

    case: Case
    rows: tuple[AssetRow, ...]

    @property
    def wanted(self) -> tuple[Label, ...]:
        """The labels that count."""
        return tuple(each for each in self.case.labels if not each.optional)

    @property
    def missing(self) -> tuple[Label, ...]:
        """What should have been found and was not."""
        return tuple(each for each in self.wanted if not any(map(each.meets, self.rows)))

    @property
    def false(self) -> tuple[AssetRow, ...]:
        """What was found and is not there."""
        return tuple(row for row in self.rows if not any(each.meets(row) for each in self.case.labels))

    @property
    def right(self) -> int:
        """How many rows are things that should be found."""
        return sum(any(each.meets(row) for each in self.wanted) for row in self.rows)


def judge(cases: Sequence[Case]) -> tuple[Result, ...]:
    """Scan each case on its own, without a cache, in the order given."""
    with ThreadPoolExecutor(_JOBS) as pool:
        return tuple(pool.map(_judge, cases))


def _judge(case: Case) -> Result:
    with tempfile.TemporaryDirectory(prefix="petguard-corpus-") as place:
        root = Path(place) / "project"
        case.write(root)
        return Result(case, inventory(root))


def inventory(root: Path) -> tuple[AssetRow, ...]:
    """The inventory of a real scan without a cache; nothing where there is nothing to scan."""
    try:
        return scan(Request(paths=(root,), jobs=1)).inventory
    except NothingToScan:
        return ()


@dataclass(frozen=True)
class Score:
    """The results of one area, or of all."""

    results: tuple[Result, ...]

    @property
    def positives(self) -> int:
        """How many cases have something to find."""
        return sum(not each.case.is_decoy for each in self.results)

    @property
    def decoys(self) -> int:
        """How many cases have nothing to find."""
        return len(self.results) - self.positives

    @property
    def labels(self) -> int:
        """How many things should be found."""
        return sum(len(each.wanted) for each in self.results)

    @property
    def found(self) -> int:
        """How many of them were."""
        return self.labels - sum(len(each.missing) for each in self.results)

    @property
    def false(self) -> int:
        """How many rows are not there, decoys included."""
        return sum(len(each.false) for each in self.results)

    @property
    def flagged(self) -> tuple[Result, ...]:
        """The decoys in which something was found."""
        return tuple(each for each in self.results if each.case.is_decoy and each.rows)

    @property
    def recall(self) -> float | None:
        """The share of the labels that was found; None where there are none."""
        return self.found / self.labels if self.labels else None

    @property
    def precision(self) -> float | None:
        """The share of the rows that is right, optional ones left out; None where there are none."""
        right = sum(each.right for each in self.results)
        return right / (right + self.false) if right + self.false else None

    @property
    def cells(self) -> tuple[str, ...]:
        """The numbers of one line of the table, in the order of `HEAD`."""
        counts = (self.positives, self.decoys, self.labels, self.found)
        return (
            *map(str, counts), share(self.recall), str(self.false), share(self.precision), str(len(self.flagged))
        )  # fmt: skip


HEAD = ("area", "positives", "decoys", "labels", "found", "recall", "false rows", "precision", "decoys flagged")


def share(value: float | None) -> str:
    """A share in per cent, rounded down, so that 100 % is said of nothing less."""
    return "n/a" if value is None else f"{int(value * 1000) / 10:g} %"


def score(areas: Mapping[str, Sequence[Case]]) -> Mapping[str, Score]:
    """The score of each area."""
    results = {each.case.case: each for each in judge([case for cases in areas.values() for case in cases])}
    return {area: Score(tuple(results[case.case] for case in cases)) for area, cases in areas.items()}


def total(scores: Mapping[str, Score]) -> Score:
    """All areas as one."""
    return Score(tuple(result for each in scores.values() for result in each.results))


def table(scores: Mapping[str, Score]) -> str:
    """The scores in Markdown, the sum last."""
    rows = [(area, *each.cells) for area, each in scores.items()]
    rows.append(("**all**", *(f"**{cell}**" for cell in total(scores).cells)))
    lines = [HEAD, ("---", *["--:"] * (len(HEAD) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def complaints(results: Iterable[Result]) -> Iterable[str]:
    """One line for each missing label and each false row."""
    for result in results:
        head = f"{result.case.case}: {result.case.about}"
        details = [f"  missing  {each.text}" for each in result.missing] + [
            f"  false    {shown(row)}" for row in result.false
        ]
        yield from ([head, *details] if details else ())


def shown(row: AssetRow) -> str:
    """A row on one line, with its first place."""
    first = row.locations[0]
    return f"{row.kind} {row.name} (provider {row.provider}) at {first.path}:{first.line}"


def main() -> int:
    """Print the table, and what is wrong when asked."""
    areas = load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"only these; of {', '.join(areas)}")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each missing and each false row")
    given = parser.parse_args()
    if unknown := set(given.areas) - areas.keys():
        parser.error(f"no area {', '.join(sorted(unknown))}")
    scores = score({area: cases for area, cases in areas.items() if not given.areas or area in given.areas})
    if given.verbose:
        sys.stdout.write("".join(f"{line}\n" for line in complaints(total(scores).results)) + "\n")
    sys.stdout.write(f"{table(scores)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
