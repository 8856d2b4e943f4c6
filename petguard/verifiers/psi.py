"""Verifies private set intersection: whether the protocol reveals what is claimed, to whom, and how often.

A protocol that gives out shares reveals nothing by itself. One that gives out the intersection reveals that, and one
that gives out its size reveals, when it is run again and again, who is in it: two runs whose inputs differ in one
element tell about that element. Only noise helps against that, and that is another technique (`dp_psi`).
"""

from dataclasses import dataclass
from typing import Any

from petguard import protocols
from petguard.claims import Psi
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.protocols import STRENGTH, Intersection
from petguard.verifiers import Bench, Verifier, _psi_request

_METHOD = "the protocol's published model (rules/pets/protocols.yaml)"
_LESS = {"shares": 0, "cardinality": 1, "intersection": 2}  # how much a result tells
_FOLLOWED = (
    "the software implements the published protocol without mistakes",
    "the sizes of both sets may be known",
    "nobody makes up elements to ask about them",
)


@dataclass(frozen=True)
class _Case:
    """A claim with the row of its protocol."""

    claim: Claim
    said: Psi
    row: Intersection

    @property
    def words(self) -> str:
        return f"{self.said.scheme} ({self.row.source})"

    def verdict(self, outcome: Outcome, text: str, **more: Any) -> Verdict:
        """A verdict that names where the model is published."""
        found = f"{self.words}: {text}"
        return Verdict(claim=self.claim.id, outcome=outcome, explanation=found, method=_METHOD, **more)

    def refuted(self, text: str, **shown: Any) -> Verdict:
        """A refutation whose witness is the protocol's row."""
        row: Json = {
            "protocol": self.row.names[0], "adversary": self.row.adversary, "reveals": self.row.reveals,
            "source": self.row.source, **shown,
        }  # fmt: skip
        return self.verdict(Outcome.REFUTED, text, witness=row)

    def open(self, reason: Reason, text: str) -> Verdict:
        """A verdict that leaves the claim open."""
        return self.verdict(Outcome.UNVERIFIABLE, text, reason=reason)


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, Psi)
    if said.artefact is not None:
        said = _of_request(said, bench)
    if said.scheme is None:
        reason = Reason.DYNAMIC_VALUE if "scheme" in claim.unresolved else Reason.MISSING_PARAMETER
        why = f" ({claim.unresolved['scheme']})" if "scheme" in claim.unresolved else ""
        return unverifiable(claim, reason, f"not stated: scheme{why}")
    row = protocols.intersection(said.framework, said.scheme)
    if row is None:
        named = f"{said.framework} {said.scheme}" if said.framework else said.scheme
        return unverifiable(claim, Reason.UNKNOWN_TECHNIQUE, f"no published model of {named} is known here")
    case = _Case(claim, said, row)
    return _against(case) or _to_whom(case) or _noisy(case) or _revealed(case)


def _of_request(said: Psi, bench: Bench) -> Psi:
    """The claim with the scheme that a request in a file asks for."""
    name = said.artefact or ""
    asked = _psi_request.reveals_intersection(name, bench.files.read(name))
    scheme = f"ecdh {'intersection' if asked else 'cardinality'}"
    return said.model_copy(update={"framework": "OpenMined PSI", "scheme": scheme})


def _against(case: _Case) -> Verdict | None:
    wanted, given = case.said.adversary, case.row.adversary
    if wanted is None or STRENGTH.index(wanted) <= STRENGTH.index(given):
        return None
    text = f"it is secure against {given.replace('_', '-')} parties, claimed {wanted.replace('_', '-')} ones"
    if case.row.is_family:
        return case.open(Reason.MISSING_PARAMETER, f"not stated: framework; by this name {text}")
    return case.refuted(text, claimed=wanted)


def _to_whom(case: _Case) -> Verdict | None:
    """Whether both learn a result that is claimed to be for one."""
    conflict = case.claim.conflicts.get("result_to")
    if conflict is None or (conflict["found"], conflict["stated"]) != ("both", "one"):
        return None
    return case.refuted("both parties learn the result, claimed that one does", result_to="both")


def _noisy(case: _Case) -> Verdict | None:
    """Randomised response on whether an element of the one party is in it: the runs' epsilons add up."""
    if not case.row.noisy:
        return None
    spent, runs, claimed = case.said.epsilon_per_run, case.said.runs, case.said.epsilon
    text = "it answers by randomised response for one party, and only leaves out elements of the other"
    if spent is None:
        return case.open(Reason.MISSING_PARAMETER, f"{text}; not stated: epsilon_per_run")
    total = spent * (runs or 1)
    text = f"{text}; {runs or 1} runs spend epsilon {total:.6g}"
    if claimed is not None and total > claimed * (1 + 1e-12):
        return case.refuted(f"{text}, claimed {claimed:g}", epsilon=total, runs=runs or 1)
    return case.open(Reason.NOT_SUFFICIENT, f"{text}, and no epsilon holds for the party whose elements are left out")


def _revealed(case: _Case) -> Verdict:
    claimed, reveals = case.said.reveals, case.row.reveals
    if case.said.epsilon is not None:
        return _without_noise(case, case.said.epsilon)
    if claimed is None:
        return case.open(Reason.MISSING_PARAMETER, f"not stated: reveals; it reveals {_what(case)}")
    if _LESS[reveals] > _LESS[claimed]:
        return case.refuted(f"it reveals {_what(case)}, claimed {claimed}", claimed=claimed)
    if case.row.also and claimed != "shares":
        return case.refuted(f"it reveals {_what(case)}, claimed {claimed}", claimed=claimed, also=case.row.also)
    if reveals == "cardinality":
        return _counted(case)
    return case.verdict(Outcome.VERIFIED, f"it reveals {_what(case)}", assumptions=_assumed(case))


def _without_noise(case: _Case, epsilon: float) -> Verdict:
    if case.row.reveals == "shares":
        return case.open(Reason.NOT_SUFFICIENT, "it gives out shares, and whether noise is added to them is not known")
    return case.refuted("it adds no noise, so no epsilon holds", claimed_epsilon=epsilon)


def _what(case: _Case) -> str:
    result = {"shares": "shares of the result only", "cardinality": "the exact size of the intersection"}
    words = result.get(case.row.reveals, "the intersection")
    return f"{words}, and {case.row.also}" if case.row.also else words


def _assumed(case: _Case) -> tuple[str, ...]:
    against = case.row.adversary.replace("_", "-")
    shared = ("what is computed on the shares reveals no more",) if case.row.reveals == "shares" else ()
    return (
        f"all parties are {against}" if against == "semi-honest" else f"parties may be {against}",
        *shared,
        *_FOLLOWED,
    )


def _counted(case: _Case) -> Verdict:
    """The exact size of the intersection, once or again and again."""
    runs = case.said.runs
    text = "it reveals the exact size of the intersection, and adds no noise"
    if runs is None:
        return case.open(Reason.MISSING_PARAMETER, f"{text}; not stated: runs")
    if runs > 1:
        halving = f"{runs} runs with inputs that differ tell up to {runs} bits about who is in it"
        return case.refuted(f"{text}; {halving}", runs=runs)
    return case.open(Reason.NOT_SUFFICIENT, f"{text}; one run with a single element tells whether it is in it")


VERIFIER = Verifier("psi", _judge)
