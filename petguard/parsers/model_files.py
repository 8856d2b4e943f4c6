"""Model files, told by their content whatever they are called: kind, size, hash, and what they say about themselves.

A file whose loading may run code has the trait `unsafe_serialisation`. Nothing is loaded.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from petguard.blobs import Blob
from petguard.errors import UnreadableInput
from petguard.model import Detail, Facts, Gap, State, Trait
from petguard.parsers import Parser, _assets, one_by_one
from petguard.parsers._model_file import Description, Format
from petguard.parsers._model_formats import FORMATS


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
    return Facts(nodes=(_assets.model_file(blob.path, details, traits),))


def _gap(blob: Blob, detail: str) -> Gap:
    return Gap(path=blob.path, state=State.PARTIAL, reason="parse_error", detail=detail)


PARSER = Parser.of_blobs("model_files", _recognises, _examine)
