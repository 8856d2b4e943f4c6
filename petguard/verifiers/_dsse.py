"""Checks the signature around a list of file hashes (DSSE) with a key or certificate, without any network.

The signed bytes are the pre-authentication encoding of DSSE 1.0.0 (secure-systems-lab/dsse, protocol.md). The key is
an elliptic curve key, with the hash that belongs to its size, as sigstore's bundles have it. A certificate is either
the signer's own, or the root that the signer's chain must lead to at the time of signing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from petguard.artefacts import Undecided, optional
from petguard.model import Reason
from petguard.verifiers._signed import STATEMENT_TYPE, Bundle

_EXTRA = "sign"
_LONGEST_CHAIN = 10


def flaw(bundle: Bundle, trusted: bytes, at: datetime) -> str:
    """Why the signature is not one by this key or under this certificate; empty when it is."""
    pem = optional("cryptography.hazmat.primitives.serialization", _EXTRA)
    if b"-----BEGIN CERTIFICATE-----" in trusted:
        return _flaw_of_chain(bundle, trusted, at)
    try:
        key = pem.load_pem_public_key(trusted)
    except (ValueError, TypeError, optional("cryptography.exceptions", _EXTRA).UnsupportedAlgorithm) as error:
        raise Undecided(Reason.GAP, "public_key is no PEM public key or certificate that can be read") from error
    return "" if _is_signed(bundle, key) else "the signature was not made with the private key of public_key"


def _is_signed(bundle: Bundle, key: Any) -> bool:
    ec = optional("cryptography.hazmat.primitives.asymmetric.ec", _EXTRA)
    hashes = optional("cryptography.hazmat.primitives.hashes", _EXTRA)
    invalid = optional("cryptography.exceptions", _EXTRA).InvalidSignature
    by_size = {256: hashes.SHA256, 384: hashes.SHA384, 521: hashes.SHA512}
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size not in by_size:
        raise Undecided(Reason.GAP, "the key is not one of the curves P-256, P-384 and P-521")
    for signed, algorithm in _encodings(bundle.payload, by_size[key.key_size], hashes.SHA256):
        try:
            key.verify(bundle.signature, signed, ec.ECDSA(algorithm()))
        except invalid:
            continue
        return True
    return False


def _encodings(payload: bytes, algorithm: Any, always: Any) -> Iterator[tuple[bytes, Any]]:
    """What may have been signed, with which hash.

    Version 0.2 of model-signing wrote the payload as Python shows bytes, and hashed with SHA-256 whatever the key.
    """
    head = f"{len(STATEMENT_TYPE)} {STATEMENT_TYPE} {len(payload)}"
    yield f"DSSEv1 {head} ".encode() + payload, algorithm
    yield f"DSSEV1 {head} {payload!r}".encode(), always


def _flaw_of_chain(bundle: Bundle, trusted: bytes, at: datetime) -> str:
    x509 = optional("cryptography.x509", _EXTRA)
    try:
        roots = x509.load_pem_x509_certificates(trusted)
        chain = [x509.load_der_x509_certificate(each) for each in bundle.chain[:_LONGEST_CHAIN]]
    except ValueError as error:
        raise Undecided(Reason.GAP, "a certificate of the signature or of public_key cannot be read") from error
    signer = chain[0] if chain else roots[0]
    if not _is_signed(bundle, signer.public_key()):
        return "the signature was not made with the private key of the certificate"
    if not _may_sign(signer):
        return "the certificate of the signer is not one for signatures"
    return _flaw_of_links(signer, [*chain[1:], *roots], roots, at)


def _flaw_of_links(signer: Any, issuers: Sequence[Any], roots: Sequence[Any], at: datetime) -> str:
    """Follow the issuers from the signer up to a trusted root."""
    current, left = signer, list(issuers)
    while current not in roots:
        issuer = next((each for each in left if _issued(each, current)), None)
        if issuer is None:
            return "the chain of certificates does not lead to the trusted one"
        left.remove(issuer)
        _valid(current, at)
        current = issuer
    _valid(current, at)
    return ""


def _issued(issuer: Any, certificate: Any) -> bool:
    x509 = optional("cryptography.x509", _EXTRA)
    invalid = optional("cryptography.exceptions", _EXTRA).InvalidSignature
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (invalid, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return bool(constraints.ca) and _has_usage(issuer, "key_cert_sign", missing=True)


def _may_sign(certificate: Any) -> bool:
    x509 = optional("cryptography.x509", _EXTRA)
    code = optional("cryptography.x509.oid", _EXTRA).ExtendedKeyUsageOID.CODE_SIGNING
    try:
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        extended = ()
    return code in extended or _has_usage(certificate, "digital_signature", missing=False)


def _has_usage(certificate: Any, usage: str, *, missing: bool) -> bool:
    x509 = optional("cryptography.x509", _EXTRA)
    try:
        return bool(getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, usage))
    except x509.ExtensionNotFound:
        return missing
    except ValueError:
        return False


def _valid(certificate: Any, at: datetime) -> None:
    """Nothing when the certificate is valid then; nobody knows when the signature was made, so else Undecided."""
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        until = f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
        why = (
            f"a certificate of the signature is valid from {until}, not at {at:%Y-%m-%d}; state at: when it was signed"
        )
        raise Undecided(Reason.COLLATERAL_EXPIRED, why)
