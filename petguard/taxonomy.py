"""Personal data: which identifier means which category, read from `rules/taxonomy/`.

Categories are dotted keys in the manner of fideslang (`user.contact.email`); a parent covers its children. An
identifier is split into words and read from its end, because the last word that matters says what it is:
`email_template_id` is an id. `rules/taxonomy/README.md` tells the rules, `docs/taxonomy.md` shows the categories.
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
_LONGEST_NAME = 160  # characters of an identifier that are read, from its end
_LONGEST_READ = 24  # words of it
_REMEMBERED = 1 << 16
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


class _Words(Frozen):
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


class Classification(Frozen):
    """What an identifier means, and why."""

    category: str
    because: str
    dpv: str
    special: bool  # GDPR Art. 9 or 10
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a sequence of words means; nothing personal where there is no category."""

    key: str = ""
    kind: _Kind = "names"


@dataclass(frozen=True, slots=True)
class _Reading:
    """A known name within an identifier, with what stands before it and whom the words behind it speak of."""

    entry: _Entry
    phrase: Tokens
    before: Tokens
    behind: str = ""


@cache
def _words() -> _Words:
    path = _shipped.folder("rules/taxonomy") / "words.yaml"
    return _Words.model_validate(tables.read(path).value)


@cache
def _categories() -> dict[str, Category]:
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


@lru_cache(_REMEMBERED)
def _read(identifier: str) -> Tokens:
    return _spelled_out(tokens(identifier[-_LONGEST_NAME:])[-_LONGEST_READ:])


def _spelled_out(words: Tokens) -> Tokens:
    known = _words().abbreviations
    return tuple([known.get(word, word) for word in words])


@cache
def _singulars() -> dict[str, str]:
    """How the words for persons and things are met in the plural."""
    said = _words()
    own = {word for row in _categories().values() for word in row.subjects}
    known = said.persons | said.weak | said.hints | said.things | own
    return {plural: word for word in known if (plural := _plural(word)) not in known}


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def _singular(words: Iterable[str]) -> Tokens:
    known = _singulars()
    return tuple([known.get(word, word) for word in words])


@cache
def _forbidden() -> dict[str, str]:
    return {word: kind for kind, words in _words().never.items() for word in words}


# --- the names that are known


@cache
def _entries() -> dict[Tokens, tuple[_Entry, ...]]:
    """What each known sequence of words means, also in the plural and written together."""
    found: dict[Tokens, tuple[_Entry, ...]] = {_spelled_out(tokens(name)): (_Entry(),) for name in _words().nothing}
    written = [
        (_spelled_out(tokens(name)), _Entry(key, kind))
        for key, row in _categories().items()
        for kind, names in row.by_kind()
        for name in names
    ]
    for words, entry in dict.fromkeys(written):
        found[words] = (*found.get(words, ()), entry)
    for words, entry in written:
        for other in _spellings(words):
            found.setdefault(other, (entry,))
    for person in _words().persons:
        for name in _WITH_PERSON:
            for form in (f"{person}{name}", f"{person}s{name}"):
                found.setdefault((form,), tuple(_Entry(each.key) for each in found[_spelled_out((name,))]))
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
    said = _words()
    return frozenset({words[-1] for words in _entries()}) | said.form | said.coded | said.behind | {"id"}


def _readings(identifier: str) -> Iterator[_Reading]:
    """The known names in an identifier, the likeliest first."""
    words = _read(identifier)
    if not words:
        return
    if words[-1] in _last_words() or words[-1].isdigit():
        yield from _endings(words)
        shorter = (*(word for word in words[:-1] if word not in _words().inner), words[-1])
        if shorter != words:
            yield from _endings(shorter)
    stop = next((at for at, word in enumerate(words) if at and word in _words().about), None)
    if stop is not None:
        yield from _about(words[:stop], words[stop + 1 :])
    for parts in _APART:
        together = ("".join(words[-parts:]),)
        if len(words) >= parts and len(together[0]) >= _JOINED and together in _entries():
            yield from _endings((*words[:-parts], *together))


def _about(words: Tokens, rest: Tokens) -> Iterator[_Reading]:
    """The known names before a word such as `of`, with the person whom the words behind it speak of."""
    persons = [word for word in _singular(rest) if word in _words().persons]
    return (replace(reading, behind=reading.behind or "".join(persons[:1])) for reading in _endings(words))


def _endings(words: Tokens) -> Iterator[_Reading]:
    """The known names that words end with, the longest first, then those before words that change nothing."""
    rest, coded, behind = words, False, ""
    while rest:
        for start in range(max(0, len(rest) - _longest()), len(rest)):
            for entry in _entries().get(rest[start:], ()):
                if not coded or (entry.key and _categories()[entry.key].coded):
                    yield _Reading(entry, rest[start:], rest[:start], behind)
        said, last = _words(), rest[-1]
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
    while words and words[-1] in _words().joining:
        words = words[:-1]
    return words


# --- whom it belongs to


def _subject(reading: _Reading, owners: Tokens) -> tuple[str, str] | None:
    """The word for the person that a name belongs to, and the object in whose name it stands, nearest first."""
    own = reading.entry.kind == "own"
    wanted = _categories()[reading.entry.key].subjects
    if reading.behind:
        return (reading.behind, "") if not wanted or reading.behind in wanted else None
    for word in reversed(_singular(reading.before)):
        if _is_subject(word, wanted, own=own):
            return word, ""
        if word in _words().things or (own and word not in _words().ahead and len(word) > 1):
            return None
    for owner in reversed(owners):
        words = _singular(_object(owner))
        if not words:
            continue
        for word in words[-1:] if own else reversed(words):
            if _is_subject(word, wanted, own=own):
                return word, owner
        if words[-1] in _words().things or (own and words[-1] in _words().weak):
            return None
    return None


def _is_subject(word: str, wanted: frozenset[str], *, own: bool) -> bool:
    if wanted:
        return word in wanted
    return word in _words().persons or (not own and (word in _words().weak or word in _words().hints))


def _object(owner: str) -> Tokens:
    """The words of what an object, a type, a table or a function is named after."""
    words = _read(owner)
    stops = [at for at, word in enumerate(words) if at and word in _words().prepositions]
    words = words[: stops[0]] if stops else words
    while len(words) > 1 and (words[-1] in _words().holders or words[-1].isdigit()):
        words = words[:-1]
    return words


# --- what it means


@lru_cache(_REMEMBERED)
def explain(*identifiers: str) -> Classification | None:
    """What the last identifier means, read in the context of the others; None when it is not personal data.

    The others are what it belongs to, outermost first: `explain("patient", "record", "notes")`. They are names of
    objects, types, tables, files or functions. Words are compared whole, so `timezone` and `template` are nothing.
    """
    *owners, identifier = identifiers
    for reading in _readings(identifier):
        if not reading.entry.key:
            return None
        if not _forbidden().keys().isdisjoint(reading.before):
            continue
        if reading.entry.kind == "names":
            return _classification(reading, _named(reading, identifier))
        subject = _subject(reading, tuple(owners))
        if subject is not None:
            return _classification(reading, _belongs(reading, *subject))
    return None


def _classification(reading: _Reading, because: str) -> Classification:
    row = _categories()[reading.entry.key]
    return Classification(
        category=reading.entry.key,
        because=because,
        dpv=row.dpv,
        special=reading.entry.key in _special(),
        sensitivity=row.sensitivity,
    )


def _named(reading: _Reading, identifier: str) -> str:
    phrase = " ".join(reading.phrase)
    shown = identifier[-_LONGEST_NAME:]
    return f"the name `{shown}`" if shown.lower() == phrase else f"the words `{phrase}` in `{shown}`"


def _belongs(reading: _Reading, person: str, owner: str) -> str:
    phrase = " ".join(reading.phrase)
    declared = f" in `{owner[-_LONGEST_NAME:]}`" if owner and owner.lower() != person else ""
    return f"the name `{phrase}`, of `{person}`{declared}"


def classify(*identifiers: str) -> tuple[str, ...]:
    """The categories that the last identifier stands for, as `explain` finds them."""
    found = explain(*identifiers)
    return () if found is None else (found.category,)


@lru_cache(_REMEMBERED)
def possible(identifier: str) -> tuple[str, ...]:
    """The categories that an identifier would stand for if it belonged to a person, or to what its data belongs to."""
    for reading in _readings(identifier):
        if not reading.entry.key:
            return ()
        if _forbidden().keys().isdisjoint(reading.before):
            return (reading.entry.key,)
    return ()


def is_person(identifier: str) -> bool:
    """Whether an object, a table or a file of this name is about persons: `patients`, `customer_export`."""
    words = _singular(_object(identifier))
    return bool(words) and (words[-1] in _words().persons or words[-1] in _words().weak)


# --- categories


def categories() -> tuple[str, ...]:
    """Every category key, sorted."""
    return tuple(sorted(_categories()))


def category(key: str) -> Category:
    """What is known of a category; KeyError when it is none."""
    return _categories()[key]


def is_known(category: str) -> bool:
    """Whether the taxonomy has this key, or keys below it; synonyms from other vocabularies count."""
    return any(covers(category, key) for key in _categories())


def is_special(category: str) -> bool:
    """Whether this is a special category of GDPR Art. 9(1) or falls under Art. 10; unknown keys are not."""
    return any(row.article is not None and covers(key, category) for key, row in _categories().items())


@cache
def _special() -> frozenset[str]:
    return frozenset(filter(is_special, _categories()))


def covers(parent: str, child: str) -> bool:
    """Whether `child` is `parent` or lies below it."""
    return _is_below(parent, child) or _is_below(_modern(parent), _modern(child))


def _is_below(parent: str, child: str) -> bool:
    return child == parent or child.startswith(parent + ".")


@lru_cache(_REMEMBERED)
def _modern(key: str) -> str:
    """A key as it is called here, when another vocabulary has it elsewhere."""
    for other, ours in _words().synonyms.items():
        if _is_below(other, key):
            return ours + key.removeprefix(other)
    return key
