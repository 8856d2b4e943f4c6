"""Certificates: reading them, and the way from the one that signed the evidence to a trusted root."""

import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from petguard.artefacts import Undecided
from petguard.model import Reason
from petguard.verifiers._tee.evidence import Refuted

_MOST = 16  # certificates of one chain or file
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_SMALLEST_RSA = 2048  # bits
_UNDERSTOOD = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid})
_UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)
_PEM = b"-----BEGIN CERTIFICATE-----"


def read(raw: bytes, what: str) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM text, or the one that is DER; Undecided (gap) where it is neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a VCEK has the serial number 0, which the standard forbids
        try:
            found = x509.load_pem_x509_certificates(raw) if _PEM in raw else [x509.load_der_x509_certificate(raw)]
            for each in found:
                _understood(each)
        except _UNREADABLE as error:
            raise Undecided(Reason.GAP, f"{what} holds no certificate that can be read") from error
    if len(found) > _MOST:
        raise Undecided(Reason.GAP, f"{what} holds more than {_MOST} certificates")
    return tuple(found)


def _understood(certificate: x509.Certificate) -> None:
    """Read the parts that are otherwise only read when somebody asks, and fail then."""
    certificate.public_key()
    list(certificate.extensions)
    certificate.subject.rfc4514_string()
    certificate.issuer.rfc4514_string()


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the whole certificate, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def name(certificate: x509.Certificate) -> str:
    """Whom it is about, for reports."""
    return certificate.subject.rfc4514_string()[:200] or "a certificate without a name"


def chain(
    leaf: x509.Certificate, others: Iterable[x509.Certificate], roots: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """From the leaf to one of the roots, each signed by the next; Refuted where a signature is wrong.

    The order of `others` does not matter, and they need not all be used. Nothing but the last is trusted by itself.
    """
    trusted = {fingerprint(root) for root in roots}
    candidates = (*roots, *others)
    way = [leaf]
    while fingerprint(way[-1]) not in trusted:
        if len(way) > _MOST:
            raise Undecided(Reason.GAP, f"the chain has more than {_MOST} certificates")
        way.append(_issuer(way[-1], candidates, roots))
        _may_issue(way[-1], below=len(way) - 2)
    return tuple(way)


def _issuer(
    child: x509.Certificate, candidates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> x509.Certificate:
    named = [each for each in candidates if each.subject == child.issuer and each != child]
    found = next((each for each in named if _signed(child, each)), None)
    if found is not None:
        return found
    if named:
        raise Refuted(f"{name(child)} is not signed by {name(named[0])}, which it names", {"certificate": name(child)})
    if child.subject == child.issuer:
        witness = {"chain_ends_at": fingerprint(child), "trusted": [fingerprint(root) for root in roots]}
        raise Refuted(f"the chain ends at {name(child)}, which is not the trusted root", witness)
    missing = child.issuer.rfc4514_string()[:200]
    raise Undecided(Reason.MISSING_PARAMETER, f"no certificate of {missing} is given, which signed {name(child)}")


def _signed(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the signature is right, and made with something that nobody can forge today."""
    try:
        if not isinstance(child.signature_hash_algorithm, _HASHES):
            return False
        child.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    key = issuer.public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA
    )


def _may_issue(issuer: x509.Certificate, below: int) -> None:
    """Hold an issuer to what its own certificate allows; `below` counts the authorities between it and the leaf."""
    known = {each.oid: each for each in issuer.extensions}
    strange = [each.oid.dotted_string for each in issuer.extensions if each.critical and each.oid not in _UNDERSTOOD]
    if strange:
        raise Undecided(Reason.GAP, f"{name(issuer)} has a critical extension {strange[0]} that is not understood")
    basic = known.get(x509.BasicConstraints.oid)
    usage = known.get(x509.KeyUsage.oid)
    allowed = basic is not None and basic.value.ca and (usage is None or usage.value.key_cert_sign)
    if not allowed:
        raise Refuted(f"{name(issuer)} may not sign certificates, and did", {"certificate": name(issuer)})
    if basic is not None and basic.value.path_length is not None and below > basic.value.path_length:
        raise Refuted(f"{name(issuer)} may not have so many authorities below it", {"certificate": name(issuer)})


def outside(certificates: Iterable[x509.Certificate], moment: datetime) -> str | None:
    """The first certificate that is not valid at that moment, in words; None when all are."""
    for each in certificates:
        if moment < each.not_valid_before_utc:
            return f"{name(each)} is valid from {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        if moment > each.not_valid_after_utc:
            return f"{name(each)} expired at {each.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    return None


def check_ecdsa(leaf: x509.Certificate, raw: tuple[int, int], message: bytes, curve: type[ec.EllipticCurve]) -> None:
    """Check a raw ECDSA signature with the leaf's key and the curve's own hash; Refuted where it is wrong."""
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, curve):
        raise Refuted(f"{name(leaf)} has no {curve.name} key", {"certificate": name(leaf)})
    check_key(key, raw, message, "the evidence")


def check_key(key: ec.EllipticCurvePublicKey, raw: tuple[int, int], message: bytes, what: str) -> None:
    """Check a raw ECDSA signature; P-384 goes with SHA-384 and P-256 with SHA-256 in all formats."""
    digest = hashes.SHA384() if key.key_size == 384 else hashes.SHA256()
    try:
        key.verify(encode_dss_signature(*raw), message, ec.ECDSA(digest))
    except InvalidSignature as error:
        raise Refuted(f"the signature of {what} is wrong", {"signature": f"{raw[0]:x}"[:32], "over": what}) from error
