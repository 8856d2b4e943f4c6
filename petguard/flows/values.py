"""What an expression may stand for while a function is followed: where its data comes from, what its parts hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from petguard.flows.summary import Atom, Atoms, Given, Ref

ELEMENT: Final = "[]"  # the part of a container that stands for each of its elements
INNER: Final = "."  # between a part and a part of it
_DEEP = 3  # parts of parts that are told apart
_WIDE = 60  # parts of one value
_REFS = 4
_LONG_REF = 160
_LONGEST_TEXT = 4_000
NOTHING: Final[Atoms] = frozenset()


class Value:
    """Atoms that the whole comes from, and for a structure those of its parts.

    With `closed` the parts are all there is; else a part that is not listed comes from the whole. `literal` is a value
    that stands in the code. Values never change.
    """

    __slots__ = ("_all", "atoms", "closed", "literal", "parts", "refs", "text")

    def __init__(
        self,
        atoms: Atoms = NOTHING,
        parts: "Mapping[str, Value] | None" = None,
        *,
        refs: tuple[Ref, ...] = (),
        closed: bool = False,
        literal: bool = False,
        text: str | None = None,
    ) -> None:
        self.atoms = atoms
        self.parts = parts
        self.refs = refs
        self.closed = closed
        self.literal = literal
        self.text = text
        self._all: Atoms | None = None

    @property
    def all(self) -> Atoms:
        """The atoms of the whole and of every part."""
        if self._all is None:
            parts = self.parts
            self._all = self.atoms.union(*(each.all for each in parts.values())) if parts else self.atoms
        return self._all

    def part(self, name: str) -> "Value":
        """What reading one part gives."""
        refs = tuple(f"{ref}.{name}" for ref in self.refs if len(ref) < _LONG_REF)
        if self.parts is not None:
            known = self.parts.get(name)
            if known is not None:
                return known if known.refs or not refs else known.with_refs(refs)
            if self.closed:
                return self.parts.get(ELEMENT, EMPTY)
        whole = Value(frozenset(_field(atom, name) for atom in self.atoms), refs=refs)
        put = (self.parts or {}).get(ELEMENT)  # by a key that nobody could read
        return whole if put is None else joined([whole, put])

    def has(self, name: str) -> bool:
        """Whether a part is known by itself."""
        return self.parts is not None and (self.closed or name in self.parts)

    def element(self) -> "Value":
        """What any one element may be."""
        refs = tuple(f"{ref}[]" for ref in self.refs if len(ref) < _LONG_REF)
        if self.parts is None:
            return Value(self.atoms, refs=refs)
        found = self.parts.get(ELEMENT, EMPTY)
        more = [each for each in self.parts.values() if each is not found and each.brings_more_than(found)]
        return joined([found, *more, *([Value(self.atoms, refs=refs)] if self.atoms or refs else [])])

    def with_part(self, name: str, value: "Value", *, adds: bool = False) -> "Value":
        """The same with one more part, or another one in its place."""
        parts = dict(self.parts or {})
        parts[name] = joined([parts[name], value]) if adds and name in parts else value
        if len(parts) > _WIDE:
            return Value(self.atoms.union(*(each.all for each in parts.values())), refs=self.refs)
        return Value(self.atoms, parts, refs=self.refs, closed=self.closed)

    def with_replaced(self, before: "Value", after: "Value") -> "Value":
        """The same with another value in the place of one of its parts; itself when that is none of them."""
        parts = {name: after if each is before else each for name, each in (self.parts or {}).items()}
        if all(each is not before for each in (self.parts or {}).values()):
            return self
        return Value(self.atoms, parts, refs=self.refs, closed=self.closed)

    def without(self, names: Iterable[str]) -> "Value":
        """What is left when some parts are taken out."""
        parts = {**(self.parts or {})} | dict.fromkeys(names, EMPTY)
        return Value(self.atoms, parts, refs=self.refs, closed=self.closed)

    def cut(self, name: str) -> "Value":
        """The same without one part, which a row of a query also has under its position."""
        lost = (self.parts or {}).get(name)
        if lost is None:
            return self
        parts = {
            key: each.cut(name) if key == ELEMENT else each
            for key, each in (self.parts or {}).items()
            if not (key.isdigit() and _sources(each) == _sources(lost))
        }
        return Value(self.atoms, {**parts, name: EMPTY}, refs=self.refs, closed=self.closed)

    def with_any(self, value: "Value") -> "Value":
        """The same with one more value in a part that nobody knows: each of them may be it."""
        parts = {name: joined([each, value]) for name, each in (self.parts or {}).items()}
        return Value(self.atoms, parts, refs=self.refs, closed=self.closed).with_part(ELEMENT, value, adds=True)

    def copied(self) -> "Value":
        """The same in another container."""
        return Value(self.atoms, self.parts, refs=self.refs, closed=self.closed, literal=self.literal, text=self.text)

    def with_refs(self, refs: tuple[Ref, ...]) -> "Value":
        """The same, standing for something else."""
        return Value(self.atoms, self.parts, refs=refs, closed=self.closed, literal=self.literal, text=self.text)

    def brings_more_than(self, other: "Value") -> bool:
        """Whether this comes from something that no part of the other does, or stands for something else."""
        return not (self.all <= other.all and set(self.refs) <= set(other.refs))

    def adds_to(self, other: "Value") -> bool:
        """Whether this may come from, or stand for, something that the other does not."""
        if not set(self.refs) <= set(other.refs) or not self.atoms <= other.atoms:
            return True
        if (other.closed and not self.closed) or (other.literal and not self.literal):
            return True
        theirs = other.parts or {}
        return any(name not in theirs or each.adds_to(theirs[name]) for name, each in (self.parts or {}).items())

    def given(self, *, exactly: bool = False) -> tuple[Given, ...]:
        """The whole and each part with its atoms, for a summary.

        A part that carries nothing is left out; `exactly` keeps it where elements that do could be taken for it.
        """
        parts = self.parts or {}
        exactly = exactly and ELEMENT in parts
        return tuple((name, atoms) for name, atoms in [("", self.atoms), *listed(parts)] if atoms or (exactly and name))


EMPTY: Final = Value()
LITERAL: Final = Value(literal=True)


def _sources(value: Value) -> Atoms:
    return frozenset(atom for atom in value.all if atom[0] == "s")


def listed(parts: Mapping[str, Value]) -> Iterator[Given]:
    """Each part with its atoms, and behind it those of its own parts, called `part.inner`."""
    for name, each in parts.items():
        yield name, each.all
        yield from ((f"{name}{INNER}{inner}", one.all) for inner, one in (each.parts or {}).items())


def _field(atom: Atom, name: str) -> Atom:
    """The part `name` of what an atom stands for; deeper parts are not told apart, and elements not from the whole."""
    held = str(atom[-1])
    if atom[0] == "o" or INNER in held or name == ELEMENT:
        return atom
    return (*atom[:-1], f"{held}{INNER}{name.partition(INNER)[0]}" if held else name)


def select(given: Iterable[Given], part: str) -> Atoms:
    """The atoms of one part; of the whole, those of all parts."""
    known = list(given)
    if not part:
        return NOTHING.union(*(atoms for _, atoms in known))
    exact = [atoms for name, atoms in known if name == part]
    outer, _, inner = part.partition(INNER)
    if inner:
        exact += _inner(known, outer, inner)
        is_there = any(name == outer for name, _ in known)
    else:
        is_there = bool(exact)
    elements = [atoms for name, atoms in known if name == ELEMENT] if not is_there else []
    whole = [of_field(atoms, part) for name, atoms in known if not name]
    return NOTHING.union(*exact, *(of_field(each, inner) for each in elements), *whole)


def _inner(known: Sequence[Given], outer: str, inner: str) -> Iterator[Atoms]:
    """What a part may hold in a part of its own: what is listed for it, or that part of what the outer one is."""
    own = {name: atoms for name, atoms in known if name.startswith(f"{outer}{INNER}")}
    if f"{outer}{INNER}{inner}" not in own:
        yield own.get(f"{outer}{INNER}{ELEMENT}", NOTHING)
    told_apart = NOTHING.union(*own.values())
    yield from (of_field(atoms - told_apart, inner) for name, atoms in known if name == outer)


def of_field(atoms: Atoms, name: str) -> Atoms:
    """The atoms of one part of what `atoms` stand for."""
    return frozenset(_field(atom, name) for atom in atoms) if name else atoms


def mixed(values: Iterable[Value]) -> Value:
    """Something new that contains all of these."""
    kept = [each for each in values if each is not EMPTY]
    if not kept:
        return EMPTY
    if all(each.literal for each in kept):
        return Value(literal=True, text="".join(each.text or "" for each in kept)[:_LONGEST_TEXT])
    atoms = [each.all for each in kept]
    texts = [each.text for each in kept]
    # A hole for what is not known keeps a query readable: `SELECT email FROM users WHERE id = ?`.
    text = "".join("?" if each is None else each for each in texts) if any(texts) and len(kept) < _WIDE else None
    text = None if text is None else text[:_LONGEST_TEXT]  # what is added up in loops grows and grows
    return Value(atoms[0] if len(atoms) == 1 else NOTHING.union(*atoms), text=text)


def joined(values: Iterable[Value], depth: int = _DEEP) -> Value:
    """Any one of these."""
    kept = list(dict.fromkeys(values))
    if len(kept) == 1:
        return kept[0]
    if not kept:
        return EMPTY
    refs = tuple(dict.fromkeys(ref for each in kept for ref in each.refs))[:_REFS]
    literal = all(each.literal for each in kept)
    if depth == 0 or all(each.parts is None for each in kept):
        return Value(NOTHING.union(*(each.all for each in kept)), refs=refs, literal=literal)
    names = dict.fromkeys(name for each in kept for name in each.parts or ())
    if len(names) > _WIDE:
        return Value(NOTHING.union(*(each.all for each in kept)), refs=refs, literal=literal)
    # Where one value does not list a part, that part of it comes from its whole.
    parts = {name: joined((each.part(name) for each in kept), depth - 1) for name in names}
    atoms = NOTHING.union(*(each.atoms for each in kept))
    return Value(atoms, parts, refs=refs, closed=all(each.closed or each is EMPTY or each.literal for each in kept))
