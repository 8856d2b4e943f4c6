"""The tables of what JavaScript, Java, Kotlin and Go hand to others, and a program that proves each pattern."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from petguard import _shipped, catalog, tables
from petguard.catalog import Ecosystem
from petguard.flows.knowledge import Ask, Calls, Recipient, Safeguard, _File, table
from petguard.model import SinkKind
from petguard.report import Flow
from petguard.scan import Request, scan
from tests.flows.samples import WRITERS, Sample, concrete

ECOSYSTEMS: Mapping[str, Ecosystem] = {"npm": "npm", "jvm": "maven", "go": "golang"}
KINDS = ("asks", "recipients", "safeguards")
LEAST_OWNERS = 40  # AI libraries and services of TypeScript


@cache
def rows(ecosystem: str, kind: str) -> tuple[Calls, ...]:
    """The rows of one file."""
    (path,) = (each for each in _shipped.files("rules/code/flows") if each.name == f"{kind}-{ecosystem}.yaml")
    file = _File.model_validate(tables.read(path).value)
    return {"asks": file.asks, "recipients": file.recipients, "safeguards": file.safeguards}[kind]


def patterns(ecosystem: str) -> Iterator[tuple[Calls, str]]:
    """Every pattern of an ecosystem with its row."""
    for kind in KINDS:
        yield from ((row, pattern) for row in rows(ecosystem, kind) for pattern in row.calls)


def owner(path: str, ecosystem: Ecosystem) -> str | None:
    """The AI package of the catalogue that a path begins with."""
    parts = path.partition("(")[0].split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    found = (catalog.module(each, ecosystem) for each in beginnings)
    return next((each.name for each in found if each is not None), None)


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_say_what_they_know(ecosystem: str, kind: str) -> None:
    """A row has calls, and a name that tells its ecosystem and that no other row has."""
    names = Counter(row.id for row in rows(ecosystem, kind))
    assert [row.id for row in rows(ecosystem, kind) if not row.calls or not row.id.startswith(f"{ecosystem}-")] == []
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_no_pattern_stands_twice(ecosystem: str) -> None:
    """The same pattern in two rows would leave it to their order which of them counts."""
    assert [each for each, times in Counter(pattern for _, pattern in patterns(ecosystem)).items() if times > 1] == []


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_a_path_is_claimed_by_its_own_row_alone(ecosystem: str) -> None:
    """What a pattern stands for is found by the row that it stands in, by none of another kind or language."""
    made = "Thing()" if ecosystem == "jvm" else "thing()"
    wrong = []
    for row, pattern in patterns(ecosystem):
        path = concrete(pattern, made=made)
        found = [each.id for each in (table().ask(path), table().recipient(path), table().safeguard(path)) if each]
        wrong += [(pattern, found)] if found != [row.id] else []
    assert wrong == []


@pytest.mark.parametrize("made", ["Client()", "rest.Client()"])
def test_packages_of_python_with_the_same_name_lose_nothing(made: str) -> None:
    """All tables are one: what a row finds that was meant for another language counts at least the same arguments."""
    wrong = []
    for row, pattern in patterns("python"):
        path = concrete(pattern, made=made)
        found = [each for each in (table().ask(path), table().recipient(path), table().safeguard(path)) if each]
        wrong += [(pattern, each.id) for each in found if not _counts_as_much(each, row)]
    assert wrong == []


def _counts_as_much(found: Calls, meant: Calls) -> bool:
    more = set(found.data) >= set(meant.data) and set(found.positions) >= set(meant.positions)
    return type(found) is type(meant) and (found.all or (more and not meant.all) or found.id == meant.id)


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_the_catalogue_knows_who_is_asked(ecosystem: str) -> None:
    """Who answers is said by the package: a row whose package nobody knows would leave the answer open."""
    known = ECOSYSTEMS[ecosystem]
    asks = [(row, pattern) for row, pattern in patterns(ecosystem) if isinstance(row, Ask) and row.provider is None]
    unknown = [pattern for _, pattern in asks if owner(concrete(pattern), known) is None]
    assert [each for each in unknown if "env.AI.run" not in each] == []


def test_many_owners_are_known_in_typescript() -> None:
    """The AI packages of npm that a call can be told of."""
    owners = {owner(concrete(pattern), "npm") for row, pattern in patterns("npm") if isinstance(row, Ask)}
    assert len(owners - {None}) >= LEAST_OWNERS


# --- programs -------------------------------------------------------------------------------------------------------


@cache
def samples(ecosystem: str) -> tuple[tuple[Calls, Sample], ...]:
    """One program for each pattern; tools are given functions and no data, and stand in the corpus."""
    _, write = WRITERS[ecosystem]
    return tuple((row, write(row, pattern)) for row, pattern in patterns(ecosystem) if not row.results)


@pytest.fixture(scope="module", params=WRITERS)
def scanned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[list[Flow]]]:
    """All programs of an ecosystem, scanned in one go, with the flows of each."""
    ecosystem = str(request.param)
    suffix, _ = WRITERS[ecosystem]
    root = tmp_path_factory.mktemp(ecosystem)
    for number, (_, sample) in enumerate(samples(ecosystem)):
        (root / f"S{number}{suffix}").write_text(sample.program.replace("Sample", f"S{number}"), "utf-8")
    flows: list[list[Flow]] = [[] for _ in samples(ecosystem)]
    for flow in scan(Request(paths=(root,), jobs=1)).flows:
        flows[int(Path(flow.sink.path).stem[1:])].append(flow)
    return ecosystem, flows


def test_each_pattern_finds_its_flow(scanned: tuple[str, list[list[Flow]]]) -> None:
    """A person's data in the argument that counts reaches whom the row names, and is protected by what it names."""
    ecosystem, flows = scanned
    missed = [
        f"{row.id}: {sample.path}"
        for (row, sample), found in zip(samples(ecosystem), flows, strict=True)
        if not any(_is_meant(row, flow) for flow in found)
    ]
    assert missed == []


def _is_meant(row: Calls, flow: Flow) -> bool:
    if isinstance(row, Recipient):
        return flow.sink.kind is row.sink
    techniques = {each.technique for each in flow.protections}
    wanted = {row.technique} if isinstance(row, Safeguard) else set()
    return flow.sink.kind is SinkKind.AI_SERVICE and wanted <= techniques
