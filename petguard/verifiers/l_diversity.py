"""Verifies distinct l-diversity (Machanavajjhala et al. 2007): every class holds at least l sensitive values.

Where other releases about the same people are named, what each pair leaves of them counts as well.
"""

from typing import TYPE_CHECKING

from petguard.claims import LDiversity
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _anonymity
from petguard.verifiers._released import shown

if TYPE_CHECKING:
    from petguard.verifiers._intersection import Left


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    method = "fewest distinct sensitive values in a class of the whole file"
    measure = _anonymity.Measure(
        "l", _classes.least_diverse, more_is_better=True, method=method, room=_classes.diversity_room,
        doubt="values that differ only in case, spaces or how a missing one is written may be the same",
    )  # fmt: skip
    verdict = _anonymity.judge(claim, bench, measure, needs_sensitive=True)
    said = claim.statement
    assert isinstance(said, LDiversity)
    if verdict.outcome is not Outcome.VERIFIED or not said.also_released:
        return verdict
    found = [_joined(claim, said, verdict, name, bench) for name in said.also_released]
    return min(found, key=lambda each: _ORDER.index(each.outcome))


_ORDER = (Outcome.REFUTED, Outcome.UNVERIFIABLE, Outcome.VERIFIED)
_METHOD = "intersection of two releases on their shared quasi-identifiers"


def _joined(claim: Claim, said: LDiversity, verdict: Verdict, name: str, bench: Bench) -> Verdict:
    """What is left of the verdict when somebody has the other release as well."""
    from petguard.verifiers import _intersection, _released  # noqa: PLC0415 - numpy is slow to import

    own, other = _released.open_table(bench.files, said.artefact or ""), _released.open_table(bench.files, name)
    lefts = {column: _intersection.fewest_left(own, other, said.quasi_identifiers, column) for column in said.sensitive}
    for column, left in lefts.items():
        if left is not None and left.values < (said.l or 0):
            return _narrowed(claim, said, verdict, (name, column, left))
    if apart := [column for column, left in lefts.items() if left is None]:
        why = f"{name} shares no group of quasi-identifiers and {', '.join(apart)} with it as they are written"
        bare = unverifiable(claim, Reason.NOT_SUFFICIENT, f"{verdict.explanation}; {why}", method=_METHOD)
        return bare.model_copy(update={"assumptions": verdict.assumptions})
    same = f"whoever is in both it and {name} stands in groups that are written the same in both"
    return verdict.model_copy(update={"assumptions": (*verdict.assumptions, same)})


def _narrowed(claim: Claim, said: LDiversity, verdict: Verdict, found: "tuple[str, str, Left]") -> Verdict:
    """The refutation by a release that leaves too few values of somebody."""
    name, column, left = found
    group = {key: shown(key, cell) for key, cell in zip(left.shared, left.group, strict=True)}
    text = f"with {name} only {left.values} values of {column} are left for one group, claimed {said.l}"
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=f"{verdict.explanation}; {text}", method=_METHOD,
        interval=(float(left.values), float(left.values)),
        assumptions=(*verdict.assumptions, f"somebody of this group is in {name} too, as the claim says"),
        witness={"joined_with": name, "group": group, "l": left.values, "sensitive": column},
    )  # fmt: skip


VERIFIER = Verifier("l_diversity", _judge)
