"""AWS Nitro attestation documents: COSE_Sign1 over CBOR, ES384, and a bundle up to the root of AWS.

https://github.com/aws/aws-nitro-enclaves-nsm-api/blob/main/docs/attestation_process.md
"""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from petguard.artefacts import Undecided, optional
from petguard.model import Reason
from petguard.verifiers._tee import certificates
from petguard.verifiers._tee.evidence import ECDSA_P384, Evidence, Material

ROOT = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"  # SHA-256 of the root that AWS publishes
_ES384 = {1: -35}
_TAG = b"\xd2"  # COSE_Sign1, which the device leaves out
_TEXT = 1024  # bytes of user data, public key and nonce
_PCR_BYTES = (32, 48, 64)
_CODE = frozenset({"PCR0"})  # the whole image: PCR2, the application, says nothing of the kernel that starts it (PCR1)
_MOST_CERTIFICATES = 16


def opened(raw: bytes, material: Material) -> Evidence:
    """The document, once it is signed below the root."""
    protected, payload, signature = _envelope(raw)
    document = _document(payload)
    leaf = _certificate(document.get("certificate"))
    bundle = tuple(_certificate(each) for each in document["cabundle"])
    roots = material.roots or tuple(each for each in bundle if certificates.fingerprint(each) == ROOT)
    if not roots:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: trust_root, and the document does not bring AWS's root")
    way = certificates.chain(leaf, bundle, roots)
    halves = int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big")
    signed = optional("cbor2", "tee").dumps(["Signature1", protected, b"", payload])
    certificates.check_ecdsa(leaf, halves, signed, ec.SECP384R1)
    pcrs = document["pcrs"]
    return Evidence(
        kind="nitro",
        debug=not any(pcrs[0]),
        chain=way,
        measured={f"PCR{index}": value.hex() for index, value in sorted(pcrs.items())},
        code=_CODE,
        bound=tuple(document[key] for key in ("nonce", "user_data") if document.get(key)),
        assumptions=("the certificates were not revoked; AWS's revocation lists are not looked at",),
    )


def _envelope(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """The parts of a COSE_Sign1, which must be encoded as the device does it: nothing stands outside the signature."""
    cbor2 = optional("cbor2", "tee")
    parts = _decoded(raw.removeprefix(_TAG))
    _require(isinstance(parts, list) and len(parts) == 4, "is no COSE_Sign1")
    protected, unprotected, payload, signature = parts
    _require(all(isinstance(part, bytes) for part in (protected, payload, signature)), "has parts of a wrong type")
    _require(unprotected == {} and cbor2.dumps(parts) == raw.removeprefix(_TAG), "holds more than what is signed")
    _require(_decoded(protected) == _ES384, "is not signed with ES384")
    _require(len(signature) == ECDSA_P384, "has a signature of a wrong length")
    return protected, payload, signature


def _document(payload: bytes) -> dict[str, Any]:
    document: dict[str, Any] = _decoded(payload)
    _require(isinstance(document, dict), "holds no map")
    _require(document.get("digest") == "SHA384", "has a digest other than SHA384")
    _require(isinstance(document.get("module_id"), str), "has no module_id")
    pcrs: Any = document.get("pcrs")
    bundle: Any = document.get("cabundle")
    _require(isinstance(pcrs, dict) and set(range(3)) <= set(pcrs) and len(pcrs) <= 32, "has no PCR0 to PCR2")
    _require(all(type(index) is int and 0 <= index < 32 for index in pcrs), "has a PCR that does not exist")
    _require(all(isinstance(v, bytes) and len(v) in _PCR_BYTES for v in pcrs.values()), "has a PCR that is no hash")
    _require(isinstance(bundle, list) and 0 < len(bundle) <= _MOST_CERTIFICATES, "has no cabundle")
    for key in ("nonce", "user_data", "public_key"):
        value = document.get(key)
        _require(value is None or (isinstance(value, bytes) and len(value) <= _TEXT), f"has a wrong {key}")
    return document


def _decoded(raw: bytes) -> Any:
    cbor2 = optional("cbor2", "tee")
    try:
        return cbor2.loads(raw)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise Undecided(Reason.GAP, "the document is no CBOR, or cut off") from error


def _certificate(raw: Any) -> x509.Certificate:
    _require(isinstance(raw, bytes), "has a certificate of a wrong type")
    return certificates.read(raw, "the document")[0]


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Undecided(Reason.GAP, f"the document {otherwise}")
