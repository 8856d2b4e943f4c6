"""Which protections make a flow of which data acceptable, and how sure that is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from petguard import taxonomy
from petguard.claims import Names, Redaction
from petguard.model import Claim, EvidenceLevel, Node, Outcome
from petguard.policy import DIFFERENTIAL_PRIVACY, FAMILIES
from petguard.rules._evidence import Evidence
from petguard.rules._schema import ProtectionTest

_IDENTIFYING = (
    "user.name",
    "user.contact",
    "user.account.username",
    "user.unique_id",
    "user.government_id",
    "user.financial.bank_account",
    "user.financial.credit_card",
    "user.authorization",
    "user.device",
    "user.location",
    "user.demographic.date_of_birth",
)
_EVERYTHING = ("user",)

# What a technique protects when nothing narrower is claimed. Redaction takes identifiers out of a text; that the rest
# still tells of an illness is not its business. Pseudonymised data are personal data, and a recipient reads
# what was encrypted only on the way, so neither stands here.
_COVERED: Mapping[str, Names] = {
    **dict.fromkeys(DIFFERENTIAL_PRIVACY, _EVERYTHING),
    "synthetic_data": _EVERYTHING,
    "homomorphic_encryption": _EVERYTHING,
    "mpc": _EVERYTHING,
    "secret_sharing": _EVERYTHING,
    "secure_aggregation": _EVERYTHING,
    "tee_attestation": _EVERYTHING,
    "psi": _IDENTIFYING,
    "dp_psi": _IDENTIFYING,
    "redaction": _IDENTIFYING,
    "aggregation": _EVERYTHING,
    "consent": _EVERYTHING,  # makes it lawful, not less personal: never more than a claim
}
_ENTITY_NAMES = {"PERSON": "user.name", "LOCATION": "user.contact.address"}


@dataclass(frozen=True)
class Passes:
    """The protections, by node id, that let data of one category pass: shown to hold, and only said to."""

    verified: frozenset[str]
    claimed: frozenset[str]


def passes(tests: Sequence[ProtectionTest], category: str, evidence: Evidence) -> Passes:
    """Sort the protections; one that is refuted, off the mark or for other data is in neither set."""
    verified, claimed = set(), set()
    alike: dict[object, set[str | None]] = {}  # a redactor that is called a hundred times is judged once
    for node in evidence.protections:
        key = node.technique, node.claim, node.details.get("evidence"), node.details.get("entities")
        if key not in alike:
            alike[key] = {_level(test, node, category, evidence) for test in tests}
        levels = alike[key]
        if "verified" in levels:
            verified.add(node.id)
        elif "claimed" in levels:
            claimed.add(node.id)
    return Passes(frozenset(verified), frozenset(claimed))


def _level(test: ProtectionTest, node: Node, category: str, evidence: Evidence) -> str | None:
    claim = evidence.claim_by_id.get(node.claim or "")
    verdict = evidence.verdicts.get(node.claim or "")
    outcome = verdict.outcome if verdict and claim else None
    if not _is_technique(test, node) or outcome is Outcome.REFUTED or _misses(test, claim):
        return None
    if test.covers is not None and not _takes_out(node, claim, category):
        return None
    proven = (outcome is Outcome.VERIFIED and _meets(test, claim)) or _is_evident(test, node, evidence)
    return "verified" if proven or test.verdict == "claimed" else "claimed"


def _is_evident(test: ProtectionTest, node: Node, evidence: Evidence) -> bool:
    """Whether what is known of a protection is enough for this policy, where no numbers are asked for."""
    level = node.details.get("evidence")
    wanted = EvidenceLevel(evidence.policy.accept_evidence)
    return level is not None and not test.claim and EvidenceLevel(str(level)).rank >= wanted.rank


def _takes_out(node: Node, claim: Claim | None, category: str) -> bool:
    """Whether a protection is one for this category; one that says what it takes out is for that, and nothing else."""
    known = node.details.get("entities")
    if claim is None and isinstance(known, tuple):
        return _names_one(known, category)
    return covers(node.technique or "", claim, category)


def _is_technique(test: ProtectionTest, node: Node) -> bool:
    return any(node.technique == name or node.technique in FAMILIES.get(name, ()) for name in test.protection)


def _misses(test: ProtectionTest, claim: Claim | None) -> bool:
    """Whether the claim itself says less than the test asks for."""
    return any(not _within(test, field, value) for field, value in _numbers(test, claim).items())


def _meets(test: ProtectionTest, claim: Claim | None) -> bool:
    """Whether the claim states every number that the test asks for, within its bound."""
    return _numbers(test, claim).keys() == test.claim.keys() and not _misses(test, claim)


def _numbers(test: ProtectionTest, claim: Claim | None) -> dict[str, float]:
    said = {} if claim is None else {**claim.parameters, **claim.stated}
    return {field: said[field] for field in test.claim if isinstance(said.get(field), int | float)}


def _within(test: ProtectionTest, field: str, value: float) -> bool:
    bound = test.claim[field]
    return (bound.le is None or value <= bound.le) and (bound.ge is None or value >= bound.ge)


def covers(technique: str, claim: Claim | None, category: str) -> bool:
    """Whether a technique protects a category; a redaction claim that lists its entities protects those alone."""
    if claim is not None and isinstance(claim.statement, Redaction) and claim.statement.entities:
        return _names_one(claim.statement.entities, category)
    return any(taxonomy.covers(parent, category) for parent in _COVERED.get(technique, ()))


def _names_one(entities: Iterable[str], category: str) -> bool:
    return any(taxonomy.covers(known, category) for known in map(_category, entities) if known)


def _category(entity: str) -> str | None:
    """An entity is named by its category, or by a recogniser's name such as EMAIL_ADDRESS."""
    if taxonomy.is_known(entity):
        return entity
    return _ENTITY_NAMES.get(entity.upper()) or next(iter(taxonomy.classify(entity)), None)
