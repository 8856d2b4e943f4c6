"""Model files, told by their content whatever they are called: kind, size, hash, and what they say about themselves.

A file whose loading may run code has the trait `unsafe_serialisation`. Nothing is loaded.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.model import Detail, Edge, EdgeKind, Facts, Gap, Node, Origin, State, Trait
from petguard.parsers import Parser, _assets, one_by_one
from petguard.parsers._model_file import Description, Format
from petguard.parsers._model_formats import FORMATS
from petguard.parsers._names import categories_of_path
from petguard.parsers._source import together


@cache
def _any_magic() -> re.Pattern[bytes]:
    return re.compile("|".join(f"(?:{each.magic})" for each in FORMATS).encode("latin-1"), re.DOTALL)


def _format(blob: Blob) -> Format | None:
    """The format of a file; one look at its first bytes says no to most."""
    if _any_magic().match(blob.head) is None:
        return None
    return next((each for each in FORMATS if each.fits(blob)), None)


def _recognises(blob: Blob) -> bool:
    return _format(blob) is not None


def _examine(blobs: Sequence[Blob]) -> Iterator[Facts | Gap]:
    for blob in blobs:
        gaps: list[Gap] = []

        def whole(blob: Blob, gaps: list[Gap] = gaps) -> Facts:
            return _read(blob, gaps)

        yield from one_by_one([blob], whole)
        yield from gaps


def _read(blob: Blob, gaps: list[Gap]) -> Facts:
    format_ = _format(blob)
    assert format_ is not None, f"{blob.path} was recognised a moment ago"
    try:
        described = format_.describe(blob)
    except UnreadableInput as error:
        described = Description(runs_code=format_.unsafe, doubts=(error.detail,))
    gaps += (_gap(blob, f"{format_.name}: {doubt}") for doubt in described.doubts)
    details: dict[str, Detail] = {"format": format_.name, "size_bytes": blob.size, **described.details}
    if "sha256" not in details:  # the pointer of a file that is kept elsewhere gives the hash of that one
        details["sha256"] = blob.digest()
    traits = (Trait.UNSAFE_SERIALISATION,) if described.runs_code else ()
    file = _assets.model_file(blob.path, details, traits)
    return together([Facts(nodes=(file,)), *_origins(file, described)])


def _origins(file: Node, described: Description) -> Iterator[Facts]:
    """What a model says that it was trained on and made from."""
    (place,) = file.locations
    for name in described.datasets:
        data = _assets.dataset(name, place).model_copy(update={"categories": categories_of_path(name)})
        yield _related(file, EdgeKind.TRAINED_ON, data)
    for name in described.bases:
        yield _related(file, EdgeKind.DERIVED_FROM, _assets.model(name, place, origin=Origin.DECLARED))


def _related(file: Node, kind: EdgeKind, end: Node) -> Facts:
    edge = Edge(kind=kind, source=file.id, target=end.id, origin=Origin.DECLARED, location=file.locations[0])
    return Facts(nodes=(end,), edges=(edge,))


def _gap(blob: Blob, detail: str) -> Gap:
    return Gap(path=blob.path, state=State.PARTIAL, reason="parse_error", detail=detail)


PARSER = Parser.of_blobs("model_files", _recognises, _examine)
