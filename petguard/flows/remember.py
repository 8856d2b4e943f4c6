"""Summaries as plain rows, so that a file that has not changed is not followed again.

Every atom is written once and named by its number. What cannot be read back is followed anew, so a row may only save
time.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from petguard.flows.summary import (
    Argument,
    Atom,
    Atoms,
    ClassSummary,
    FunctionSummary,
    Given,
    Site,
    Source,
    Summary,
    Write,
)

Row = dict[str, Any]


def row(summary: Summary) -> Row:
    """A summary as JSON values."""
    return _Writer().summary(summary)


def summary(path: str, stored: Row) -> Summary | None:
    """What a row says of the file at `path`; None when it is not a row of this version."""
    with suppress(KeyError, IndexError, TypeError, ValueError, AttributeError):
        return _Reader(stored["atoms"]).summary(path, stored)
    return None


class _Writer:
    def __init__(self) -> None:
        self._numbers: dict[Atom, int] = {}

    def summary(self, each: Summary) -> Row:
        made = {
            "imports": each.imports,
            "exports": each.exports,
            "opened": each.opened,
            "package": each.package,
            "functions": {name: self._function(one) for name, one in each.functions.items()},
            "classes": {name: self._class(one) for name, one in each.classes.items()},
            "refs": each.refs,
            "keeps": self._kept(each.keeps),
            "sites": [self._site(one) for one in each.sites],
            "sources": [self._source(one) for one in each.sources],
            "bundles": [self._atoms(atoms) for atoms in each.bundles],
            "writes": [[one.refs, one.name, self._atoms(one.into), self._atoms(one.atoms)] for one in each.writes],
            "unread": each.unread,
        }
        return made | {"atoms": [list(atom) for atom in self._numbers]}

    def _atoms(self, atoms: Atoms) -> list[int]:
        return sorted(self._numbers.setdefault(atom, len(self._numbers)) for atom in sorted(atoms, key=repr))

    def _given(self, given: Iterable[Given]) -> list[Any]:
        return [[part, self._atoms(atoms)] for part, atoms in given]

    def _parts(self, parts: Mapping[str, Atoms]) -> dict[str, list[int]]:
        return {part: self._atoms(atoms) for part, atoms in parts.items()}

    def _kept(self, kept: Mapping[str, Mapping[str, Atoms]]) -> dict[str, Any]:
        return {name: self._parts(parts) for name, parts in kept.items()}

    def _site(self, one: Site) -> list[Any]:
        arguments = [
            [each.slot, self._given(each.given), each.refs, each.literal, each.text, each.names]
            for each in one.arguments
        ]
        return [one.at, one.end, one.function, one.refs, one.name, arguments, one.new, one.guards, one.leaves]

    def _source(self, one: Source) -> list[Any]:
        return [one.at, one.label, one.kind, one.says, one.because, one.function, self._atoms(one.over)]

    def _function(self, one: FunctionSummary) -> list[Any]:
        defaults = {name: self._given(given) for name, given in one.defaults.items()}
        flows = [defaults, self._parts(one.gives), self._kept(one.puts)]
        return [
            one.at,
            one.end,
            one.parameters,
            one.types,
            *flows,
            one.refs,
            one.returns,
            one.owner,
            one.reads_as_field,
            one.takes_object,
            one.wrapped,
            one.cuts,
        ]

    def _class(self, one: ClassSummary) -> list[Any]:
        return [one.at, one.bases, one.fields, one.places, one.refs, self._kept(one.keeps), one.record]


class _Reader:
    def __init__(self, atoms: list[list[Any]]) -> None:
        self._all: list[Atom] = [tuple(atom) for atom in atoms]

    def summary(self, path: str, stored: Row) -> Summary:
        return Summary(
            path,
            imports={name: (module, what) for name, (module, what) in stored["imports"].items()},
            exports={name: (module, what) for name, (module, what) in stored["exports"].items()},
            opened=list(stored["opened"]),
            package=str(stored["package"]),
            functions={name: self._function(one) for name, one in stored["functions"].items()},
            classes={name: self._class(one) for name, one in stored["classes"].items()},
            refs=_tuples(stored["refs"]),
            keeps=self._kept(stored["keeps"]),
            sites=[self._site(one) for one in stored["sites"]],
            sources=[self._source(one) for one in stored["sources"]],
            bundles=[self._atoms(numbers) for numbers in stored["bundles"]],
            writes=[self._write(one) for one in stored["writes"]],
            unread=[(int(line), str(detail)) for line, detail in stored["unread"]],
        )

    def _atoms(self, numbers: list[int]) -> Atoms:
        return frozenset([self._all[number] for number in numbers])

    def _given(self, given: list[Any]) -> tuple[Given, ...]:
        return tuple((part, self._atoms(numbers)) for part, numbers in given)

    def _parts(self, parts: dict[str, list[int]]) -> dict[str, Atoms]:
        return {part: self._atoms(numbers) for part, numbers in parts.items()}

    def _kept(self, kept: dict[str, Any]) -> dict[str, dict[str, Atoms]]:
        return {name: self._parts(parts) for name, parts in kept.items()}

    def _site(self, one: list[Any]) -> Site:
        at, end, function, refs, name, arguments, new, guards, leaves = one
        made = [
            Argument(slot, self._given(given), tuple(refs), literal, text, tuple(names))
            for slot, given, refs, literal, text, names in arguments
        ]
        return Site(at, end, function, tuple(refs), name, made, new, tuple(guards), tuple(leaves))

    def _write(self, one: list[Any]) -> Write:
        refs, name, into, atoms = one
        return Write(tuple(refs), name, self._atoms(into), self._atoms(atoms))

    def _source(self, one: list[Any]) -> Source:
        at, label, kind, says, because, function, over = one
        return Source(at, label, kind, tuple(says), because, function, self._atoms(over))

    def _function(self, one: list[Any]) -> FunctionSummary:
        at, end, parameters, types, defaults, gives, puts, refs, returns, *rest = one
        owner, as_field, takes_object, wrapped, cuts = rest
        return FunctionSummary(
            at,
            end,
            tuple((name, kind) for name, kind in parameters),
            _tuples(types),
            {name: self._given(given) for name, given in defaults.items()},
            self._parts(gives),
            self._kept(puts),
            tuple(refs),
            tuple(returns),
            owner,
            as_field,
            takes_object,
            tuple(wrapped),
            cuts,
        )

    def _class(self, one: list[Any]) -> ClassSummary:
        at, bases, fields, places, refs, keeps, record = one
        return ClassSummary(at, tuple(bases), _tuples(fields), dict(places), _tuples(refs), self._kept(keeps), record)


def _tuples(stored: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in stored.items()}
