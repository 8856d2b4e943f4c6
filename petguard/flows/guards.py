"""Which calls of a tree protect what they are given, and which only call themselves so."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from petguard.flows.knowledge import Safeguard, table
from petguard.flows.links import Links
from petguard.flows.resolve import Meaning
from petguard.flows.summary import Atom

Key = tuple[str, int]  # the path of a file, and the number of a call in it


def find(links: Links) -> tuple[Mapping[Key, Safeguard], Mapping[Key, str]]:
    """The calls that protect, and the functions that only sound so: what they give back is what they were given."""
    search = _Search(links)
    found = {(path, number): search.safeguard(path, number, meant) for (path, number), meant in links.meanings.items()}
    return {key: guard for key, guard in found.items() if guard is not None}, search.idle


@dataclass
class _Search:
    links: Links
    idle: dict[Key, str] = field(default_factory=dict)

    def safeguard(self, path: str, number: int, found: tuple[Meaning, ...]) -> Safeguard | None:
        """What a call protects with: as the tables know it, else as the function that it calls names itself."""
        functions = [one for one in found if one.kind == "function"]
        guard = None if functions else self._known(path, number, found)
        if guard is not None:
            return guard
        last = self.links.summaries[path].sites[number].name.rpartition(".")[2]
        named = table().safeguard_named(functions[0].name.rpartition(".")[2] if functions else last)
        if named is None or (functions and self._gives_back_input(path, number, functions)):
            return None
        return named if not functions else self._as_good_as_inside(functions[0], named)

    def _known(self, path: str, number: int, found: tuple[Meaning, ...]) -> Safeguard | None:
        """The safeguard of a library, or a regular expression that takes something out."""
        names = [one.name for one in found if one.kind == "library"]
        guards = (guard for name in names if (guard := table().safeguard(name)) is not None)
        guard = next((each for each in guards if self._holds(path, number, each)), None)
        site = self.links.summaries[path].sites[number]
        texts = [each.text for each in site.arguments if each.text]
        return guard or table().safeguard_by_pattern(site.name.rpartition(".")[2], texts)

    def _gives_back_input(self, path: str, number: int, functions: Iterable[Meaning]) -> bool:
        for one in functions:
            summary = self.links.symbols.function(one)
            own = {(one.path, one.name, name) for name, _ in summary.parameters}
            given = [atom for atoms in summary.gives.values() for atom in atoms]
            if given and all(self._is_input(one.path, atom, own) for atom in given):
                self.idle[path, number] = one.name
                return True
        return False

    def _is_input(self, path: str, atom: Atom, own: set[tuple[str, str, str]]) -> bool:
        if atom[0] == "p":
            return (path, str(atom[1]), str(atom[2])) in own
        if atom[0] == "s":
            over = self.links.summaries[path].sources[int(atom[1])].over
            return bool(over) and all(self._is_input(path, each, own) for each in over)
        return False

    def _as_good_as_inside(self, one: Meaning, named: Safeguard) -> Safeguard:
        """A function that calls itself a safeguard is as sure as what it uses."""
        inside = (
            self._known(one.path, number, self.links.meanings[one.path, number])
            for number, site in enumerate(self.links.summaries[one.path].sites)
            if site.function == one.name
        )
        return next((each for each in inside if each is not None and each.technique == named.technique), named)

    def _holds(self, path: str, number: int, guard: Safeguard) -> bool:
        """Whether no literal argument is beyond what the safeguard can bear."""
        texts = {each.slot: each.text for each in self.links.summaries[path].sites[number].arguments}
        return all(
            float(texts.get(name) or 0) <= bound for name, bound in guard.maximum.items() if _number(texts.get(name))
        )


def _number(text: str | None) -> bool:
    return bool(text) and re.fullmatch(r"[0-9.eE+-]+", text or "") is not None
