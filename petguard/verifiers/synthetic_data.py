"""Refutes claims that a table is synthetic: copied rows, and private values that stand in it verbatim.

No distance and no attack that fails shows that a table holds nobody; so such a claim is never verified here.
"""

from typing import TYPE_CHECKING, Any

from petguard import secrets
from petguard.artefacts import Undecided
from petguard.claims import SyntheticData
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier

if TYPE_CHECKING:
    from petguard.verifiers._leaks import Copies, Leak

_METHOD = "rows and unique high-cardinality values of the private file, looked up in the synthetic one"
_FAR_BEYOND_CHANCE = 10  # times as many copied rows as independent columns would give
_FEWEST_COPIES = 3


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _leaks, _released  # noqa: PLC0415 - numpy is slow to import

    said = claim.statement
    assert isinstance(said, SyntheticData)
    missing = [name for name in ("artefact", "private") if getattr(said, name) is None]
    if missing:
        raise Undecided(Reason.MISSING_PARAMETER, f"not stated: {', '.join(missing)}")
    synthetic = _released.open_table(bench.files, said.artefact or "")
    private = _released.open_table(bench.files, said.private or "")
    shared = [name for name in synthetic.columns if name in private.columns]
    if not shared:
        raise Undecided(Reason.GAP, f"{synthetic.name} and {private.name} have no column in common")
    looked_at = [name for name in shared if name not in said.public_domain]
    compared = _leaks.Comparison(private, synthetic, shared)
    leaks = [found for name in looked_at if (found := compared.support_leak(name)) is not None]
    return _verdict(claim, said, compared.copies(), leaks, len(looked_at))


def _verdict(claim: Claim, said: SyntheticData, copies: "Copies", leaks: "list[Leak]", looked_at: int) -> Verdict:
    many = _is_copy(copies)
    counted = (
        f"{copies.rows:,} of {copies.of:,} rows of {said.artefact} stand in {said.private} as they are"
        f" ({copies.by_chance:.3g} expected by chance), and private values of {len(leaks)} of {looked_at} columns"
    )
    common: dict[str, Any] = {"claim": claim.id, "method": _METHOD, "assumptions": _assumptions(said)}
    if many or leaks:
        words = "; ".join([counted, *(_told(each) for each in leaks)])
        return Verdict(outcome=Outcome.REFUTED, explanation=words, witness=_witness(copies, leaks, many=many), **common)
    why = f"{counted}; that nothing was found does not show that nobody is in it"
    return unverifiable(claim, Reason.NOT_SUFFICIENT, why).model_copy(update=common)


def _is_copy(copies: "Copies") -> bool:
    """Whether most people who are unique in the private file were taken over, far more than chance would.

    Fewer may come from a good model of related columns, which independence underrates; they are told, and refute
    nothing unless they bring values with them that are somebody's own.
    """
    most = copies.people >= max(_FEWEST_COPIES, copies.unique / 2)
    return most and copies.rows > _FAR_BEYOND_CHANCE * copies.by_chance


def _told(leak: "Leak") -> str:
    chance = "" if leak.by_chance is None else f", at most {leak.by_chance:.3g} of them by chance"
    return f"column {leak.column}: {leak.leaked:,} values that occur once in private stand among {leak.of:,}{chance}"


def _witness(copies: "Copies", leaks: "list[Leak]", *, many: bool) -> dict[str, Any]:
    rows = {"copied_rows": copies.rows, "first_copied_row": copies.first_row} if many else {}
    values = {each.column: [secrets.mask(value) for value in each.examples] for each in leaks}
    return {**rows, **({"leaked_values": values} if values else {})}


def _assumptions(said: SyntheticData) -> tuple[str, ...]:
    public = ", ".join(said.public_domain) or "none"
    return (
        f"the private file is the one that the table was made from; columns whose values are public: {public}",
        "values of text that both files could have taken from a public list have to be declared in public_domain",
    )


VERIFIER = Verifier("synthetic_data", _judge)
