"""What a free-text classification says: `PII`, `public`, `non-PII`, `restricted`, `Customer e-mail addresses`.

Levels of secrecy (`internal`, `restricted`) say nothing about persons. Words for personal data win over the level, a
denial wins over both.
"""

from dataclasses import dataclass

from petguard import taxonomy
from petguard.model import Trait
from petguard.parsers._declared import ANY_PERSONAL

_PERSONAL = {
    **dict.fromkeys(("pii", "spi", "npi", "personal", "personally", "gdpr", "identifiable", "personenbezogen"), "user"),
    **dict.fromkeys(("phi", "ephi", "health", "medical", "clinical", "patient", "hipaa"), "user.health_and_medical"),
    **dict.fromkeys(("pifi", "pci", "cardholder"), "user.financial"),
    **dict.fromkeys(("biometric", "biometrics"), "user.biometric"),
    "genetic": "user.health_and_medical.genetic",
}
_CLEAN = frozenset(
    ["public", "open", "synthetic", "anonymous", "anonymised", "anonymized", "nonpersonal", "nonpii", "unclassified"]
)
_DENIED = frozenset({"non", "not", "no", "without"})
_BEFORE = 2  # words that may stand between a denial and what it denies: `does not contain PII`
_NOTHING = frozenset({"none", "no", "false", "n/a", "na", "nothing", "not applicable", "0"})
_LONGEST = 2_000  # characters of a text that are looked at
_WIDEST = 4  # words that name one kind of data: `social security number`


@dataclass(frozen=True)
class Meaning:
    """`said` is None where nothing is said about persons; `categories` are those that are named."""

    said: Trait | None = None
    categories: tuple[str, ...] = ()

    @property
    def specific(self) -> tuple[str, ...]:
        """The categories, unless it is only said that the data are personal: then their name may tell more."""
        return () if self.categories == (ANY_PERSONAL,) else self.categories


def meaning(text: str) -> Meaning:
    """What a classification means; several words are read together."""
    words = taxonomy.tokens(text[:_LONGEST])
    personal = {_PERSONAL[word] for word in words if word in _PERSONAL}
    if text.strip().lower() in _NOTHING or (personal and _is_denied(words)):
        return Meaning(Trait.SAID_CLEAN)
    named = {*personal, *_named(words)}
    if named:
        return Meaning(Trait.SAID_PERSONAL, _narrowest(named))
    return Meaning(Trait.SAID_CLEAN if not _CLEAN.isdisjoint(words) else None)


def described(text: str) -> Meaning:
    """A description of sensitive data: what it names, or that it is personal at all; a level is no denial here."""
    meant = meaning(text)
    if meant.categories or (meant.said is Trait.SAID_CLEAN and text.strip().lower() != "public"):
        return meant
    return Meaning(Trait.SAID_PERSONAL, (ANY_PERSONAL,))


def _is_denied(words: tuple[str, ...]) -> bool:
    """Whether the first word for personal data is denied: the number in `account no` is not."""
    first = next(index for index, word in enumerate(words) if word in _PERSONAL)
    return not _DENIED.isdisjoint(words[max(0, first - _BEFORE) : first]) or words[first + 1 : first + 2] == ("free",)


def together(*meanings: Meaning) -> Meaning:
    """Several statements about one thing: that it is personal wins."""
    named = {category for each in meanings for category in each.categories}
    said = {each.said for each in meanings}
    first = next((trait for trait in (Trait.SAID_PERSONAL, Trait.SAID_CLEAN) if trait in said), None)
    return Meaning(first, _narrowest(named) if first is Trait.SAID_PERSONAL else ())


def _named(words: tuple[str, ...]) -> set[str]:
    """The categories that the words of a text name, the longest name first."""
    found: set[str] = set()
    start = 0
    while start < len(words):
        widths = range(min(_WIDEST, len(words) - start), 0, -1)
        ends = ((width, taxonomy.classify("user", "_".join(words[start : start + width]))) for width in widths)
        width, categories = next(((width, each) for width, each in ends if each), (1, ()))
        found.update(categories)
        start += width
    return found


def _narrowest(categories: set[str]) -> tuple[str, ...]:
    """The categories without those that another one already says more exactly."""
    return tuple(
        sorted(
            each
            for each in categories
            if not any(other != each and taxonomy.covers(each, other) for other in categories)
        )
    )
