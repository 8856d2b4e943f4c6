"""Personal data: which identifier means which category, read from `rules/taxonomy/`.

Categories are dotted keys in the manner of fideslang (`user.contact.email`); a parent covers its children. An
identifier is split into words and read from its end, because the last word that matters says what it is:
`email_template_id` is an id. `rules/taxonomy/README.md` tells the rules, `docs/taxonomy.md` shows the categories.
"""

from functools import cache, lru_cache

from petguard import naming
from petguard.model import Frozen
from petguard.naming import Category, Sensitivity, Tokens, tokens

__all__ = [
    "Category", "Classification", "Sensitivity", "Tokens", "categories", "category", "classify", "covers", "explain",
    "is_known", "is_person", "is_special", "possible", "tokens",
]  # fmt: skip


class Classification(Frozen):
    """What an identifier means, and why."""

    category: str
    because: str
    dpv: str
    special: bool  # GDPR Art. 9 or 10
    sensitivity: Sensitivity


# --- what it means


@lru_cache(naming.REMEMBERED)
def explain(*identifiers: str) -> Classification | None:
    """What the last identifier means, read in the context of the others; None when it is not personal data.

    The others are what it belongs to, outermost first: `explain("patient", "record", "notes")`. They are names of
    objects, types, tables, files or functions. Words are compared whole, so `timezone` and `template` are nothing.
    """
    *owners, identifier = identifiers
    for reading in naming.readings(identifier):
        if not reading.entry.key:
            return None
        if not naming.forbidden().keys().isdisjoint(reading.before):
            continue
        if reading.entry.kind == "names":
            return _classification(reading, _named(reading, identifier))
        subject = naming.subject(reading, tuple(owners))
        if subject is not None:
            return _classification(reading, _belongs(reading, *subject))
    return None


def _classification(reading: naming.Reading, because: str) -> Classification:
    row = naming.categories()[reading.entry.key]
    return Classification(
        category=reading.entry.key,
        because=because,
        dpv=row.dpv,
        special=reading.entry.key in _special(),
        sensitivity=row.sensitivity,
    )


def _named(reading: naming.Reading, identifier: str) -> str:
    phrase = " ".join(reading.phrase)
    shown = identifier[-naming.LONGEST :]
    return f"the name `{shown}`" if shown.lower() == phrase else f"the words `{phrase}` in `{shown}`"


def _belongs(reading: naming.Reading, person: str, owner: str) -> str:
    phrase = " ".join(reading.phrase)
    declared = f" in `{owner[-naming.LONGEST :]}`" if owner and owner.lower() != person else ""
    return f"the name `{phrase}`, of `{person}`{declared}"


def classify(*identifiers: str) -> tuple[str, ...]:
    """The categories that the last identifier stands for, as `explain` finds them."""
    found = explain(*identifiers)
    return () if found is None else (found.category,)


@lru_cache(naming.REMEMBERED)
def possible(identifier: str) -> tuple[str, ...]:
    """The categories that an identifier would stand for if it belonged to a person, or to what its data belongs to."""
    for reading in naming.readings(identifier):
        if not reading.entry.key:
            return ()
        if naming.forbidden().keys().isdisjoint(reading.before):
            return (reading.entry.key,)
    return ()


def is_person(identifier: str) -> bool:
    """Whether an object, a table or a file of this name is about persons: `patients`, `customer_export`."""
    words = naming.singular(naming.named_after(identifier))
    return bool(words) and (words[-1] in naming.vocabulary().persons or words[-1] in naming.vocabulary().weak)


# --- categories


def categories() -> tuple[str, ...]:
    """Every category key, sorted."""
    return tuple(sorted(naming.categories()))


def category(key: str) -> Category:
    """What is known of a category; KeyError when it is none."""
    return naming.categories()[key]


def is_known(category: str) -> bool:
    """Whether the taxonomy has this key, or keys below it; synonyms from other vocabularies count."""
    return any(covers(category, key) for key in naming.categories())


def is_special(category: str) -> bool:
    """Whether this is a special category of GDPR Art. 9(1) or falls under Art. 10; unknown keys are not."""
    return any(row.article is not None and covers(key, category) for key, row in naming.categories().items())


@cache
def _special() -> frozenset[str]:
    return frozenset(filter(is_special, naming.categories()))


def covers(parent: str, child: str) -> bool:
    """Whether `child` is `parent` or lies below it."""
    return _is_below(parent, child) or _is_below(_modern(parent), _modern(child))


def _is_below(parent: str, child: str) -> bool:
    return child == parent or child.startswith(parent + ".")


@lru_cache(naming.REMEMBERED)
def _modern(key: str) -> str:
    """A key as it is called here, when another vocabulary has it elsewhere."""
    for other, ours in naming.vocabulary().synonyms.items():
        if _is_below(other, key):
            return ours + key.removeprefix(other)
    return key
