"""What a paragraph about personal data plainly says: that there is some, or that there is none.

Authors of data cards answer in prose. Only a sentence without reservations counts: `may contain`, `however` and
`to the best of our knowledge` are no statement, and what is not understood says nothing.
"""

import re

from petguard.model import Trait
from petguard.parsers._classification import meaning
from petguard.parsers._said import Said

_LONGEST = 4_000  # characters of a paragraph that are looked at
_DROPPED = re.compile(r"<!--.*?(?:-->|\Z)|\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)|`[^`\n]{0,200}`", re.S)
_ENDS = re.compile(r"(?<=[.!?;])\s+|\n\s*(?:\n|[-*+] )")
_PERSONAL = re.compile(
    r"\b(?:pii|phi|spi)\b|\b(?:personal|personally|private|patient|identifying)\b(?:[ ,/-]+\w+){0,4}?[ ,/-]+"
    r"(?:information|data|details|identifiers?|records?)\b",
    re.I,
)
_KINDS = re.compile(
    r"\b(?:e-?mail addresses|phone numbers|telephone numbers|home addresses|full names|names of (?:people|persons)|"
    r"dates? of birth|ip addresses|social security numbers|medical records|health records|user ?names|speaker ids)\b",
    re.I,
)
_HAS = re.compile(
    r"\b(?:contains?|includes?|including|holds?|has|have|comprises?|consists? of|(?:is|are) included|"
    r"there (?:is|are))\b",
    re.I,
)
_NOT = re.compile(
    r"\b(?:no|not|none|never|without|free of|free from|(?:does|do|is|are)n['\u2019]t|excludes?)\b",
    re.I,
)
_REMOVED = re.compile(
    r"\b(?:anonymi[sz]ed|removed|redacted|masked|de-?identified|pseudonymi[sz]ed|synthetic|fictional|fake)\b", re.I
)
_DOUBT = re.compile(
    r"\b(?:may|might|could|can|cannot|should|would|possibl[ey]|potential(?:ly)?|likely|however|but|although|though|"
    r"except|unless|unknown|aware|knowledge|believe|tr(?:y|ied)|attempt(?:s|ed)?|guarantee|exceptions?|expected|annotators?|if|whether|some|still|yet)\b",
    re.I,
)
_LEFT_IN = re.compile(
    r"\b(?:is|are|was|were|been) not (?:been )?(?:anonymi[sz]ed|de-?identified|pseudonymi[sz]ed)\b", re.I
)
_NONE = re.compile(r"(?:none|no|n/?a|not applicable)[.!]?", re.I)


def stated(text: str) -> Said:
    """What a paragraph, or the short answer to a question, says about persons; nothing where it is not plain."""
    plain = _DROPPED.sub(" ", text[:_LONGEST]).strip(" \t\n_*-")
    if _NONE.fullmatch(plain):
        return Said(frozenset({Trait.SAID_CLEAN}))
    sentences = [sentence.strip() for sentence in _ENDS.split(plain) if sentence.strip()]
    for sentence in sentences:
        if _is_affirmed(sentence):
            told = _KINDS.search(sentence)
            return Said(frozenset({Trait.SAID_PERSONAL}), meaning(told[0]).categories if told else ())
    denied = any(_is_denied(sentence) for sentence in sentences)
    if denied and not any(_DOUBT.search(sentence) for sentence in sentences):
        return Said(frozenset({Trait.SAID_CLEAN}))
    return Said()


def _is_affirmed(sentence: str) -> bool:
    if _LEFT_IN.search(sentence) and not _DOUBT.search(sentence):
        return True
    named = _PERSONAL.search(sentence) or _KINDS.search(sentence)
    spoiled = _NOT.search(sentence) or _DOUBT.search(sentence) or _REMOVED.search(sentence)
    return named is not None and spoiled is None and _HAS.search(sentence) is not None


def _is_denied(sentence: str) -> bool:
    """Whether personal data is denied: the denial stands before it, in the same sentence."""
    if _NONE.fullmatch(sentence):
        return True
    named = _PERSONAL.search(sentence)
    return named is not None and _NOT.search(sentence, 0, named.start()) is not None
