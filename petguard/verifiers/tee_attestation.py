"""Verifies attestation evidence offline: that a trusted execution environment ran the code that the claim expects.

Verified needs all of: the signature, the chain up to the stated root at the stated time, debugging off, an expected
measurement or image digest that is the right one, and every other expectation met. Evidence whose signature is wrong
is refuted whenever it was made; about expired evidence nothing more is said.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from petguard import artefacts
from petguard.artefacts import Undecided
from petguard.claims import Expectation, TeeAttestation
from petguard.model import Claim, Outcome, Reason, Verdict
from petguard.verifiers import Bench, Verifier
from petguard.verifiers._tee import expectations, kinds
from petguard.verifiers._tee.evidence import SHORT, Evidence, Material, Refuted

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_METHOD = "signature, certificate chain and expectations, offline"
_COLLATERAL = 4 * 1024 * 1024  # bytes; revocation lists are the largest part
_PEM = "-----BEGIN"
_VENDORS = {  # SHA-256 of the roots that vendors publish; any other root is only what the project says it is
    "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b": "AWS Nitro",
    "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3": "Intel SGX",
    "148b293821bb0c6a317f413c8ba475814091cb22d49b9e3c94198db8e8f86c39": "Google Confidential Space",
}


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, TeeAttestation)
    if said.evidence is None:
        raise Undecided(Reason.ARTEFACT_ABSENT, "no evidence is given: the environment is only said to be confidential")
    raw = bench.files.read(said.evidence, SHORT)
    at = _moment(said.at or bench.now)
    try:
        evidence = _opened(said, raw, at, bench)
        expectations.hold(evidence, said.expect or Expectation(), bench.files)
    except Refuted as error:
        return _refuted(claim, said.evidence, error)
    return Verdict(
        claim=claim.id,
        outcome=Outcome.VERIFIED,
        explanation=f"signed evidence of {evidence.kind} says: {expectations.words(evidence)}",
        method=_METHOD,
        assumptions=(*_of_root(said, evidence), *evidence.assumptions, *_of_time(evidence, at, bench.now)),
    )


def _refuted(claim: Claim, evidence: str, error: Refuted) -> Verdict:
    witness = {"evidence": evidence, **error.witness}
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=error.explanation, witness=witness, method=_METHOD
    )


def _moment(stated: datetime) -> datetime:
    """A time without a zone is meant in UTC."""
    return stated if stated.tzinfo is not None else stated.replace(tzinfo=UTC)


def _opened(said: TeeAttestation, raw: bytes, at: datetime, bench: Bench) -> Evidence:
    """The evidence, signed and of its time."""
    if kinds.is_mock(raw):
        witness = {"token": raw.decode("ascii", "replace").strip()[:80]}
        raise Refuted("the token is the text that a mock backend writes; nothing attested anything", witness)
    unwrapped = kinds.unwrapped(raw)
    kind = kinds.of(unwrapped)
    if said.kind not in (None, kind):
        raise Undecided(Reason.GAP, f"the evidence looks like {kind}, not like {said.kind}")
    artefacts.optional("cryptography", "tee")
    from petguard.verifiers._tee import certificates, formats  # noqa: PLC0415 - from the extra

    collateral = bench.files.read(said.collateral, _COLLATERAL) if said.collateral is not None else None
    evidence = formats.FORMATS[kind](unwrapped, Material(_roots(said, bench), collateral, at))
    late = certificates.outside(evidence.chain, at)
    if late is None and evidence.expires is not None and at > evidence.expires:
        late = f"the token expired at {evidence.expires:%Y-%m-%d %H:%M} UTC"
    if late is not None:
        why = f"the signature is right, but at {at:%Y-%m-%d %H:%M} UTC it counts no more: {late}"
        raise Undecided(Reason.COLLATERAL_EXPIRED, why)
    return evidence


def _roots(said: TeeAttestation, bench: Bench) -> "tuple[Certificate, ...]":
    from petguard.verifiers._tee import certificates  # noqa: PLC0415 - from the extra

    if said.trust_root is None:
        return ()
    if said.trust_root.lstrip().startswith(_PEM):
        return certificates.read(said.trust_root.encode("utf-8"), "trust_root")
    return certificates.read(bench.files.read(said.trust_root, _COLLATERAL), said.trust_root)


def _of_root(said: TeeAttestation, evidence: Evidence) -> Iterator[str]:
    """Who is trusted in the end."""
    from petguard.verifiers._tee import certificates  # noqa: PLC0415 - from the extra

    root = evidence.chain[-1]
    printed = certificates.fingerprint(root)
    if printed in _VENDORS:
        yield f"the root is the one that is known for {_VENDORS[printed]} (SHA-256 {printed})"
    else:
        place = "the claim" if said.trust_root is None or _PEM in said.trust_root else said.trust_root
        yield f"the root {certificates.name(root)} in {place} is the vendor's: compare its SHA-256 {printed}"


def _of_time(evidence: Evidence, at: datetime, now: datetime) -> Iterator[str]:
    """What was valid at the moment that was asked about, and is not today."""
    from petguard.verifiers._tee import certificates  # noqa: PLC0415 - from the extra

    if at != now:
        yield f"judged as of {at:%Y-%m-%d %H:%M} UTC"
    since = certificates.outside(evidence.chain, now)
    if since is None and evidence.expires is not None and now > evidence.expires:
        since = f"the token expired at {evidence.expires:%Y-%m-%d %H:%M} UTC"
    if since is not None:
        yield f"today it proves nothing about what runs now: {since}"


VERIFIER = Verifier("tee_attestation", _judge)
