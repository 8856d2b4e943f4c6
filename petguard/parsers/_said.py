"""What a key, a tag or a classification says about data: that it is personal, that it is not, or that it is masked.

Teams have no common word for it (`contains_pii: true`, `tags: [pii]`, `classification: PII`, `is_personal: "no"`), so
the tokens decide, not the spelling. Where only a template knows the value, that is said too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from petguard import taxonomy
from petguard.model import Location, Node, Trait
from petguard.parsers import _declared

# Alone these say it; the weak ones only among words that add nothing: `personal_loans` is a product.
_STRONG = frozenset({"pii", "phi", "gdpr", "spii"})
_WEAK = frozenset({"personal", "sensitive", "personally"})
_FILLING = frozenset(
    {
        *("data", "information", "info", "contains", "contain", "is", "has", "identifiable", "identifying", "special"),
        *("category", "highly", "high", "medium", "low", "level", "field", "column", "customer", "user", "potentially"),
        *("classification", "class", "type", "tag", "flag", "true", "yes", "not", "non", "no"),
    }
)
# Keys that speak about the handling of personal data, and not about whether the column is some.
_ABOUT = frozenset(
    {
        *("owner", "contact", "url", "link", "team", "policy", "reviewer", "reviewed", "review", "date", "reason"),
        *("note", "notes", "description", "comment", "retention", "days", "ticket", "compliant", "compliance"),
        *("checked", "approved", "tested", "test", "deletion", "delete", "deleted", "basis", "scan", "steward"),
    }
)
_CLASSES = frozenset({"classification", "class", "sensitivity", "category", "categories", "privacy", "tag", "tags"})
_NEGATED = frozenset({"non", "not", "no", "free", "without"})
_MASKED = frozenset(
    {
        *("masked", "hashed", "redacted", "pseudonymized", "pseudonymised", "anonymized", "anonymised", "tokenized"),
        *("tokenised", "encrypted", "deidentified", "scrubbed"),
    }
)
_PROSE = re.compile(r"\b(?:PII|PHI)\b")
_DENIED = re.compile(r"(?i)\b(?:no|non|not|without|free|removed?|masked|hashed|redacted|anonymi[sz]ed)\b")
_YES = frozenset({"true", "yes", "y", "1", "t", "on"})
_NO = frozenset({"false", "no", "n", "0", "f", "off", "none", "n/a", "na", "public", "null", "never"})
_TECHNIQUES = (
    (
        frozenset(
            {
                *("hash", "hashed", "hashing", "sha", "sha1", "sha256", "md5", "hmac", "pseudonym", "pseudonymized"),
                *("pseudonymised", "pseudonymization", "pseudonymisation", "token", "tokenize", "tokenized"),
                *("tokenised", "tokenization", "tokenisation", "fpe"),
            }
        ),
        "pseudonymisation",
    ),
    (frozenset({"encrypt", "encrypted", "encryption", "encrypting", "aes", "kms"}), "encryption_at_rest"),
)


@dataclass(frozen=True)
class Said:
    """What a declaration says; `unknown` where a template decides it, `categories` where it names the kind."""

    traits: frozenset[Trait] = frozenset()
    categories: tuple[str, ...] = ()
    unknown: bool = False

    def __or__(self, other: "Said") -> "Said":
        """Both; who says that data is personal outweighs who says that it is not."""
        traits = self.traits | other.traits
        if Trait.SAID_PERSONAL in traits:
            traits -= {Trait.SAID_CLEAN}
        named = tuple(dict.fromkeys((*self.categories, *other.categories)))
        return Said(traits, named, self.unknown or other.unknown)


NOTHING = Said()


def by_pair(key: str, value: Any) -> Said:
    """What one entry of free metadata says: `contains_pii: true`, `classification: [PII, email]`, `masked: true`."""
    words = taxonomy.tokens(key)
    if not _ABOUT.isdisjoint(words):
        return NOTHING
    if _speaks_of_people(words):
        return _valued(words, value)
    if not _MASKED.isdisjoint(words) and _is_yes(value):
        return Said(frozenset({Trait.SAID_MASKED}))
    return by_tags(_texts(value)) if not _CLASSES.isdisjoint(words) else NOTHING


def by_tags(tags: Iterable[str]) -> Said:
    """What tags and words of classification say: `pii`, `non_pii`, `pii:email`, `masked_pii`."""
    said = NOTHING
    for tag in tags:
        words = taxonomy.tokens(tag)
        if _speaks_of_people(words):
            said |= _personal(words)
    return said


def by_description(text: Any) -> Said:
    """What a description says in passing: `contains PII`, unless it says that this was taken out."""
    told = isinstance(text, str) and _PROSE.search(text) and not _DENIED.search(text)
    return Said(frozenset({Trait.SAID_PERSONAL})) if told else NOTHING


def by_metadata(metadata: Iterable[tuple[str, Any]]) -> Said:
    """What all entries of free metadata say together."""
    said = NOTHING
    for key, value in metadata:
        said |= by_pair(key, value)
    return said


def column(home: str, table: str, name: str, location: Location, said: Said) -> Node:
    """A column with what is said of it."""
    main = next((each for each in (Trait.SAID_PERSONAL, Trait.SAID_CLEAN) if each in said.traits), None)
    node = _declared.column(home, table, name, location, said=main, categories=said.categories)
    return node.model_copy(update={"traits": tuple(sorted(said.traits))})


def matters(node: Node) -> bool:
    """Whether a column says anything about personal data; thousands of others do not."""
    return bool(node.categories or node.traits)


def technique(name: str) -> str:
    """The technique that the name of a masking policy or of a masked column tells: redaction, unless it says more."""
    words = set(taxonomy.tokens(name))
    return next((each for telling, each in _TECHNIQUES if telling & words), "redaction")


def _speaks_of_people(words: taxonomy.Tokens) -> bool:
    known = set(words)
    return bool(known & _STRONG) or bool(known & _WEAK and known <= _WEAK | _FILLING | _MASKED | _NEGATED)


def _personal(words: taxonomy.Tokens) -> Said:
    """Personal, unless the words themselves say otherwise."""
    if not _NEGATED.isdisjoint(words):
        return Said(frozenset({Trait.SAID_CLEAN}))
    traits = {Trait.SAID_PERSONAL} | ({Trait.SAID_MASKED} if not _MASKED.isdisjoint(words) else set())
    rest = [word for word in words if word not in _STRONG | _WEAK | _FILLING | _MASKED]
    return Said(frozenset(traits), taxonomy.classify("_".join(rest)) if rest else ())


def _valued(words: taxonomy.Tokens, value: Any) -> Said:
    said = _personal(words)
    if isinstance(value, str) and ("{{" in value or "${" in value):
        return Said(unknown=True)
    if _is_yes(value):
        return said
    if value is False or value == 0 or (isinstance(value, str) and _is_no(value)):
        opposite = Trait.SAID_PERSONAL if Trait.SAID_CLEAN in said.traits else Trait.SAID_CLEAN
        return Said(frozenset({opposite}))
    texts = _texts(value)
    named = [category for text in texts for category in taxonomy.classify(text)]
    return replace(said, categories=tuple(dict.fromkeys((*said.categories, *named)))) if texts else NOTHING


def _is_yes(value: Any) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in _YES)


def _is_no(value: str) -> bool:
    return value.strip().lower() in _NO or bool(_NEGATED.intersection(taxonomy.tokens(value)))


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each.strip()]
