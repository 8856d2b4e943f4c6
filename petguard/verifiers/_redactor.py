"""Measures how much personal data a redactor lets through: how often the value in a text is still there afterwards.

The rates are of one named corpus. For each kind of data the bounds after Clopper and Pearson hold together at 95 %
(Bonferroni), so they can verify or refute a stated rate on texts like these, and say nothing about others.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from petguard import probes
from petguard.artefacts import Undecided
from petguard.claims import Redaction
from petguard.model import Reason
from petguard.probes import Limits
from petguard.verifiers import Bench, _redaction_corpus
from petguard.verifiers._entities import entity
from petguard.verifiers._redaction_corpus import Sample

RISK = 0.05  # of any bound of one run being wrong
_FEWEST, _MOST = 200, 2_000  # texts of each kind
_LIMITS = Limits(seconds=300)


@dataclass(frozen=True)
class Leak:
    """What got through of one kind, with the bounds on its rate."""

    kind: str
    leaked: tuple[str, ...]
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """One run: the rates, and the kinds of data that the corpus does not hold."""

    leaks: tuple[Leak, ...]
    unknown: tuple[str, ...]
    isolation: str

    @property
    def takes_nothing(self) -> bool:
        """Whether every value is still there, as from a function that returns its input."""
        return all(len(leak.leaked) == leak.of for leak in self.leaks)

    @property
    def corpus(self) -> str:
        """What was measured on, so that it can be repeated."""
        count = self.leaks[0].of
        seed = f"version {_redaction_corpus.VERSION}, seed {_redaction_corpus.SEED}"
        return f"petguard's redaction corpus, {seed}, {count:,} texts for each of {len(self.leaks)} kinds of data"


def measure(said: Redaction, bench: Bench) -> Measured:
    """Run the probe over the corpus; Undecided when it gives nothing that can be compared."""
    wanted = tuple(dict.fromkeys(map(entity, said.entities))) or _redaction_corpus.KINDS
    kinds = [kind for kind in wanted if kind in _redaction_corpus.KINDS]
    if not kinds:
        raise Undecided(Reason.NOT_SUFFICIENT, f"the corpus holds no {', '.join(wanted)}")
    count = _count(said.max_leak, len(kinds))
    made = [sample for kind in kinds for sample in _redaction_corpus.samples(kind, count)]
    texts = [sample.text for sample in made]
    ran = probes.run(bench.files.root, said.probe or "", (texts,), _LIMITS)
    if ran.failure is not None:
        raise Undecided(Reason.GAP, f"the probe {said.probe} gave nothing to measure: {ran.failure}")
    given = [output for output in ran.outputs if isinstance(output, str)]
    if len(given) != len(texts) or len(ran.outputs) != len(texts):
        told = f"{len(given):,} texts for {len(texts):,}"
        raise Undecided(Reason.GAP, f"the probe {said.probe} gave {told}; it must take a list of texts and return one")
    leaks = tuple(_leak(kind, made, given, RISK / len(kinds)) for kind in kinds)
    unknown = tuple(kind for kind in wanted if kind not in kinds)
    return Measured(leaks, unknown, ran.isolation)


def _count(most: float | None, kinds: int) -> int:
    """As many texts of a kind as can verify the stated rate with a few leaks: twice those that none would need."""
    if not most or most >= 1:
        return _FEWEST
    needed = math.log(RISK / kinds) / math.log1p(-most)
    return min(_MOST, max(_FEWEST, math.ceil(2 * needed)))


def _leak(kind: str, made: Sequence[Sample], given: Sequence[str], risk: float) -> Leak:
    pairs = [(sample, text) for sample, text in zip(made, given, strict=True) if sample.kind == kind]
    leaked = tuple(sample.value for sample, text in pairs if _bare(sample.value) in _bare(text))
    low, high = bounds(len(leaked), len(pairs), risk)
    return Leak(kind, leaked, len(pairs), low, high)


def _bare(text: str) -> str:
    """Only letters and digits, so that a value in other dress is still the value."""
    return re.sub(r"[\W_]+", "", text).casefold()


def bounds(hits: int, of: int, risk: float) -> tuple[float, float]:
    """Clopper-Pearson bounds on a rate, each wrong with at most this probability."""
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import

    low = float(betaincinv(hits, of - hits + 1, risk)) if hits else 0.0
    high = float(betaincinv(hits + 1, of - hits, 1 - risk)) if hits < of else 1.0
    return low, high
