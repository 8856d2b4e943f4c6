"""Differential-privacy claims that stand in Python code, with every parameter that can be read for certain.

The tables of `rules/code/privacy/` say which call states what, one file for each library; `readers` add what the
arguments alone do not say, `handmade` finds noise that no library adds, and `hazards` looks for what goes wrong beside.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from petguard.claims import BY_TECHNIQUE, Statement
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Gap, Json, Node, NodeKind, Origin, State
from petguard.parsers._python_claims import hazards, origins
from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_claims.handmade import handmade
from petguard.parsers._python_claims.matching import OfTheTree, is_a_copy, is_its_own, stating
from petguard.parsers._python_claims.readers import READERS
from petguard.parsers._python_claims.reading import Reading, decided_by, read_arguments, sites, states_something
from petguard.parsers._python_file import File
from petguard.parsers._python_syntax import span

_HAND_MADE = "hand-made noise"
_COPIED = "{} is taken from the scanned tree, and may differ from the published one"


def claims(file: File, of_the_tree: OfTheTree) -> Iterator[tuple[Claim, Node] | Gap]:
    """Every claim in a file, and the protection it speaks of; a gap for a claim with impossible numbers."""
    for reading in _readings(Ground(file), of_the_tree):
        try:
            claim = _claim(file, reading)
        except UnreadableInput as error:
            yield Gap(path=file.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=error.line)
        else:
            yield claim, _pet(file, reading, claim)


def _readings(ground: Ground, of_the_tree: OfTheTree) -> list[Reading]:
    """What libraries and hands state, in the order of the file; of two statements in one place the first counts."""
    by_hand = () if is_its_own(ground.file.path, of_the_tree, copied=False) else handmade(ground)
    found = [*_of_libraries(ground, of_the_tree), *by_hand]
    places = {(reading.start, reading.kind.technique): reading for reading in reversed(found)}
    return sorted(places.values(), key=lambda reading: (reading.start, reading.kind.technique))


def _of_libraries(ground: Ground, of_the_tree: OfTheTree) -> Iterator[Reading]:
    for kind, call in stating(ground):
        copied = is_a_copy(kind, of_the_tree)
        if is_its_own(ground.file.path, of_the_tree, copied=copied):
            continue
        for site in sites(ground, call, decided_by(ground, kind, call)):
            reading = Reading(ground, kind, call, site)
            if states_something(reading):
                _read(reading)
                reading.doubts += [_COPIED.format(kind.package)] if copied else []
                yield reading


def _read(reading: Reading) -> None:
    read_arguments(reading)
    if reading.kind.reader is not None:
        READERS[reading.kind.reader](reading)
    given = (reading.given(name) for name in reading.kind.data)
    reading.data += [reading.meant(each) for each in given if each is not None]


def _claim(file: File, reading: Reading) -> Claim:
    line, column = reading.start
    function = file.module.function_at(span(reading.call)[0])
    technique = reading.kind.technique
    statement = _statement(technique, reading.values, line)
    return Claim(
        id=f"{technique}:{file.path}:{line}:{column}",
        statement=statement,
        location=file.location(reading.start),
        subject=f"{file.path}:{function}" if function else file.path,
        unresolved={field: why for field, why in reading.unresolved.items() if field not in reading.values},
        doubts=tuple(dict.fromkeys(reading.doubts)),
        dangers=hazards.beside(reading),
        about=tuple(dict.fromkeys([*reading.named, *origins.about(reading.ground, reading.data)])),
    )


def _statement(technique: str, values: Json, line: int) -> Statement:
    try:
        return BY_TECHNIQUE[technique].model_validate({"technique": technique, **values}, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        detail = f"{'.'.join(map(str, first['loc']))} of a {technique} claim: {first['msg'].lower()}"
        raise UnreadableInput(detail, reason="invalid_value", line=line) from error


def _pet(file: File, reading: Reading, claim: Claim) -> Node:
    return Node(
        id=f"pet:{claim.id}",
        kind=NodeKind.PROTECTION,
        name=reading.kind.package or _HAND_MADE,
        origin=Origin.DETECTED,
        locations=(file.location(reading.start),),
        asset=Asset.PET,
        technique=claim.technique,
        claim=claim.id,
    )
