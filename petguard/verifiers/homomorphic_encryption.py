"""Verifies the security level of homomorphic encryption, and that the key which opens it is not shipped along.

Lattice schemes are verified when the Homomorphic Encryption Standard's table has room for the modulus and our own
estimate of the cheapest attack does not contradict it, and refuted only when both say no; Paillier goes by the length
of its modulus (NIST SP 800-57). A serialised context with the secret key in it protects nothing, whatever its size.
"""

from dataclasses import dataclass
from typing import Any

from petguard import he_files, he_standard
from petguard.artefacts import Undecided
from petguard.claims import HomomorphicEncryption
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _lattice

# Bits. SP 800-57 part 1 disallows less for protecting anything: what a claim means that states no level.
_LEAST = 112
_STANDARD = "Homomorphic Encryption Standard 2018 (classical), and an estimate: " + _lattice.MODEL
_NIST = "NIST SP 800-57 part 1, table 2"
_LATTICE = (
    "errors have the standard's standard deviation, 8/sqrt(2 pi)",
    "the attacker is classical; a quantum computer needs less",
    "decrypted results of CKKS are not handed to the attacker",
)
_PAILLIER = ("the modulus is the product of two random primes of equal length", "the attacker is classical")


@dataclass(frozen=True)
class _Ring:
    """What the security of a lattice scheme depends on; `exact` says that no part of the modulus is missing."""

    degree: int
    log_q: float
    secret: str
    exact: bool

    @property
    def words(self) -> str:
        about = "" if self.exact else "at least "
        return f"ring degree {self.degree} with a modulus of {about}{self.log_q:.5g} bits"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = _strictest(claim)
    opened = _opened(said, bench)
    if opened is not None and opened.secret:
        return _key_is_shipped(claim, said.context or "", opened)
    if opened is not None and opened.parameters.unread and not said.poly_modulus_degree:
        raise Undecided(Reason.LIBRARY_MISSING, f"the parameters in {said.context}: {opened.parameters.unread}")
    said = _completed(said, opened)
    verdict = _paillier(claim, said) if said.scheme == "paillier" or said.modulus_bits else _lattice_based(claim, said)
    return verdict if opened is None else _beside_context(verdict, said.context or "", opened)


def _strictest(claim: Claim) -> HomomorphicEncryption:
    """What is claimed, at the highest level that anybody states for it."""
    said = claim.statement
    assert isinstance(said, HomomorphicEncryption)
    elsewhere = claim.conflicts.get("bits", {}).get("stated")
    return said.model_copy(update={"bits": max(said.bits or 0, elsewhere)}) if isinstance(elsewhere, int) else said


def _opened(said: HomomorphicEncryption, bench: Bench) -> he_files.Opened | None:
    if said.context is None:
        return None
    with bench.files.open(said.context) as file:
        return he_files.open_file(said.context, file)


def _completed(said: HomomorphicEncryption, opened: he_files.Opened | None) -> HomomorphicEncryption:
    """The claim with the parameters of the context that is really shipped."""
    if opened is None:
        return said
    held = opened.parameters
    found = {
        "scheme": held.scheme, "poly_modulus_degree": held.degree,
        "log_q": held.log_q, "modulus_bits": held.modulus_bits,
    }  # fmt: skip
    known = {name: value for name, value in found.items() if value is not None}
    return said.model_copy(update={**known, **({"coeff_mod_bit_sizes": ()} if held.log_q else {})})


def _key_is_shipped(claim: Claim, name: str, opened: he_files.Opened) -> Verdict:
    text = f"{name} is {opened.kind} with the secret key in it: whoever has the file can decrypt"
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=text, method="walking the serialised file",
        witness={"secret_key_in": name, "kind": opened.kind},
        remedy={"action": "ship a context without the secret key, and make new keys"},
    )  # fmt: skip


def _beside_context(verdict: Verdict, name: str, opened: he_files.Opened) -> Verdict:
    """The verdict on the numbers, unless it is unknown whether the file holds the secret key."""
    if opened.secret is None and verdict.outcome is not Outcome.REFUTED:
        text = f"{name} is {opened.kind}, so nobody can tell whether a secret key is in it; {verdict.explanation}"
        return verdict.model_copy(
            update={"outcome": Outcome.UNVERIFIABLE, "reason": Reason.GAP, "explanation": text, "remedy": {}}
        )
    return verdict.model_copy(update={"assumptions": (*verdict.assumptions, f"{name} is {opened.kind}")})


# --- Paillier -------------------------------------------------------------------------------------------------------


def _paillier(claim: Claim, said: HomomorphicEncryption) -> Verdict:
    if said.modulus_bits is None:
        return _missing(claim, ["modulus_bits"], "")
    gives = he_standard.paillier_bits(said.modulus_bits)
    wanted = said.bits or _LEAST
    text = f"a Paillier modulus of {said.modulus_bits} bits gives {gives} bits of security{_claimed(said)}"
    common: dict[str, Any] = {"method": _NIST, "interval": (float(gives), None), "assumptions": _PAILLIER}
    longest = he_standard.paillier_length(wanted)
    remedy: Json = {"modulus_bits": longest, "bits": wanted} if longest else {}
    if _is_between(said.modulus_bits, wanted):
        return unverifiable(claim, Reason.GAP, f"{text}; the table has no such length").model_copy(update=common)
    if gives < wanted:
        witness: Json = {"modulus_bits": said.modulus_bits, "bits": gives, "wanted": wanted}
        return _verdict(claim, Outcome.REFUTED, text, {**common, "witness": witness, "remedy": remedy})
    return _verdict(claim, Outcome.VERIFIED, text, common)


def _is_between(length: int, wanted: int) -> bool:
    """Whether the table's next longer modulus would do, or one beyond its end: then this length may do as well."""
    longer = he_standard.paillier_length(wanted)
    if longer is None:
        return length > 15360 and he_standard.sieve_bits(length) >= wanted
    rows = (0, 1024, 2048, 3072, 7680, 15360)
    below = max(row for row in rows if row <= length)
    return below < length < longer and rows.index(longer) == rows.index(below) + 1 and below > 0


# --- lattices -------------------------------------------------------------------------------------------------------


def _lattice_based(claim: Claim, said: HomomorphicEncryption) -> Verdict:
    log_q = float(sum(said.coeff_mod_bit_sizes)) or said.log_q or said.log_q_at_least
    missing = [] if said.poly_modulus_degree else ["poly_modulus_degree"]
    missing += [] if log_q else ["coeff_mod_bit_sizes or log_q"]
    if not said.poly_modulus_degree or not log_q:
        return _missing(claim, missing, "")
    exact = bool(said.coeff_mod_bit_sizes or said.log_q)
    ring = _Ring(said.poly_modulus_degree, log_q, said.secret or "ternary", exact)
    found = _lattice.estimate(ring.degree, ring.log_q, ternary=ring.secret != "uniform")
    return _weigh(claim, said, ring, found)


def _weigh(claim: Claim, said: HomomorphicEncryption, ring: _Ring, found: _lattice.Estimate) -> Verdict:
    wanted = said.bits or _LEAST
    most = he_standard.limit(ring.degree, wanted, ring.secret)
    sparse = ring.secret == "sparse_ternary"
    text = f"{ring.words} costs about 2^{found.bits:.1f} to break, {_room(most, wanted)}{_claimed(said)}"
    high = found.bits + _lattice.TOLERANCE
    common: dict[str, Any] = {
        "method": _STANDARD, "interval": (None if sparse or not ring.exact else found.bits - _lattice.TOLERANCE, high),
        "assumptions": (*_assumed(said), *_LATTICE),
    }  # fmt: skip
    if not (most is not None and ring.log_q <= most) and high < wanted:
        witness: Json = {
            "poly_modulus_degree": ring.degree, "log_q": ring.log_q, "log_q_at_most": most or 0,
            "estimated_bits": round(found.bits, 1), "block_size": found.block_size, "wanted": wanted,
        }  # fmt: skip
        return _verdict(claim, Outcome.REFUTED, text, {**common, "witness": witness, "remedy": _remedy(ring, wanted)})
    verdict = _unless_refuted(claim, ring, text, within=most is not None and ring.log_q <= most and high >= wanted)
    return verdict.model_copy(update=common)


def _unless_refuted(claim: Claim, ring: _Ring, text: str, *, within: bool) -> Verdict:
    if not ring.exact:
        return _missing(claim, ["coeff_mod_bit_sizes or log_q"], text)
    if ring.secret == "sparse_ternary":
        return unverifiable(claim, Reason.GAP, f"{text}; the table is not for sparse secrets, which break sooner")
    if not within:
        return unverifiable(claim, Reason.GAP, f"{text}; table and estimate do not agree clearly enough")
    return _verdict(claim, Outcome.VERIFIED, text, {"method": _STANDARD})


def _room(most: int | None, wanted: int) -> str:
    if most is None:
        return f"and the standard has no row for it at {wanted} bits of security"
    return f"and the standard allows {most} bits for a security of {he_standard.level(wanted)}"


def _assumed(said: HomomorphicEncryption) -> tuple[str, ...]:
    return () if said.secret else ("the secret key is ternary and dense, as in every default of the libraries",)


def _remedy(ring: _Ring, wanted: int) -> Json:
    """The smallest ring that has room for this modulus, or the largest modulus for this ring."""
    degree = he_standard.smallest_degree(ring.log_q, wanted, ring.secret)
    most = he_standard.limit(ring.degree, wanted, ring.secret)
    larger: Json = {"poly_modulus_degree": degree} if degree else {}
    return {**larger, **({"or_log_q_at_most": most} if most else {})}


# --- both -----------------------------------------------------------------------------------------------------------


def _claimed(said: HomomorphicEncryption) -> str:
    return f", claimed {said.bits}" if said.bits else f"; no level is claimed, and NIST asks for {_LEAST}"


def _missing(claim: Claim, names: list[str], text: str) -> Verdict:
    fields = [field for name in names for field in name.split(" or ")]
    why = [f"{field} ({claim.unresolved[field]})" for field in fields if field in claim.unresolved]
    reason = Reason.DYNAMIC_VALUE if why else Reason.MISSING_PARAMETER
    return unverifiable(claim, reason, "; ".join([f"not stated: {', '.join(names)}", *why, *([text] if text else [])]))


def _verdict(claim: Claim, outcome: Outcome, text: str, more: dict[str, Any]) -> Verdict:
    return Verdict(claim=claim.id, outcome=outcome, explanation=text, **more)


VERIFIER = Verifier("homomorphic_encryption", _judge)
