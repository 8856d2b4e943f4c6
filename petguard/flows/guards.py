"""Which calls of a tree protect what they are given, and which only call themselves so."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from petguard import taxonomy
from petguard.flows.knowledge import Safeguard, table
from petguard.flows.links import Links
from petguard.flows.resolve import Meaning
from petguard.flows.summary import Atom, Atoms, Site
from petguard.model import EvidenceLevel

_MAKERS = 12  # values that are looked through for the maker of an object
_HELPERS = 6  # functions that one after the other only hand on what they get
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{0,12})?(?:[eE][+-]?\d{1,2})?|\.\d{1,12}")

_EACH = frozenset({"map", "flatMap", "mapNotNull", "Select", "apply", "applymap", "transform"})
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
    _known_empty: dict[Key, bool] = field(default_factory=dict)
    _known_idle: dict[Meaning, bool] = field(default_factory=dict)

    def safeguard(self, path: str, number: int, found: tuple[Meaning, ...]) -> Safeguard | None:
        """What a call protects with: as the tables know it, else as the function that it calls names itself."""
        functions = [one for one in found if one.kind == "function"]
        guard = None if functions else self._known(path, number, found)
        if guard is not None:
            return guard
        last = self.links.summaries[path].sites[number].name.rpartition(".")[2]
        if not found or all(one.kind == "library" for one in found):
            functions = self._mapped(path, number, last)
        named = table().safeguard_named(functions[0].name.rpartition(".")[2] if functions else last)
        if named is None or (functions and self._gives_back_input(path, number, functions)):
            return None
        return named if not functions else self._as_good_as_inside(functions[0], named)

    def _mapped(self, path: str, number: int, last: str) -> list[Meaning]:
        """The function that a call runs on each element: `map(redact, notes)`."""
        if last not in _EACH:
            return []
        arguments = self.links.summaries[path].sites[number].arguments
        return [one for each in arguments for one in self.links.functions(path, each, handed=False)]

    def _known(self, path: str, number: int, found: tuple[Meaning, ...]) -> Safeguard | None:
        """The safeguard of a library, or a regular expression that takes something out."""
        site = self.links.summaries[path].sites[number]
        receiver, _, method = site.name.rpartition(".")
        rows = [table().safeguard(one.name) for one in found if one.kind == "library"]
        rows.append(table().safeguard_on(receiver, method))
        held = (self._held(path, site, each) for each in rows if each is not None)
        guard = next((each for each in held if each is not None), None)
        texts = [each.text for each in site.arguments if each.text]
        return guard or table().safeguard_by_pattern(method, texts) or _left_out(site)

    def _gives_back_input(self, path: str, number: int, functions: Iterable[Meaning]) -> bool:
        for one in functions:
            if self._is_idle(one, 0):
                self.idle[path, number] = one.name
                return True
        return False

    def _is_idle(self, one: Meaning, depth: int) -> bool:
        """Whether a function gives back what it gets, also through helpers that do."""
        if one not in self._known_idle and depth < _HELPERS:
            self._known_idle[one] = False  # of one that calls itself nothing is said
            self._known_idle[one] = self._gives_nothing_else(one, depth)
        return self._known_idle.get(one, False)

    def _gives_nothing_else(self, one: Meaning, depth: int) -> bool:
        summary = self.links.symbols.function(one)
        own = {name for name, _ in summary.parameters}
        pending = [atom for atoms in summary.gives.values() for atom in atoms]
        seen: set[Atom] = set()
        while pending and not summary.cuts:
            atom = pending.pop()
            is_own = atom[0] == "p" and atom[1] == one.name and atom[2] in own
            is_new = atom not in seen and not is_own and not self._adds_nothing(one.path, atom, depth)
            seen.add(atom)
            if not is_new:
                continue
            behind = self._handed_on(one.path, atom, depth)
            if not behind:
                return False
            pending += behind
        return bool(seen)

    def _adds_nothing(self, path: str, atom: Atom, depth: int) -> bool:
        """Whether this is what a call puts into what it is given, and it puts nothing there."""
        if atom[0] != "o" or depth > _HELPERS:
            return False
        call = path, int(atom[1])
        if call not in self._known_empty:
            self._known_empty[call] = True  # what only calls itself adds nothing
            functions = [each for each in self.links.meanings[call] if each.kind == "function"]
            puts = [(each.path, self.links.symbols.function(each).puts) for each in functions]
            atoms = [
                (where, one)
                for where, each in puts
                for kept in each.values()
                for one in frozenset[Atom]().union(*kept.values())
            ]
            self._known_empty[call] = all(self._adds_nothing(where, one, depth + 1) for where, one in atoms)
        return self._known_empty[call]

    def _handed_on(self, path: str, atom: Atom, depth: int) -> Atoms:
        """What comes out as this, as it was: under another name, or of a call that only hands it on."""
        summary = self.links.summaries[path]
        if atom[0] == "s":
            return summary.sources[int(atom[1])].over
        if atom[0] == "u":
            return summary.bundles[int(atom[1])]
        if atom[0] != "c" or not self._hands_on(path, int(atom[1]), depth):
            return frozenset()
        arguments = summary.sites[int(atom[1])].arguments
        return frozenset(each for argument in arguments for _, atoms in argument.given for each in atoms)

    def _hands_on(self, path: str, number: int, depth: int) -> bool:
        """Whether a call only changes blanks, case and type of what it is given, or is one of an idle function."""
        functions = [each for each in self.links.meanings[path, number] if each.kind == "function"]
        if functions:
            return all(self._is_idle(each, depth + 1) for each in functions)
        return table().tidies(self.links.summaries[path].sites[number].name.rpartition(".")[2])

    def _as_good_as_inside(self, one: Meaning, named: Safeguard) -> Safeguard:
        """A function that calls itself a safeguard is as sure as what it uses."""
        inside = (
            self._known(one.path, number, self.links.meanings[one.path, number])
            for number, site in enumerate(self.links.summaries[one.path].sites)
            if site.function == one.name
        )
        guards = [each for each in inside if each is not None and each.technique == named.technique]
        if not guards or not all(each.entities for each in guards):
            return next((each for each in guards if not each.entities), named)
        entities = dict.fromkeys(entity for each in guards for entity in each.entities)
        return guards[0].model_copy(update={"entities": tuple(entities)})

    def _held(self, path: str, site: Site, guard: Safeguard) -> Safeguard | None:
        """A safeguard as far as its numbers are in range; where nobody can read them, it is no more than a name."""
        if not guard.maximum:
            return guard
        makers = list(self._makers(path, site))
        texts = {each.slot: each.text for one in (*makers, site) for each in one.arguments if each.slot != "self"}
        numbers = {name: _number(texts[name]) for name in guard.maximum if name in texts}
        if any(number is not None and number > guard.maximum[name] for name, number in numbers.items()):
            return None
        is_seen = bool(numbers) and None not in numbers.values()
        return guard if is_seen else guard.model_copy(update={"evidence": EvidenceLevel.NAMED})

    def _makers(self, path: str, site: Site) -> Iterator[Site]:
        """The calls that may have made the object that a method is called on, as far as the file shows them."""
        summary = self.links.summaries[path]
        pending = [atom for each in site.arguments if each.slot == "self" for _, atoms in each.given for atom in atoms]
        for _ in range(_MAKERS):
            if not pending:
                return
            atom = pending.pop()
            kept: Mapping[str, Atoms] = {}
            if atom[0] == "c":
                yield summary.sites[int(atom[1])]
            elif atom[0] == "g":
                kept = summary.keeps.get(str(atom[1]), {})
            elif atom[0] == "f" and str(atom[1]) in summary.classes:
                kept = summary.classes[str(atom[1])].keeps.get(str(atom[2]), {})
            pending += [each for atoms in kept.values() for each in sorted(atoms, key=repr)]


def _left_out(site: Site) -> Safeguard | None:
    """A call that says which fields its result does not have takes out what they hold, and nothing else."""
    kinds = dict.fromkeys(each for name in site.leaves for each in taxonomy.possible(name))
    if not kinds:
        return None
    return Safeguard(id="left-out", technique="redaction", entities=tuple(kinds), positions=(0,), receiver_too=True)


def _number(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text) else None
