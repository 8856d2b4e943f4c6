"""Verifies distinct l-diversity (Machanavajjhala et al. 2007): every class holds at least l sensitive values.

Where other releases about the same people are named, what each pair leaves of them counts as well.
"""

from collections.abc import Iterator

from petguard.claims import LDiversity
from petguard.model import Claim, Outcome, Verdict
from petguard.verifiers import Bench, Verifier, _anonymity
from petguard.verifiers._released import shortened


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    method = "fewest distinct sensitive values in a class of the whole file"
    measure = _anonymity.Measure("l", _classes.least_diverse, more_is_better=True, method=method)
    verdict = _anonymity.judge(claim, bench, measure, needs_sensitive=True)
    said = claim.statement
    assert isinstance(said, LDiversity)
    if verdict.outcome is not Outcome.VERIFIED or not said.also_released:
        return verdict
    return next((each for each in _joined(claim, said, verdict, bench) if each is not None), verdict)


def _joined(claim: Claim, said: LDiversity, verdict: Verdict, bench: Bench) -> Iterator[Verdict | None]:
    """A refutation for each release that leaves too few values of somebody."""
    from petguard.verifiers import _intersection, _released  # noqa: PLC0415 - numpy is slow to import

    own = _released.open_table(bench.files, said.artefact or "")
    for name in said.also_released:
        other = _released.open_table(bench.files, name)
        for column in said.sensitive:
            left = _intersection.fewest_left(own, other, said.quasi_identifiers, column)
            if left is not None and left.values < (said.l or 0):
                group = {key: shortened(cell) for key, cell in zip(left.shared, left.group, strict=True)}
                text = f"with {name} only {left.values} values of {column} are left for one group, claimed {said.l}"
                yield Verdict(
                    claim=claim.id, outcome=Outcome.REFUTED, explanation=f"{verdict.explanation}; {text}",
                    method="intersection of two releases on their shared quasi-identifiers",
                    interval=(float(left.values), float(left.values)),
                    assumptions=(*verdict.assumptions, f"somebody of this group is in {name} too, as the claim says"),
                    witness={"joined_with": name, "group": group, "l": left.values, "sensitive": column},
                )  # fmt: skip


VERIFIER = Verifier("l_diversity", _judge)
