"""The attack on hashes: recompute them for what the values may be, likely candidates first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from petguard.claims import Pseudonymisation
from petguard.verifiers import Bench, _clear_values, _code_constants, _digests, _pseudonyms, _spaces
from petguard.verifiers._code_constants import Constant
from petguard.verifiers._digests import Recipe, Shape
from petguard.verifiers._inversion import Search
from petguard.verifiers._pseudonyms import Breach, Outcome, Pseudonyms

_SEPARATORS = (b":", b"|", b"-", b"_", b" ")
_SMALL = 3_000_000  # values of a space that is tried with every constant


def attack(column: Pseudonyms, said: Pseudonymisation, bench: Bench) -> Outcome:
    """Look for values behind digests; where the column holds none, that is all there is to say."""
    shape = column.shape
    if shape is None:
        named = _digests.slow(column.cells[:1000])
        cost = f"{named}: each guess costs too much for an enumeration here" if named else ""
        return None, cost or "the values have the form of no known hash, so none was recomputed"
    cells = {value: cell for cell in column.cells if (value := shape.read(cell)) is not None and _right(shape, value)}
    search = Search(frozenset(cells), shape.kept, bench.searches)
    constants = _code_constants.constants(bench.files)
    _tries(column, said, bench, search, constants)
    search.close()
    if search.is_sure:
        return _breach(column, shape, search, cells), ""
    known = f"{len(constants)} constants of the project as salts and keys"
    accident = f", {len(search.found)} equal by chance" if search.found else ""
    return None, f"{shape.words}: {search.told()}; with {known}{accident}"


def _right(shape: Shape, value: bytes) -> bool:
    return len(value) == shape.kept


def _tries(
    column: Pseudonyms, said: Pseudonymisation, bench: Bench, search: Search, constants: Sequence[Constant]
) -> None:
    """From the likeliest to the largest, until values are found; each step leaves something of the budget."""
    assert column.shape is not None
    plain = column.shape.recipes
    salted, separated = list(_salted(column.shape, constants)), list(_separated(column.shape, constants))
    found = list(_clear_values.columns(column.table, column.column))
    listed = [_clear_values.space(each) for each in found]
    kind = _pseudonyms.kind(column, said)
    spaces = _spaces.spaces(kind, bench.now.date(), _clear_values.areas(found))
    small = [space for space in spaces if space.size <= _SMALL]
    large = [space for space in spaces if space.size > _SMALL]
    grid = [_clear_values.grid(found)] if kind in {"any", "email"} else []
    steps = (
        (0.2, listed, plain), (0.35, listed, salted), (0.4, listed, separated),
        (0.5, small, plain[:2]), (0.6, small, salted), (0.75, grid, plain[:1]), (0.8, grid, salted[:8]),
        (0.97 if salted else 1.0, large, plain[:1]), (1.0, large, salted[:3]),
    )  # fmt: skip
    for part, tried, recipes in steps:
        search.part = part
        if tried and recipes and search.through(tried, recipes):
            return


def _salted(shape: Shape, constants: Sequence[Constant]) -> Iterator[Recipe]:
    """The likeliest hash with each constant before the value, behind it, and as the key of an HMAC."""
    base = shape.recipes[0]
    for each in constants:
        for value in each.as_bytes():
            yield replace(base, before=value, name=f"{base.name} with {each.told} before it")
            yield replace(base, behind=value, name=f"{base.name} with {each.told} behind it")
            if not base.name.startswith("uuid"):
                yield _digests.keyed(base.name, value, shape.kept, each.told)


def _separated(shape: Shape, constants: Sequence[Constant]) -> Iterator[Recipe]:
    base = shape.recipes[0]
    for each in constants:
        for between in _SEPARATORS:
            value = each.value.encode()
            yield replace(base, before=value + between, name=f"{base.name} with {each.told} before it")
            yield replace(base, behind=between + value, name=f"{base.name} with {each.told} behind it")


def _breach(column: Pseudonyms, shape: Shape, search: Search, cells: dict[bytes, str]) -> Breach:
    hits = [(cells[digest], hit) for digest, hit in search.found.items()]
    sources = list(dict.fromkeys(hit.source for _, hit in hits))
    recipes = list(dict.fromkeys(hit.recipe for _, hit in hits))
    pairs = {cell: hit.value.decode("utf-8", "replace") for cell, hit in hits}
    words = (
        f"{column.words}, {shape.words}: {len(hits):,} of them were recovered by {recipes[0]}"
        f" of candidates from {sources[0]}; {search.told()}"
    )
    witness = {
        "recovered": len(hits),
        "share": _pseudonyms.share(len(hits), column),
        "by": recipes[:3],
        "candidates_from": sources[:3],
        "examples": _pseudonyms.examples(pairs),
    }
    return Breach(words, witness)
