"""Parsers turn inputs into facts; one module per kind of input, each offering a `PARSER`."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from petguard import _plugins
from petguard.blobs import Blob
from petguard.collect import Candidate, Collection, Input, Interest
from petguard.errors import UnreadableInput
from petguard.flows.told import Told
from petguard.model import Facts, Gap, State
from petguard.semgrep import Program

T = TypeVar("T")
File = TypeVar("File", Input, Blob)


@dataclass(frozen=True)
class Parser:
    """One kind of input.

    `interest` looks at the bytes of every file once and must be cheap; it decides by content, the file name may
    only narrow it further. `parse` gets all files it asked to READ and yields facts and gaps; a file for which it
    yields no gap counts as analysed.
    """

    name: str
    interest: Callable[[Candidate], Interest]
    parse: Callable[[Sequence[Input], Program], Iterable[Facts | Gap]]
    claims: bool = False  # its files are there to claim a protection
    recognises: Callable[[Blob], bool] | None = None  # a file of any size and kind, by what is in it
    examine: Callable[[Sequence[Blob]], Iterable[Facts | Gap]] = lambda _blobs: ()
    # The same as `parse`, once it is known which columns the other inputs say are personal.
    knowing: Callable[[Sequence[Input], Program, Told], Iterable[Facts | Gap]] | None = None

    @classmethod
    def of_configs(
        cls,
        name: str,
        interest: Callable[[Candidate], Interest],
        parse: Callable[[Sequence[Input]], Iterable[Facts | Gap]],
        *,
        claims: bool = False,
    ) -> Self:
        """A parser that needs no semgrep."""
        return cls(name, interest, lambda inputs, _semgrep: parse(inputs), claims)

    @classmethod
    def of_blobs(
        cls,
        name: str,
        recognises: Callable[[Blob], bool],
        examine: Callable[[Sequence[Blob]], Iterable[Facts | Gap]],
    ) -> Self:
        """A parser of files that are no text, or too large to be read whole."""
        return cls(name, lambda _: Interest.NONE, lambda *_: (), recognises=recognises, examine=examine)


def one_by_one(inputs: Iterable[File], read: Callable[[File], T]) -> Iterator[T | Gap]:
    """Read files that can be understood one at a time: the body of most parsers.

    Foreign files are hostile: too deep or too large for Python is a gap like any other parse error.
    """
    for item in inputs:
        try:
            yield read(item)
        except UnreadableInput as error:
            yield Gap(path=item.path, state=State.FAILED, reason=error.reason, detail=error.detail, line=error.line)
        except (RecursionError, MemoryError) as error:
            yield Gap(path=item.path, state=State.FAILED, reason="too_deep", detail=type(error).__name__)


def all_parsers() -> tuple[Parser, ...]:
    """Every parser of this package, in module-name order."""
    return _plugins.collect(sys.modules[__name__], "PARSER", Parser)


def read_all(
    readers: Iterable[Parser], collection: Collection, semgrep: Program
) -> tuple[tuple[Facts, ...], tuple[Gap, ...]]:
    """Let every parser read its inputs; what it could not read is returned beside the facts, never dropped."""
    order = tuple(readers)
    found: dict[str, list[Facts | Gap]] = {}
    for reader in sorted(order, key=lambda each: each.knowing is not None):
        inputs = collection.inputs.get(reader.name, ())
        if reader.knowing is None:
            found[reader.name] = list(reader.parse(inputs, semgrep))
        else:
            told = Told.by(each for parts in found.values() for each in parts if isinstance(each, Facts))
            found[reader.name] = list(reader.knowing(inputs, semgrep, told))
        found[reader.name] += reader.examine(collection.blobs.get(reader.name, ()))
    results = [each for reader in order for each in found[reader.name]]
    facts = tuple(result for result in results if isinstance(result, Facts))
    return facts, tuple(result for result in results if isinstance(result, Gap))
