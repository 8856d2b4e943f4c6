"""Numbers of differential privacy in prose: epsilon, delta, noise, batches, and whose privacy they are about.

`epsilon` means many things. A number counts only in a sentence that speaks of differential privacy, itself or by the
heading above it, and that states something: an example, a plan, a definition or somebody else's result is no claim.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PLAIN = (
    (re.compile(r"\\(?:var)?epsilon\b|[\u03b5\u03f5\U0001d716\U0001d700]"), "epsilon"),
    (re.compile(r"\\delta\b|[\u03b4\U0001d6ff]"), "delta"),
    (re.compile(r"\\sigma\b|[\u03c3\U0001d70e]"), "sigma"),
    (re.compile(r"\\leq?\b|<=|≤"), "≤"),
    (re.compile(r"\\(?:times|cdot)\b|[\u00d7\u00b7]"), "x"),
    (re.compile(r"\\(?:approx|sim)\b|[\u2243\u223c]"), "≈"),
    (re.compile(r"[\u2212\u2010-\u2013]"), "-"),
    (re.compile(r"\*\*|__|[`${}]|\\[,;!]"), ""),
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED_RUN = re.compile(r"10(?=[⁰¹²³⁴⁵⁶⁷⁸⁹⁻])[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]{1,4}")

_NUMBER = (
    r"(?:(?:\d{1,20}(?:,\d{3})*(?:\.\d{1,20})?[ ]?[x*][ ]?)?10[ ]?\^[ ]?-?\d{1,3}"
    r"|\d{1,20}(?:,\d{3})*(?:\.\d{1,20})?(?:[eE][-+]?\d{1,4})?|\.\d{1,20}(?:[eE][-+]?\d{1,4})?)"
)
_IS = (
    r"(?:[ ]?\((?:epsilon|delta|sigma|eps)\))?[ ]?(?:[:=|]{1,2}|≤|<|of|is|was)?[ ]?"
    r"(?P<about>≈|~|about|approximately|around)?"
    rf"[ ]?(?P<number>-?{_NUMBER})(?![\w%^]|[.,]\d|[ ]?-[ ]?\d|[ ]?(?:to|or)[ ]\d)"
)


def _named(names: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w\\-])(?:{names}){_IS}", re.I)


_FIELDS = {
    "epsilon": _named(r"(?:dp_|target_?)?epsilon|eps"),
    "delta": _named(r"(?:dp_|target_?)?delta"),
    "noise_multiplier": _named(r"(?:dp_)?noise[ _-]multiplier|sigma|noise scale \(sigma\)"),
    "batch_size": _named(r"(?:total[ _])?(?:train(?:ing)?[ _])?(?:logical |expected |average )?batch[ _-]size"),
    "epochs": _named(r"(?:number of |num_|training |train_)?epochs?"),
    "steps": _named(r"(?:number of |num_|training |total |max_)steps|noise steps"),
    "sample_rate": _named(r"sampl(?:e|ing)[ _-](?:rate|probability)|subsampling rate"),
    "dataset_size": _named(
        r"(?:number of |num_)(?:training )?(?:examples|samples|records)"
        r"|(?:training |train )?(?:data ?set|data|set)[ _]size"
        r"|size of the (?:training )?(?:data ?set|data)"
    ),
}
_COUNTED = {
    "epochs": re.compile(rf"\bfor (?P<number>{_NUMBER}) epochs\b", re.I),
    "steps": re.compile(rf"\bfor (?P<number>{_NUMBER}) (?:training )?steps\b", re.I),
    "dataset_size": re.compile(
        rf"\b(?:trained|fine-?tuned) on (?:the |a |all )?(?P<number>{_NUMBER}) (?:\w+ ){{0,2}}"
        r"(?:examples|samples|records|images|documents)\b",
        re.I,
    ),
}
_PAIR = re.compile(rf"\((?P<epsilon>{_NUMBER}), ?(?P<delta>{_NUMBER})\) ?-? ?(?:DP\b|differential)", re.I)
_PRIVATE = re.compile(
    r"(?i:differential(?:ly)?[\s_-]+priva)|(?<![\w-])DP(?:-?SGD|-?FedAvg|-?FTRL|-?Adam\w*)?(?![\w-])|-DP\b|\bLDP\b"
    r"|(?i:\bopacus\b|privacy (?:budget|guarantee|loss))"
)
_SURELY = re.compile(r"differential(?:ly)?[\s_-]+priva|\bDP-?SGD\b|\bopacus\b", re.I)
_OTHER_EPSILON = re.compile(
    r"\badam\w*|\bbetas?\b|greedy|optimi[sz]er|layer ?norm|batch ?norm|cuckoo|clip(?:ping)? epsilon"
    r"|label smoothing|\bppo\b",
    re.I,
)
_NO_STATEMENT = re.compile(
    r"\be\.g\.|\b(?:for (?:example|instance)|such as|typical(?:ly)?|recommend\w*|if|would|could|should|can|may|might"
    r"|todo|plan(?:s|ned)?|will|goal|aim\w*|choose|try|default\w*|definitions?|adjust\w*|compar\w+|versus|vs"
    r"|baselines?|prior work"
    r"|et al|future|suggest\w*|experiments?|ablations?|meaning|means|without|non-private|not|no longer|instead|expected"
    r"|up to|at least|below|above|starting|between|guidelines?|interpret\w*|usage|run with)\b|\?|>=|≥|<your|--\w",
    re.I,
)
_NO_CLAIMS_BELOW = re.compile(
    r"quick ?start|getting started|usage|how to|tutorial|faq|references|related|road ?map|examples?\b"
    r"|citation|background|what is|changelog|release notes",
    re.I,
)
_UNITS = {
    "user": "user client patient person participant device individual customer household speaker",
    "example": "example record sample instance row item sequence event",
}
_OTHER_UNITS = frozenset({"document", "token", "group", "silo", "session", "word", "file"})
_UNIT = re.compile(r"\b(?P<unit>[a-z]+)[ -]level\b", re.I)


@dataclass(frozen=True)
class Said:
    """What one sentence or row says; `about` are the fields it gives only roughly, each with its words."""

    line: int
    fields: dict[str, float]
    about: dict[str, str]
    unit: str | None


def plain(text: str) -> str:
    """The text with one name for each symbol and without marks; its lines stay where they are."""
    for pattern, name in _PLAIN:
        text = pattern.sub(name, text)
    return _RAISED_RUN.sub(lambda found: f"10^{found[0][2:].translate(_RAISED)}", text)


def speaks_of_privacy(text: str) -> bool:
    """Whether a sentence or heading is about differential privacy, where the document surely is."""
    return _PRIVATE.search(text) is not None


def surely_of_privacy(text: str) -> bool:
    """Whether it says so in full: DP alone may be anything."""
    return _SURELY.search(text) is not None


def states(sentence: str) -> bool:
    """Whether it says how things are, and of no other epsilon."""
    return _OTHER_EPSILON.search(sentence) is None and _NO_STATEMENT.search(sentence) is None


def heads_statements(heading: str) -> bool:
    """Whether what stands below a heading may describe this thing, and not how to use it or what a word means."""
    return states(heading) and _NO_CLAIMS_BELOW.search(heading) is None


def said(sentence: str, line: int) -> Said:
    """Every field that a plain sentence gives in exactly one way."""
    fields: dict[str, float] = {}
    about: dict[str, str] = {}
    for name in _FIELDS:
        given = dict.fromkeys(_given(name, sentence))
        if len(given) == 1:
            ((value, rough),) = given
            if rough:
                about[name] = f"about {value:g}"
            else:
                fields[name] = value
    return Said(line, fields, about, _unit(sentence))


def epsilons(sentence: str) -> frozenset[float]:
    """Every epsilon that it gives."""
    return frozenset(value for value, _ in _given("epsilon", sentence))


def column(title: str) -> str | None:
    """The field that a column of this title gives."""
    words = re.sub(r"\(.*?\)", "", title).strip()
    for name, pattern in _FIELDS.items():
        if re.fullmatch(pattern, f"{words} 1") or re.fullmatch(pattern, f"{words.split()[-1]} 1" if words else ""):
            return name
    return None


def number(text: str) -> float | None:
    """The number that a cell holds, and nothing else."""
    found = re.fullmatch(rf"\s*(-?{_NUMBER})\s*", text)
    return _value(found[1]) if found else None


def _given(name: str, sentence: str) -> Iterator[tuple[float, bool]]:
    for found in _FIELDS[name].finditer(sentence):
        yield _value(found["number"]), found["about"] is not None
    for found in _COUNTED[name].finditer(sentence) if name in _COUNTED else ():
        yield _value(found["number"]), False
    for found in _PAIR.finditer(sentence) if name in ("epsilon", "delta") else ():
        yield _value(found[name]), False


def _value(text: str) -> float:
    """The number as it is written: `2.5 x 10^-6` is 2.5e-6."""
    compact = text.replace(",", "").replace(" ", "")
    head, power, exponent = compact.partition("10^")
    return float(f"{head.rstrip('x*') or 1}e{exponent}") if power else float(compact)


def _unit(sentence: str) -> str | None:
    """The unit of privacy in the words of the claim vocabulary, or as it is called where that has no word for it."""
    found = _UNIT.search(sentence)
    if found is None:
        return None
    word = found["unit"].lower()
    known = next((unit for unit, words in _UNITS.items() if word in words.split()), None)
    return known or (word if word in _OTHER_UNITS else None)
