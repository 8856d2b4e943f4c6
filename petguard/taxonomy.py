"""Personal data: which identifier means which category, read from `rules/taxonomy/`.

Categories are dotted keys in the manner of fideslang (`user.contact.email`); a parent covers its children.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from pydantic import Field

from petguard import _shipped, tables
from petguard.model import Frozen

Tokens = tuple[str, ...]
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class _Category(Frozen):
    dpv: str
    special: bool = False
    names: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()  # whose `of` words count here; empty: those of every subject


class _Taxonomy(Frozen):
    version: str
    subjects: frozenset[str]
    suffixes: frozenset[str]
    never: frozenset[str]
    categories: dict[str, _Category] = Field(min_length=1)


@cache
def _taxonomy() -> _Taxonomy:
    rows: dict[str, object] = {}
    for path in _shipped.files("rules/taxonomy"):
        rows |= tables.read(path).value
    return _Taxonomy.model_validate(rows)


def tokens(identifier: str) -> Tokens:
    """Split an identifier into lower-case words: `dateOfBirth`, `date_of_birth` and `DATE-OF-BIRTH` are the same."""
    return tuple(word.lower() for word in _WORD.findall(identifier))


@cache
def _names(*, of_subject: bool) -> dict[Tokens, str]:
    kinds = _taxonomy().categories.items()
    return {tokens(name): key for key, kind in kinds for name in (kind.of if of_subject else kind.names)}


def _endings(words: Tokens) -> Iterator[Tokens]:
    return (words[start:] for start in range(len(words)))


def _category(words: Tokens, context: Iterable[str]) -> str | None:
    """The category of the longest known name that `words` ends with, unless a word before it forbids it."""
    for ending in _endings(words):
        if not _taxonomy().never.isdisjoint(words[: len(words) - len(ending)]):
            continue
        if ending in _names(of_subject=False):
            return _names(of_subject=False)[ending]
        before = {*context, *words[: len(words) - len(ending)]}
        key = _names(of_subject=True).get(ending)
        if key is not None and before & (_taxonomy().categories[key].subjects or _taxonomy().subjects):
            return key
    return None


def classify(*identifiers: str) -> tuple[str, ...]:
    """The categories that an identifier, read in the context of the others (object, table), stands for.

    The last identifier is the one classified: `classify("patient", "notes")`. Tokens are compared whole
    (`dateOfBirth`, `date_of_birth`), so `timezone` and `template` are nothing. Empty when it is not personal data.
    """
    *context, identifier = identifiers
    words = tokens(identifier)
    around = tuple(_singular(word) for each in context for word in tokens(each))
    found = _category(words, around)
    while found is None and len(words) > 1 and (words[-1] in _taxonomy().suffixes or words[-1].isdigit()):
        words = words[:-1]
        found = _category(words, around)
    return () if found is None else (found,)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and word[:-1] in _taxonomy().subjects else word


def categories() -> tuple[str, ...]:
    """Every category key, sorted."""
    return tuple(sorted(_taxonomy().categories))


def is_known(category: str) -> bool:
    """Whether the taxonomy has this key, or keys below it."""
    return any(covers(category, key) for key in _taxonomy().categories)


def is_special(category: str) -> bool:
    """Whether this is a special category of GDPR Art. 9(1) or falls under Art. 10; unknown keys are not."""
    return any(kind.special and covers(key, category) for key, kind in _taxonomy().categories.items())


def covers(parent: str, child: str) -> bool:
    """Whether `child` is `parent` or lies below it."""
    return child == parent or child.startswith(parent + ".")


@cache
def identifier_pattern() -> str:
    """A regular expression that every identifier `classify` could accept matches; it may match more.

    It is the coarse filter that code rules use; `classify` decides.
    """
    words = sorted({name[-1] for of_subject in (False, True) for name in _names(of_subject=of_subject)})
    snake = f"(?:^|[^A-Za-z])(?i:{'|'.join(words)})(?![a-z])"
    camel = f"(?:{'|'.join([*(word.capitalize() for word in words), *(word.upper() for word in words)])})(?![a-z])"
    return f"{snake}|{camel}"


class Classification(Frozen):
    """What an identifier means, and why."""

    category: str
    because: str


@cache
def explain(*identifiers: str) -> Classification | None:
    """The first category of `classify`, with the reason."""
    found = classify(*identifiers)
    return Classification(category=found[0], because=f"the name `{identifiers[-1]}`") if found else None
