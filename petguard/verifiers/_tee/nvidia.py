"""NVIDIA GPU attestation reports: an SPDM 1.1 request for measurements with its response, ECDSA P-384.

DMTF DSP0274 1.1, GET_MEASUREMENTS and MEASUREMENTS. The certificates of the GPU come in a file of their own.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from petguard.artefacts import Undecided
from petguard.model import Reason
from petguard.verifiers._tee import certificates
from petguard.verifiers._tee.evidence import ECDSA_P384, Evidence, Material
from petguard.verifiers._tee.reading import Reader

_REQUEST, _RESPONSE = b"\x11\xe0", b"\x11\x60"  # SPDM 1.1 and the code of the message
_NONCE = 32
_DMTF = 1  # the only specification of measurements there is


def opened(raw: bytes, material: Material) -> Evidence:
    """The report, once the GPU's key signed it. It does not say whether the GPU is in debug mode."""
    measured, challenge, signature = _parsed(raw)
    if not material.roots:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: trust_root, NVIDIA's root for devices")
    if material.collateral is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: collateral, the certificates of the GPU")
    given = certificates.read(material.collateral, "the collateral")
    way = certificates.chain(given[0], given[1:], material.roots)
    halves = int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big")
    certificates.check_ecdsa(given[0], halves, raw[:-ECDSA_P384], ec.SECP384R1)
    return Evidence(
        kind="nvidia",
        debug=None,
        chain=way,
        measured=measured,
        code=frozenset(measured),
        bound=(challenge,),
        assumptions=("the certificates were not revoked; NVIDIA's service for it is not asked",),
    )


def _parsed(raw: bytes) -> tuple[dict[str, str], bytes, bytes]:
    """The measurements, the challenge of the request, and the signature."""
    reader = Reader(raw, "the report")
    request = reader.take(2)
    reader.take(2)
    challenge = reader.take(_NONCE)
    reader.take(1)
    response = reader.take(2)
    if (request, response) != (_REQUEST, _RESPONSE):
        raise Undecided(Reason.GAP, "the report is no SPDM 1.1 request for measurements with its response")
    reader.take(2)
    blocks = reader.number("<B")
    record = reader.part(int.from_bytes(reader.take(3), "little"))
    measured = dict(_block(record) for _ in range(blocks))
    record.end()
    reader.take(_NONCE)
    reader.take(reader.number("<H"))
    signature = reader.rest()
    if len(signature) != ECDSA_P384:
        raise Undecided(Reason.GAP, "the report has a signature of a wrong length")
    return measured, challenge, signature


def _block(record: Reader) -> tuple[str, str]:
    index, specification = record.number("<B"), record.number("<B")
    block = record.part(record.number("<H"))
    block.take(1)
    value = block.take(block.number("<H"))
    block.end()
    if specification != _DMTF:
        raise Undecided(Reason.GAP, "the report has a measurement of an unknown kind")
    return f"M{index}", value.hex()
