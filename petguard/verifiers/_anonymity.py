"""What k-anonymity, l-diversity and t-closeness have in common: the classes, the witness and the remedy.

The whole file is computed, so a claim about stated quasi-identifiers is verified or refuted, with the class that
decides. Quasi-identifiers that nobody stated are guessed by their names; such a guess can refute, never verify.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from petguard import taxonomy
from petguard.artefacts import Undecided
from petguard.claims import KAnonymity, LDiversity, TCloseness
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench

if TYPE_CHECKING:
    from petguard.verifiers._classes import Classes
    from petguard.verifiers._released import Table

Room = tuple[float, float]
Said = KAnonymity | LDiversity | TCloseness
_GUESSED = ("user.demographic", "user.contact.address", "user.education", "user.job_title")
_GUESSED_WORDS = frozenset({"age", "sex", "zip", "region", "state", "county", "city", "workclass"})


@dataclass(frozen=True)
class Measure:
    """One of the three: how it is computed, whether more is better, and how far from it the truth may be.

    `room` says how far the truth may lie below and above what is computed, and `doubt` why it may.
    """

    symbol: str
    compute: "Callable[[Classes], tuple[float, int]]"
    more_is_better: bool
    method: str
    room: "Callable[[Classes], Room]" = lambda _found: (0.0, 0.0)
    doubt: str = ""
    assumed: "Callable[[Classes, str], tuple[str, ...]]" = lambda _found, _column: ()

    def meets(self, value: float, stated: float, room: Room) -> bool:
        """Whether the value surely keeps what is stated."""
        return value - room[0] >= stated if self.more_is_better else value + room[1] <= stated

    def breaks(self, value: float, stated: float, room: Room) -> bool:
        """Whether the value surely does not."""
        return value + room[1] < stated if self.more_is_better else value - room[0] > stated


def judge(claim: Claim, bench: Bench, measure: Measure, *, needs_sensitive: bool) -> Verdict:
    """The verdict over the whole file, for each sensitive column if the measure looks at one."""
    from petguard.verifiers import _released  # noqa: PLC0415 - numpy is slow to import

    said = claim.statement
    assert isinstance(said, Said)
    if said.artefact is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: artefact, the released file")
    if needs_sensitive and not said.sensitive:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: sensitive, the columns whose values are to be hidden")
    table = _released.open_table(bench.files, said.artefact)
    guessed = not said.quasi_identifiers
    columns = _guess(table.columns, said.sensitive) if guessed else said.quasi_identifiers
    if not columns:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: quasi_identifiers, and no column looks like one")
    looked_at: tuple[str | None, ...] = said.sensitive if needs_sensitive else (None,)
    found = [_of_column(claim, table, columns, column, measure) for column in looked_at]
    worst = min(found, key=lambda verdict: _ORDER.index(verdict.outcome))
    return _as_guess(claim, worst, columns) if guessed else worst


_ORDER = (Outcome.REFUTED, Outcome.UNVERIFIABLE, Outcome.VERIFIED)


def _guess(columns: Sequence[str], sensitive: Sequence[str]) -> tuple[str, ...]:
    """The columns that look like quasi-identifiers by their names."""
    return tuple(name for name in columns if name not in sensitive and _looks_quasi(name))


def _looks_quasi(name: str) -> bool:
    categories = taxonomy.possible(name)
    return bool(_GUESSED_WORDS.intersection(taxonomy.tokens(name))) or any(
        taxonomy.covers(known, category) for known in _GUESSED for category in categories
    )


def _of_column(
    claim: Claim, table: "Table", columns: Sequence[str], sensitive: str | None, measure: Measure
) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    found = _classes.classes(table, columns, sensitive)
    if found.rows == 0:
        raise Undecided(Reason.GAP, f"{table.name} has no rows, so there is nobody to protect and nothing to compute")
    value, at = measure.compute(found)
    room = measure.room(found)
    stated: float | None = getattr(claim.statement, measure.symbol)
    text = _words(table, found, columns, sensitive, measure, value)
    common: dict[str, Any] = {
        "claim": claim.id, "method": measure.method, "interval": _interval(value, room),
        "assumptions": (*_assumptions(found, columns), *measure.assumed(found, sensitive or "")),
    }  # fmt: skip
    if stated is None:
        verdict = unverifiable(claim, Reason.MISSING_PARAMETER, f"not stated: {measure.symbol}; {text}")
        return verdict.model_copy(update=common)
    text = f"{text}, claimed {_number(stated)}"
    if measure.meets(value, stated, room):
        return Verdict(outcome=Outcome.VERIFIED, explanation=text, **common)
    if not measure.breaks(value, stated, room):
        return Verdict(
            outcome=Outcome.UNVERIFIABLE, reason=Reason.GAP, explanation=f"{text}; {measure.doubt}", **common
        )
    witness = _witness(found, at, sensitive, measure, value)
    return Verdict(
        outcome=Outcome.REFUTED, explanation=text, witness=witness, remedy=_remedy(found, measure, stated), **common
    )


def _interval(value: float, room: Room) -> tuple[float, float]:
    return (max(0.0, value - room[0]), value + room[1])


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:.6g}"


def _words(
    table: "Table", found: "Classes", columns: Sequence[str], sensitive: str | None, measure: Measure, value: float
) -> str:
    about = f" of {sensitive}" if sensitive is not None else ""
    kept = f"{found.rows:,} rows in {len(found.keys):,} classes of {', '.join(columns)}"
    return f"{table.name}: {kept} have {measure.symbol} = {_number(value)}{about}"


def _assumptions(found: "Classes", columns: Sequence[str]) -> tuple[str, ...]:
    hidden = int(found.sizes[found.suppressed].sum())
    lines = [
        f"the quasi-identifiers are {', '.join(columns)}, and no other column tells people apart",
        "nobody stands behind more than one row; no releases of the same data but those named are looked at",
    ]
    if hidden:
        lines.append(f"{hidden:,} rows with every quasi-identifier suppressed (*) count for no class")
    return tuple(lines)


def _witness(found: "Classes", at: int, sensitive: str | None, measure: Measure, value: float) -> Json:
    witness: dict[str, Any] = {
        "class": found.key(at),
        "rows": int(found.sizes[at]),
        "first_row": int(found.first_row[at]),
        measure.symbol: value,
    }
    return witness if sensitive is None else {**witness, "sensitive": sensitive}


def _remedy(found: "Classes", measure: Measure, stated: float) -> Json:
    """Which quasi-identifiers to generalise, one after the other, until the claim would hold without them.

    Each time the one without which the fewest classes remain. Leaving a column out is the most that generalising it
    can do, so less may not be enough.
    """
    dropped: list[str] = []
    left = found
    while not measure.meets(value := measure.compute(left)[0], stated, measure.room(left)):
        if not left.columns:
            return {}
        dropped.append(left.coarsest())
        left = left.without(dropped[-1])
    return {"generalise": dropped, measure.symbol: value}


def _as_guess(claim: Claim, verdict: Verdict, columns: Sequence[str]) -> Verdict:
    """Columns that were guessed to be quasi-identifiers show a breach, but there may be more of them."""
    named = f"the quasi-identifiers {', '.join(columns)} were guessed by their names"
    if verdict.outcome is Outcome.REFUTED:
        return verdict.model_copy(update={"assumptions": (*verdict.assumptions, named)})
    why = f"not stated: quasi_identifiers; {named}, and by these {verdict.explanation}"
    bare = unverifiable(claim, Reason.MISSING_PARAMETER, why, method=verdict.method)
    return bare.model_copy(update={"interval": verdict.interval, "assumptions": verdict.assumptions})
