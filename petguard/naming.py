"""Reads identifiers: their words, the names in them that are known, and whose data they are.

`rules/taxonomy/README.md` tells the rules, in the order in which they are applied here. What comes of them is decided
in `taxonomy`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from petguard import _shipped, tables
from petguard.model import Frozen

Tokens = tuple[str, ...]
Sensitivity = Literal["low", "medium", "high"]
_Kind = Literal["names", "own", "of"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
LONGEST = 160  # characters of an identifier that are read, from its end
_LONGEST_READ = 24  # words of it
REMEMBERED = 1 << 16
_JOINED = 7  # letters that words written together need to be known again: `firstname`
_APART = (2, 3)  # words that one word may be written as: `Familien_Stand`
_WITH_PERSON = ("name", "names", "email", "phone", "mobile", "address", "addr", "gender", "dob")


class Category(Frozen):
    """One kind of personal data, and the words that mean it.

    `names` mean it wherever they stand; `of` when they belong to a person, or to one of the category's own `subjects`;
    `own` only when nothing stands between them and the person. `coded` data is also met as a code or a date of itself.
    """

    label: str
    dpv: Annotated[str, StringConstraints(pattern=r"^(?:pd|dpv):[A-Z]\w+$")]
    sensitivity: Sensitivity
    article: Literal[9, 10] | None = None  # of the GDPR
    coded: bool = False
    names: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()

    def by_kind(self) -> tuple[tuple[_Kind, tuple[str, ...]], ...]:
        """The words with what they need to count."""
        return ("names", self.names), ("own", self.own), ("of", self.of)

    @model_validator(mode="after")
    def _special_is_sensitive(self) -> Self:
        if self.article is not None and self.sensitivity != "high":
            raise ValueError(f"{self.label}: data of Art. {self.article} is highly sensitive")
        return self


class Vocabulary(Frozen):
    """The words by which identifiers are read; `words.yaml` says what each list is for."""

    version: str
    persons: frozenset[str]
    weak: frozenset[str]
    hints: frozenset[str]
    behind: frozenset[str]
    joining: frozenset[str]
    ahead: frozenset[str]
    form: frozenset[str]
    coded: frozenset[str]
    holders: frozenset[str]
    prepositions: frozenset[str]
    things: frozenset[str]
    never: dict[str, frozenset[str]]
    nothing: tuple[str, ...]
    inner: frozenset[str]
    abbreviations: dict[str, str]
    about: frozenset[str]
    synonyms: dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a sequence of words means; nothing personal where there is no category."""

    key: str = ""
    kind: _Kind = "names"


@dataclass(frozen=True, slots=True)
class Reading:
    """A known name within an identifier, with what stands before it and whom the words behind it speak of."""

    entry: Entry
    phrase: Tokens
    before: Tokens
    behind: str = ""


@cache
def vocabulary() -> Vocabulary:
    """The words of `words.yaml`."""
    path = _shipped.folder("rules/taxonomy") / "words.yaml"
    return Vocabulary.model_validate(tables.read(path).value)


@cache
def categories() -> dict[str, Category]:
    """Every category by its key. One that stands in two files stops the program."""
    found: dict[str, Category] = {}
    for path in _shipped.files("rules/taxonomy/categories"):
        rows: dict[str, object] = tables.read(path).value
        twice = sorted(found.keys() & rows.keys())
        if twice:
            raise ValueError(f"{path.name}: {', '.join(twice)} stands in another file, too")
        found |= {key: Category.model_validate(row) for key, row in rows.items()}
    return found


# --- words


def tokens(identifier: str) -> Tokens:
    """Split an identifier into lower-case words: `dateOfBirth`, `date_of_birth` and `DATE-OF-BIRTH` are the same.

    Accents are dropped, so that `prénom` is `prenom`.
    """
    if not identifier.isascii():
        plain = unicodedata.normalize("NFKD", identifier.replace("ß", "ss"))
        identifier = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple([word.lower() for word in _WORD.findall(identifier)])


@lru_cache(REMEMBERED)
def _read(identifier: str) -> Tokens:
    return _spelled_out(tokens(identifier[-LONGEST:])[-_LONGEST_READ:])


def _spelled_out(words: Tokens) -> Tokens:
    known = vocabulary().abbreviations
    return tuple([known.get(word, word) for word in words])


@cache
def _singulars() -> dict[str, str]:
    """How the words for persons and things are met in the plural."""
    said = vocabulary()
    own = {word for row in categories().values() for word in row.subjects}
    known = said.persons | said.weak | said.hints | said.things | own
    return {plural: word for word in known if (plural := _plural(word)) not in known}


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def singular(words: Iterable[str]) -> Tokens:
    """The words, with those for persons and things in the singular."""
    known = _singulars()
    return tuple([known.get(word, word) for word in words])


@cache
def forbidden() -> dict[str, str]:
    """The words that must not stand before a name, with what they say."""
    return {word: kind for kind, words in vocabulary().never.items() for word in words}


# --- the names that are known


@cache
def _entries() -> dict[Tokens, tuple[Entry, ...]]:
    """What each known sequence of words means, also in the plural and written together."""
    found: dict[Tokens, tuple[Entry, ...]] = {_spelled_out(tokens(name)): (Entry(),) for name in vocabulary().nothing}
    written = [
        (_spelled_out(tokens(name)), Entry(key, kind))
        for key, row in categories().items()
        for kind, names in row.by_kind()
        for name in names
    ]
    for words, entry in dict.fromkeys(written):
        found[words] = (*found.get(words, ()), entry)
    for words, entry in written:
        for other in _spellings(words):
            found.setdefault(other, (entry,))
    for person in vocabulary().persons:
        for name in _WITH_PERSON:
            for form in (f"{person}{name}", f"{person}s{name}"):
                found.setdefault((form,), tuple(Entry(each.key) for each in found[_spelled_out((name,))]))
    return found


def _spellings(words: Tokens) -> Iterator[Tokens]:
    if len(words[-1]) > 2 and words[-1].isalpha():
        yield (*words[:-1], _plural(words[-1]))
        if words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is")):
            yield (*words[:-1], words[-1][:-1])
    if words[-1] == "number" and len(words) > 1:
        yield from ((*words[:-1], short) for short in ("no", "nr", "num"))
    together = "".join(words)
    if len(words) > 1 and len(together) >= _JOINED and together.isalpha():
        yield (together,)


@cache
def _longest() -> int:
    return max(map(len, _entries()))


@cache
def _last_words() -> frozenset[str]:
    """The words that an identifier may end with when it means anything; most end with another."""
    said = vocabulary()
    return frozenset({words[-1] for words in _entries()}) | said.form | said.coded | said.behind | {"id"}


def readings(identifier: str) -> Iterator[Reading]:
    """The known names in an identifier, the likeliest first."""
    words = _read(identifier)
    if not words:
        return
    if words[-1] in _last_words() or words[-1].isdigit():
        yield from _endings(words)
        shorter = (*(word for word in words[:-1] if word not in vocabulary().inner), words[-1])
        if shorter != words:
            yield from _endings(shorter)
    stop = next((at for at, word in enumerate(words) if at and word in vocabulary().about), None)
    if stop is not None:
        yield from _about(words[:stop], words[stop + 1 :])
    for parts in _APART:
        together = ("".join(words[-parts:]),)
        if len(words) >= parts and len(together[0]) >= _JOINED and together in _entries():
            yield from _endings((*words[:-parts], *together))


def _about(words: Tokens, rest: Tokens) -> Iterator[Reading]:
    """The known names before a word such as `of`, with the person whom the words behind it speak of."""
    persons = [word for word in singular(rest) if word in vocabulary().persons]
    return (replace(reading, behind=reading.behind or "".join(persons[:1])) for reading in _endings(words))


def _endings(words: Tokens) -> Iterator[Reading]:
    """The known names that words end with, the longest first, then those before words that change nothing."""
    rest, coded, behind = words, False, ""
    while rest:
        for start in range(max(0, len(rest) - _longest()), len(rest)):
            for entry in _entries().get(rest[start:], ()):
                if not coded or (entry.key and categories()[entry.key].coded):
                    yield Reading(entry, rest[start:], rest[:start], behind)
        said, last = vocabulary(), rest[-1]
        if last in said.form or last.isdigit():
            rest = rest[:-1]
        elif last in said.coded:
            rest, coded = rest[:-1], True
        elif rest[-2:] in (("concept", "id"), ("source", "id")):
            rest, coded = rest[:-2], True
        elif last in said.behind:
            rest, behind = _without_joining(rest[:-1]), last
        else:
            return


def _without_joining(words: Tokens) -> Tokens:
    while words and words[-1] in vocabulary().joining:
        words = words[:-1]
    return words


# --- whom it belongs to


def subject(reading: Reading, owners: Tokens) -> tuple[str, str] | None:
    """The word for the person that a name belongs to, and the object in whose name it stands, nearest first."""
    own = reading.entry.kind == "own"
    wanted = categories()[reading.entry.key].subjects
    if reading.behind:
        return (reading.behind, "") if not wanted or reading.behind in wanted else None
    for word in reversed(singular(reading.before)):
        if _is_subject(word, wanted, own=own):
            return word, ""
        if word in vocabulary().things or (own and word not in vocabulary().ahead and len(word) > 1):
            return None
    for owner in reversed(owners):
        words = singular(named_after(owner))
        if not words:
            continue
        for word in words[-1:] if own else reversed(words):
            if _is_subject(word, wanted, own=own) and not (
                word in vocabulary().weak and words[-1] in vocabulary().things
            ):
                return word, owner
        if words[-1] in vocabulary().things or (own and words[-1] in vocabulary().weak):
            return None
    return None


def _is_subject(word: str, wanted: frozenset[str], *, own: bool) -> bool:
    if wanted:
        return word in wanted
    return word in vocabulary().persons or (not own and (word in vocabulary().weak or word in vocabulary().hints))


def named_after(owner: str) -> Tokens:
    """The words of what an object, a type, a table or a function is named after."""
    words = _read(owner)
    stops = [at for at, word in enumerate(words) if at and word in vocabulary().prepositions]
    words = words[: stops[0]] if stops else words
    while len(words) > 1 and (words[-1] in vocabulary().holders or words[-1].isdigit()):
        words = words[:-1]
    return words
