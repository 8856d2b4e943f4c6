"""What petguard knows about libraries: the tables are well formed, and small real programs reach exactly their row."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, TypeAdapter

import petguard
from petguard import taxonomy
from petguard.collect import Input
from petguard.documents import read_yaml
from petguard.flows.knowledge import Calls, table
from petguard.graph import Path as Way
from petguard.graph import SystemGraph
from petguard.model import EvidenceLevel, Facts, Frozen, NodeKind, SinkKind
from petguard.parsers._source import together
from petguard.parsers.python import PARSER
from petguard.semgrep import SEMGREP
from tests.flows.samples import concrete

HERE = Path(__file__).parent / "flows"


class Sample(Frozen):
    """A program of a few lines; `row` gets `user.email`, `also` are the kinds of others that may."""

    row: str
    before: str
    call: Annotated[str, Field(min_length=3)]
    also: tuple[SinkKind, ...] = ()

    @property
    def code(self) -> str:
        """The whole file."""
        return f"{self.before}\n\n\ndef send(user):\n    {self.call}\n"


def _samples(name: str) -> tuple[Sample, ...]:
    return TypeAdapter(tuple[Sample, ...]).validate_python(read_yaml((HERE / name).read_text("utf-8")).value)


OWNERS = _samples("owners-python.yaml")


@cache
def _ways(samples: tuple["Sample | Protected | Quiet", ...]) -> dict[int, tuple[Way, ...]]:
    """The flows of each sample, by its number: all are read in one go, each in a folder of its own."""
    items = [Input(f"s{number}/app.py", sample.code) for number, sample in enumerate(samples)]
    facts = together(each for each in PARSER.parse(items, SEMGREP) if isinstance(each, Facts))
    found: dict[int, list[Way]] = {number: [] for number in range(len(samples))}
    for way in SystemGraph([facts]).flows():
        found[int(way.hops[0].location.path.partition("/")[0][1:])].append(way)
    return {number: tuple(ways) for number, ways in found.items()}


def _name(sample: Sample) -> str:
    return f"{sample.row}: {sample.call.strip()[:40]}"


@pytest.mark.parametrize("number", range(len(OWNERS)), ids=[_name(each) for each in OWNERS])
def test_a_small_program_reaches_exactly_its_owner(number: int) -> None:
    """The call as the library's own documentation writes it is told by its path, and its data is found."""
    sample = OWNERS[number]
    ways = [way for way in _ways(OWNERS)[number] if way.target.sink not in sample.also]
    others = {way.target.id for way in ways if way.target.kind is not NodeKind.AI_SERVICE or not sample.also}
    assert others == {f"sink:{sample.row}"}
    assert {way.source.name for way in ways} == {"user.email"}


ASKS = _samples("asks-python.yaml")


@pytest.mark.parametrize("number", range(len(ASKS)), ids=[_name(each) for each in ASKS])
def test_a_small_program_asks_exactly_its_ai(number: int) -> None:
    """Whoever answers is named, and gets what the program puts into the question."""
    sample = ASKS[number]
    ways = [way for way in _ways(ASKS)[number] if way.target.kind in (NodeKind.AI_SERVICE, NodeKind.MODEL)]
    assert {way.target.provider for way in ways} == {sample.row}


class Protected(Frozen):
    """A program that makes `x` from `user` and sends it; what stands on the way of the data `of` it.

    `other` says that what stands there takes out other data than this; with `quiet` nothing need be seen at all.
    """

    before: str
    call: Annotated[str, Field(min_length=3)]
    of: str = "user.email"
    protected: tuple[str, ...]
    evidence: EvidenceLevel = EvidenceLevel.STATIC
    other: bool = False
    quiet: bool = False

    @property
    def code(self) -> str:
        """The whole file."""
        head = f"{self.before}\nfrom openai import OpenAI\nclient = OpenAI()\n"
        ask = "client.responses.create(model='gpt-4o', input=str(x))"
        return f"{head}\n\ndef send(user):\n    {self.call}\n    {ask}\n"


SAFEGUARDS = TypeAdapter(tuple[Protected, ...]).validate_python(
    read_yaml((HERE / "safeguards-python.yaml").read_text("utf-8")).value
)


@pytest.mark.parametrize("number", range(len(SAFEGUARDS)), ids=[each.call.strip()[:60] for each in SAFEGUARDS])
def test_a_protection_is_told_from_what_only_looks_like_one(number: int) -> None:
    """A library's call, a number in its range or a name says what stands on the way, how surely, and for which data."""
    sample = SAFEGUARDS[number]
    ways = [
        way
        for way in _ways(SAFEGUARDS)[number]
        if fnmatchcase(way.source.name, sample.of) and way.target.kind is NodeKind.AI_SERVICE
    ]
    assert ways or sample.quiet
    for way in ways:
        assert tuple(node.technique for node in way.protections) == sample.protected
        levels = {node.details.get("evidence") for node in way.protections}
        assert levels <= {sample.evidence}
        taken = [node.details.get("entities") for node in way.protections]
        for entities in taken:
            covered = not isinstance(entities, tuple) or any(
                taxonomy.covers(each, category) for each in entities for category in way.source.categories
            )
            assert covered is not sample.other


class Quiet(Frozen):
    """A program in which nobody outside gets `user.email`."""

    why: str
    before: str
    call: Annotated[str, Field(min_length=3)]

    @property
    def code(self) -> str:
        """The whole file."""
        return f"{self.before}\n\n\ndef send(user):\n    {self.call}\n"


QUIET = TypeAdapter(tuple[Quiet, ...]).validate_python(read_yaml((HERE / "quiet-python.yaml").read_text("utf-8")).value)


@pytest.mark.parametrize("number", range(len(QUIET)), ids=[f"{each.why}: {each.call[:30]}" for each in QUIET])
def test_what_only_looks_like_a_flow_stays_quiet(number: int) -> None:
    """Reading, counting, keeping it inside, and calls of other things of the same name hand nothing on."""
    assert [(way.source.name, way.target.id) for way in _ways(QUIET)[number]] == []


ROWS: Mapping[str, Sequence[Calls]] = {
    "asks": table("pypi").asks,
    "recipients": table("pypi").recipients,
    "safeguards": table("pypi").safeguards,
}
FILES = Path(petguard.__file__).parents[1] / "rules" / "code" / "flows"


def _own(kind: str) -> list[Calls]:
    """The rows of a kind that are said of Python."""
    said = read_yaml((FILES / f"{kind}-python.yaml").read_text("utf-8")).value
    ids = {row["id"] for row in said[kind]}
    return [row for row in ROWS[kind] if row.id in ids]


@pytest.mark.parametrize("kind", ROWS)
def test_no_two_rows_have_one_id(kind: str) -> None:
    """A report names a row by it."""
    ids = Counter(row.id for row in ROWS[kind])
    assert [each for each, number in ids.items() if number > 1] == []


@pytest.mark.parametrize("kind", ROWS)
def test_every_pattern_is_a_dotted_path_of_a_package(kind: str) -> None:
    """A blank, a bracket or a parenthesis that is not closed would match no call at all."""
    step = r"[\w*\-]+(?:\(\))*"
    path = re.compile(rf"{step}(?:\.{step})*")
    assert [pattern for row in _own(kind) for pattern in row.calls if not path.fullmatch(pattern)] == []


@pytest.mark.parametrize("kind", ROWS)
def test_no_two_rows_claim_one_path(kind: str) -> None:
    """Which of them would be told is decided by the order of the files, and by nobody who wrote them."""
    rows = _own(kind)
    claimed = [
        (row.id, other.id, pattern)
        for row in rows
        for pattern in row.calls
        for other in rows
        if other is not row and not other.given and other.paths.fullmatch(concrete(pattern))
    ]
    assert claimed == []


def test_owners_of_every_kind_are_known() -> None:
    """Third parties, vector stores, training, logs and files: how many different names each kind has."""
    owners = {(row.sink, row.name) for row in table("pypi").recipients if row in _own("recipients")}
    numbers = Counter(sink for sink, _ in owners)
    assert numbers[SinkKind.THIRD_PARTY] >= 60
    assert numbers[SinkKind.VECTOR_STORE] >= 15
    assert numbers[SinkKind.TRAINING] >= 6
    assert len(_own("asks")) >= 70


def test_every_owner_has_a_program() -> None:
    """Nearly all rows have been seen at work; those without are older names of a library, or need much around them."""
    seen = {sample.row for sample in OWNERS}
    own = {row.id for row in _own("recipients")}
    assert seen <= own
    assert len(seen) >= 0.8 * len(own), sorted(own - seen)
