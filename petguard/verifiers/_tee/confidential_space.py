"""GCP Confidential Space tokens of the PKI kind: a JWT signed with RS256 by the leaf of its own x5c chain.

https://cloud.google.com/confidential-computing/confidential-space/docs/reference/token-claims
"""

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from petguard.artefacts import Undecided
from petguard.model import Reason
from petguard.verifiers._tee import certificates
from petguard.verifiers._tee.evidence import Evidence, Material, Refuted

_ISSUER = "https://confidentialcomputing.googleapis.com"
_HARDWARE = ("GCP_AMD_SEV", "GCP_AMD_SEV_ES", "GCP_AMD_SEV_SNP", "GCP_INTEL_TDX")
_SMALLEST_RSA = 2048  # bits
_Seconds = Annotated[int, Field(ge=0, lt=2**33)]
Model = TypeVar("Model", bound=BaseModel)


class _Foreign(BaseModel):
    """Somebody else's JSON: what is read has its type, what is not read is none of our business."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Header(_Foreign):
    alg: str
    x5c: list[str] | None = Field(default=None, max_length=16)
    jwk: Any = None
    jku: Any = None
    crit: Any = None


class _Container(_Foreign):
    image_digest: str | None = None
    image_reference: str | None = None


class _Support(_Foreign):
    support_attributes: list[str] = []


class _Submods(_Foreign):
    container: _Container = _Container()
    confidential_space: _Support = _Support()


class _Token(_Foreign):
    iss: str
    aud: str | list[str]
    exp: _Seconds
    nbf: _Seconds | None = None
    eat_nonce: str | list[str] = []
    dbgstat: str | None = None
    hwmodel: str | None = None
    swname: str | None = None
    secboot: bool | None = None
    submods: _Submods = _Submods()


def opened(raw: bytes, material: Material) -> Evidence:
    """The token, once it is signed below the root and says that Google's attestation service made it."""
    if not material.roots:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: trust_root, Google's root for Confidential Space")
    parts = raw.split(b".")
    header = _read(_Header, _decoded(parts[0]), "header")
    leaf, bundle = _signers(header)
    way = certificates.chain(leaf, bundle, material.roots)
    _check(leaf, _decoded(parts[2]), raw.rpartition(b".")[0])
    token = _read(_Token, _decoded(parts[1]), "payload")
    if token.iss != _ISSUER:
        raise Refuted(f"the token was made by {token.iss[:100]}, not by {_ISSUER}", {"iss": token.iss[:100]})
    if token.nbf is not None and material.at < datetime.fromtimestamp(token.nbf, UTC):
        raise Undecided(Reason.COLLATERAL_EXPIRED, f"the token is valid from {_said(token.nbf)}")
    digest = token.submods.container.image_digest
    nonces = [token.eat_nonce] if isinstance(token.eat_nonce, str) else token.eat_nonce
    return Evidence(
        kind="confidential_space",
        debug={"disabled-since-boot": False, "enabled": True}.get(token.dbgstat or ""),
        chain=way,
        image_digests=(digest,) if digest else (),
        audiences=(token.aud,) if isinstance(token.aud, str) else tuple(token.aud),
        bound=tuple(nonce.encode() for nonce in nonces),
        expires=datetime.fromtimestamp(token.exp, UTC),
        weak=tuple(_weak(token)),
        assumptions=("the certificates were not revoked; Google's revocation lists are not looked at",),
    )


def _signers(header: _Header) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    if header.alg != "RS256":
        raise Refuted(f"the token is signed with {header.alg[:20]}, not with RS256", {"alg": header.alg[:20]})
    if (header.jwk, header.jku, header.crit) != (None, None, None):
        raise Undecided(Reason.GAP, "the token's header brings a key of its own, or extensions that are not understood")
    if not header.x5c:
        why = "the token has no x5c chain: it is of the OIDC kind, whose keys have to be fetched; ask for a PKI token"
        raise Undecided(Reason.NEEDS_NETWORK, why)
    try:
        ders = [base64.b64decode(each, validate=True) for each in header.x5c]
    except (binascii.Error, ValueError) as error:
        raise Undecided(Reason.GAP, "the token's x5c is no base64") from error
    found = [certificates.read(der, "the token's x5c")[0] for der in ders]
    return found[0], tuple(found[1:])


def _check(leaf: x509.Certificate, signature: bytes, signed: bytes) -> None:
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_RSA:
        raise Refuted("the leaf has no RSA key of at least 2048 bits", {"certificate": certificates.name(leaf)})
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise Refuted("the signature of the token is wrong", {"signature": signature.hex()[:32]}) from error


def _decoded(part: bytes) -> bytes:
    """Base64url without padding, written in the one way there is: no second spelling of the same token."""
    try:
        found = base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Undecided(Reason.GAP, "the token is no base64url") from error
    if base64.urlsafe_b64encode(found).rstrip(b"=") != part:
        raise Undecided(Reason.GAP, "the token is not encoded as base64url prescribes")
    return found


def _read(model: type[Model], raw: bytes, what: Literal["header", "payload"]) -> Model:
    try:
        return model.model_validate(json.loads(raw))
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"])
        raise Undecided(Reason.GAP, f"the token's {what} has a wrong {place or 'type'}") from error
    except (ValueError, RecursionError) as error:
        raise Undecided(Reason.GAP, f"the token's {what} is no JSON") from error


def _weak(token: _Token) -> Iterator[str]:
    if "STABLE" not in token.submods.confidential_space.support_attributes:
        yield "support_attributes lacks STABLE: the image is a debug, an experimental or an outdated one"
    if token.swname != "CONFIDENTIAL_SPACE":
        yield "swname is not CONFIDENTIAL_SPACE, so anything may run beside the container"
    if token.hwmodel not in _HARDWARE:
        yield f"hwmodel {str(token.hwmodel)[:40]} is no confidential hardware"
    if token.secboot is not True:
        yield "secure boot is off"


def _said(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
