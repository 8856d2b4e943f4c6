"""Scores the flows of personal data against a labelled corpus of small projects, in `tests/corpus/flows/*.yaml`.

    python -m tests.corpus.flows                   print the table of the cases that may be worked with
    python -m tests.corpus.flows --held-out        and of those that nobody looks at while the scanner is made better
    python -m tests.corpus.flows --show            with every missed and every false flow
    python -m tests.corpus.flows --write docs/flows-corpus.md

A case is a few files and every flow that a careful person would point out in them; no flow, or only ones that are
`optional`, makes a quiet case. A flow is expected by what is sent (`data`; a parent or a child of it is as good), to
whom (`to`; `a | b` for either), in which file (`in`), in a line that holds a text (`line`), from a value of some name
(`from`, with `*`). `protected` lists the techniques that stand on it, none with `[]`; left out, any may. `gaps` lists
what the scan must say it could not check, as `reason@path`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from petguard import taxonomy
from petguard.documents import read_yaml
from petguard.model import EvidenceLevel, Frozen, SinkKind
from petguard.report import Flow, Report
from petguard.scan import Request, scan
from tests.corpus.inventory import RelativePath, share

FOLDER = Path(__file__).with_suffix("")
HELD_OUT = "held-out-"
_JOBS = 2  # semgrep is a process of its own, so that two scans overlap

Language = Literal["python", "javascript", "typescript", "java", "kotlin", "go", "notebook", "config"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def _kinds(text: object) -> object:
    return tuple(SinkKind(each) for each in text.split(" | ")) if isinstance(text, str) else text


def _category(key: str) -> str:
    if not taxonomy.is_known(key):
        raise ValueError(f"{key} is no category of personal data")
    return key


@dataclass(frozen=True)
class Found:
    """One category on one way to one recipient, as the scan reports it."""

    data: str
    to: SinkKind
    path: str
    line: int
    text: str  # of the line
    source: str
    protections: frozenset[str]

    @property
    def counted(self) -> tuple[str, SinkKind, str, int]:
        """What makes two false flows one: a person who looks there looks once."""
        return self.data, self.to, self.path, self.line


class Expected(Frozen):
    """One flow that should be found; an `optional` one is one on which two careful people may differ."""

    data: Annotated[str, AfterValidator(_category)]
    to: Annotated[tuple[SinkKind, ...], BeforeValidator(_kinds), Field(min_length=1)]
    path: RelativePath = Field(alias="in")
    line: Annotated[str, Field(min_length=3)] | None = None
    source: Annotated[str, Field(min_length=3)] = Field("*", alias="from")
    protected: frozenset[str] | None = None
    optional: bool = False

    def speaks_of(self, flow: Found) -> bool:
        """Whether a flow is this one, however it is protected."""
        return (
            flow.to in self.to
            and flow.path == self.path
            and (self.line is None or self.line in flow.text)
            and fnmatchcase(flow.source, self.source)
            and (taxonomy.covers(self.data, flow.data) or taxonomy.covers(flow.data, self.data))
        )

    def meets(self, flow: Found) -> bool:
        """Whether a flow is this one, protected as it should be."""
        return self.speaks_of(flow) and (self.protected is None or self.protected == flow.protections)

    def __str__(self) -> str:
        """What to look for, in a complaint."""
        place = self.path + (f", `{self.line}`" if self.line else "")
        kept = "" if self.protected is None else f", protected by {', '.join(sorted(self.protected)) or 'nothing'}"
        return f"{self.data} to {' or '.join(self.to)} in {place}{kept}"


class Case(Frozen):
    """A small project and the flows in it."""

    case: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    language: Language
    about: Annotated[str, Field(min_length=15, max_length=140)]
    files: Annotated[Mapping[RelativePath, str], Field(min_length=1)]
    expect: tuple[Expected, ...]
    gaps: tuple[Annotated[str, Field(pattern=r"^[a-z_]+@\S+$")], ...] = ()

    @model_validator(mode="after")
    def _labels_stand_in_the_files(self) -> Self:
        """A slip in a label would be counted as missed for ever."""
        for each in self.expect:
            if each.path not in self.files:
                raise ValueError(f"{self.case}: there is no {each.path}")
            if each.line and not any(each.line in line for line in self.files[each.path].splitlines()):
                raise ValueError(f"{self.case}: no line of {each.path} holds {each.line!r}")
        if len(set(self.expect)) != len(self.expect):
            raise ValueError(f"{self.case}: a flow is expected twice")
        return self

    @cached_property
    def wanted(self) -> tuple[Expected, ...]:
        """The flows that count."""
        return tuple(each for each in self.expect if not each.optional)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing that a scan must say."""
        return not self.wanted and not self.gaps

    def write(self, folder: Path) -> None:
        """Lay the files out below `folder`."""
        for path, content in self.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode())


_CASES = TypeAdapter(tuple[Case, ...])


def load(folder: Path = FOLDER, *, held_out: bool = False) -> tuple[Case, ...]:
    """The cases that may be worked with, or those that are held out, in the order of their files."""
    paths = (path for path in sorted(folder.glob("*.yaml")) if path.name.startswith(HELD_OUT) is held_out)
    return tuple(case for path in paths for case in _CASES.validate_python(read_yaml(path.read_text("utf-8")).value))


@dataclass(frozen=True)
class Result:
    """What the scanner made of one case; `gaps` as `reason@path`."""

    case: Case
    flows: tuple[Found, ...]
    gaps: frozenset[str] = frozenset()

    @property
    def missed(self) -> tuple[str, ...]:
        """What should have been said and was not."""
        flows = (str(each) for each in self.case.wanted if not any(map(each.meets, self.flows)))
        return (*flows, *(f"the gap {each}" for each in self.case.gaps if each not in self.gaps))

    @property
    def false(self) -> tuple[Found, ...]:
        """The unprotected flows that nobody expects: at each place one for each category."""
        unexpected = {flow.counted: flow for flow in self.flows if not flow.protections and not self._expects(flow)}
        return tuple(unexpected.values())

    def _expects(self, flow: Found) -> bool:
        return any(each.speaks_of(flow) and not each.protected for each in self.case.expect)

    @property
    def expected(self) -> int:
        """How many things should be said."""
        return len(self.case.wanted) + len(self.case.gaps)


def judge(cases: Sequence[Case]) -> tuple[Result, ...]:
    """Scan each case on its own, without a cache, in the order given."""
    with ThreadPoolExecutor(_JOBS) as pool:
        return tuple(pool.map(_judge, cases))


def _judge(case: Case) -> Result:
    with tempfile.TemporaryDirectory(prefix="petguard-corpus-") as place:
        root = Path(place) / "project"
        case.write(root)
        return read(case, scan(Request(paths=(root,), jobs=1)))


def read(case: Case, report: Report) -> Result:
    """What a report says of a case."""
    flows = tuple(found for flow in report.flows for found in split(case, flow))
    return Result(case, flows, frozenset(f"{gap.reason}@{gap.path}" for gap in report.coverage.gaps))


def split(case: Case, flow: Flow) -> Iterator[Found]:
    """One for each category. What only calls itself a protection is none."""
    sink = flow.sink
    lines = case.files[sink.path].splitlines()
    kept = frozenset(each.technique for each in flow.protections if each.evidence is not EvidenceLevel.NAMED)
    for category in flow.categories:
        yield Found(category, sink.kind, sink.path, sink.line, lines[sink.line - 1], flow.source.name, kept)


@dataclass(frozen=True)
class Score:
    """The results of one language, or of all."""

    results: tuple[Result, ...]

    @property
    def quiet(self) -> int:
        """How many cases have nothing to find."""
        return sum(each.case.is_quiet for each in self.results)

    @property
    def expected(self) -> int:
        """How many flows and gaps should be found."""
        return sum(each.expected for each in self.results)

    @property
    def found(self) -> int:
        """How many of them were."""
        return self.expected - sum(len(each.missed) for each in self.results)

    @property
    def false(self) -> int:
        """How many flows are not there, those of quiet cases included."""
        return sum(len(each.false) for each in self.results)

    @property
    def recall(self) -> float | None:
        """The share of what is expected that was found; None where nothing is."""
        return self.found / self.expected if self.expected else None

    @property
    def precision(self) -> float | None:
        """The share of what was found that is there, optional flows left out; None where nothing was found."""
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def cells(self) -> tuple[str, ...]:
        """The numbers of one line of the table, in the order of `HEAD`."""
        counts = (len(self.results), self.quiet, self.expected, self.found, self.false)
        return (*map(str, counts), share(self.recall), share(self.precision))


HEAD = ("language", "cases", "quiet ones", "expected", "found", "false", "recall", "precision")


def score(cases: Iterable[Case]) -> Mapping[Language, Score]:
    """The score of each language that has cases, in the order of `LANGUAGES`."""
    results = judge(tuple(cases))
    parts = {name: tuple(each for each in results if each.case.language == name) for name in LANGUAGES}
    return {name: Score(part) for name, part in parts.items() if part}


def total(scores: Mapping[Language, Score]) -> Score:
    """All languages as one."""
    return Score(tuple(result for each in scores.values() for result in each.results))


def table(scores: Mapping[Language, Score]) -> str:
    """The scores in Markdown, the sum last."""
    rows: list[tuple[str, ...]] = [(name, *each.cells) for name, each in scores.items()]
    rows.append(("**all**", *(f"**{cell}**" for cell in total(scores).cells)))
    lines = [HEAD, ("---", *["--:"] * (len(HEAD) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables() -> str:
    """The page of the documentation, from two scans of everything."""
    return page(score(load()), score(load(held_out=True)))


def page(scores: Mapping[Language, Score], held_out: Mapping[Language, Score]) -> str:
    """Both tables, and what they say."""
    return (
        "# How well flows are found\n\n"
        "This page is written by `python -m tests.corpus.flows --write docs/flows-corpus.md` from the cases in\n"
        "`tests/corpus/flows/`; change those, not the page. A case is a small project that was written for the\n"
        "corpus, with every flow of personal data that a careful person would point out in it. About one case in\n"
        "three is quiet: the closest thing to a flow that is none. Expected and found count flows by category and\n"
        "recipient, in the right line and with the right protection; false are unprotected flows that nobody\n"
        "labelled. The cases are small and written by people who know the scanner: on other code expect less.\n\n"
        f"{table(scores)}\n\n"
        "Nobody looks at these while the scanner is made better:\n\n"
        f"{table(held_out)}\n"
    )


def complaints(results: Iterable[Result]) -> Iterator[str]:
    """One line for each missed and each false flow, below the case that it is in."""
    for result in results:
        details = [
            *(f"  missed  {each}" for each in result.missed),
            *(f"  false   {shown(each)}" for each in result.false),
        ]
        yield from ((f"{result.case.case}: {result.case.about}", *details) if details else ())


def shown(flow: Found) -> str:
    """A flow on one line."""
    return f"{flow.data} ({flow.source}) to {flow.to} in {flow.path}:{flow.line}"


def main() -> int:
    """Print the table, and what is wrong when asked; or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held-out", action="store_true", help="score the cases that are held out")
    parser.add_argument("--language", choices=LANGUAGES, help="only this one")
    parser.add_argument("--show", action="store_true", help="print each missed and each false flow")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write both tables to a page instead")
    given = parser.parse_args()
    if given.write is not None:
        given.write.write_text(tables(), "utf-8")
        return 0
    cases = load(held_out=given.held_out)
    scores = score(case for case in cases if given.language in (None, case.language))
    if given.show:
        sys.stdout.write("".join(f"{line}\n" for line in complaints(total(scores).results)) + "\n")
    sys.stdout.write(f"{table(scores)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
