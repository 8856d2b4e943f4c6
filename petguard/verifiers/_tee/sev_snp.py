"""AMD SEV-SNP attestation reports: 1184 bytes, ECDSA P-384, and the chain ARK, ASK, VCEK.

SEV Secure Nested Paging Firmware ABI Specification, 56860, ATTESTATION_REPORT; VCEK Certificate and KDS Interface
Specification, 57230, X.509 extensions.
"""

import struct
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from petguard.artefacts import Undecided
from petguard.model import Reason
from petguard.verifiers._tee import certificates
from petguard.verifiers._tee.evidence import Evidence, Material, Refuted
from petguard.verifiers._tee.kinds import SEV_SNP_BYTES

_SIGNED = 0x2A0  # bytes before the signature
_HALF = 72  # bytes of each half of the signature, little endian
_ECDSA_P384_SHA384 = 1
_POLICY = {"smt": 16, "migration": 18, "debug": 19}  # bits
_VLEK = 1  # the signing key, in bits 2 to 4 of the flags
_AMD = "1.3.6.1.4.1.3704.1"
_HWID = x509.ObjectIdentifier(f"{_AMD}.4")
_TURIN = 0x1A  # CPU family, from report version 3 on; its TCB has other places
_PARTS = {"blSPL": (1, 0, 1), "teeSPL": (2, 1, 2), "snpSPL": (3, 6, 3), "ucodeSPL": (8, 7, 7)}  # OID, byte, on Turin
_CPU_FAMILY = 0x188

_STARTED = (
    "the measured firmware checks the kernel and programs that it starts; MEASUREMENT covers what is loaded at launch"
)


def opened(raw: bytes, material: Material) -> Evidence:
    """The report, once the chip's key signed it, and AMD's keys the chip's."""
    if len(raw) != SEV_SNP_BYTES:
        raise Undecided(Reason.GAP, f"the report has {len(raw)} bytes, not {SEV_SNP_BYTES}")
    if not material.roots:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: trust_root, the ARK of this line of processors")
    if material.collateral is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: collateral, the certificates VCEK and ASK")
    given = certificates.read(material.collateral, "the collateral")
    leaf = _leaf(given)
    way = certificates.chain(leaf, given, material.roots)
    _check_signature(raw, leaf)
    flags = struct.unpack_from("<I", raw, 0x48)[0]
    vlek = flags >> 2 & 7 == _VLEK
    assumptions = [*_of_chip(raw, leaf, vlek=vlek), *_of_tcb(raw, leaf)]
    policy, vmpl = struct.unpack_from("<Q", raw, 0x08)[0], struct.unpack_from("<I", raw, 0x30)[0]
    return Evidence(
        kind="sev_snp",
        debug=bool(policy >> _POLICY["debug"] & 1),
        chain=way,
        measured={"MEASUREMENT": raw[0x90:0xC0].hex(), "HOST_DATA": raw[0xC0:0xE0].hex()},
        code=frozenset({"MEASUREMENT"}),
        bound=(raw[0x50:0x90],),
        weak=tuple(_weak(policy)),
        assumptions=(*assumptions, *_noted(policy, vmpl), _STARTED),
    )


def _leaf(given: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """The one that signs nothing else: VCEK or VLEK."""
    issuers = {each.issuer for each in given}
    found = [each for each in given if each.subject not in issuers]
    if len(found) != 1:
        raise Undecided(Reason.GAP, "the collateral does not hold exactly one VCEK or VLEK")
    return found[0]


def _check_signature(raw: bytes, leaf: x509.Certificate) -> None:
    if struct.unpack_from("<I", raw, 0x34)[0] != _ECDSA_P384_SHA384:
        raise Undecided(Reason.GAP, "the report is not signed with ECDSA P-384 and SHA-384")
    if any(raw[_SIGNED + 2 * _HALF :]):
        raise Undecided(Reason.GAP, "the report has bytes behind its signature")
    first, second = (raw[at : at + _HALF] for at in (_SIGNED, _SIGNED + _HALF))
    halves = int.from_bytes(first, "little"), int.from_bytes(second, "little")
    certificates.check_ecdsa(leaf, halves, raw[:_SIGNED], ec.SECP384R1)


def _of_chip(raw: bytes, leaf: x509.Certificate, *, vlek: bool) -> Iterator[str]:
    """Hold the report's chip against the one that the key was made for."""
    chip = raw[0x1A0:0x1E0]
    if vlek:
        yield "the report is signed with a VLEK: it stands for the cloud provider, not for one chip"
        return
    if not any(chip):
        yield "the host hides the chip's id, so only the signature binds the report to a chip"
        return
    held = _extension(leaf, _HWID)
    if held is None:
        raise Undecided(Reason.GAP, "the VCEK names no chip")
    hwid = held[2:] if held[:2] in (b"\x04\x40", b"\x04\x08") and len(held) in (66, 10) else held
    if len(hwid) not in (8, 64) or hwid.ljust(64, b"\0") != chip:
        witness = {"chip_id": chip.hex(), "vcek_hwid": hwid.hex()[:128]}
        raise Refuted("the report's chip is not the one that the VCEK was made for", witness)


def _of_tcb(raw: bytes, leaf: x509.Certificate) -> Iterator[str]:
    """Hold the reported firmware versions against those that the key was made for."""
    turin = struct.unpack_from("<I", raw)[0] >= 3 and raw[_CPU_FAMILY] == _TURIN
    reported = raw[0x180:0x188]
    said = []
    for part, (oid, usual, on_turin) in _PARTS.items():
        held = _extension(leaf, x509.ObjectIdentifier(f"{_AMD}.3.{oid}"))
        value = reported[on_turin if turin else usual]
        if held is None or len(held) < 3 or held[0] != 2 or held[1] != len(held) - 2:
            raise Undecided(Reason.GAP, f"the leaf says no {part}")
        made_for = int.from_bytes(held[2:], "big")
        if made_for != value:
            raise Refuted(f"{part} is {value}, and the key was made for {made_for}", {part: value, "vcek": made_for})
        said.append(f"{part} {value}")
    yield f"the firmware has no known hole: {', '.join(said)} were not compared with AMD's bulletins"


def _extension(leaf: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    found = next((each.value for each in leaf.extensions if each.oid == oid), None)
    return found.value if isinstance(found, x509.UnrecognizedExtension) else None


def _weak(policy: int) -> Iterator[str]:
    if policy >> _POLICY["migration"] & 1:
        yield "the policy lets a migration agent take the guest's memory elsewhere"


def _noted(policy: int, vmpl: int) -> Iterator[str]:
    if policy >> _POLICY["smt"] & 1:
        yield "simultaneous multithreading is allowed; what a sibling thread can observe is not looked at"
    if vmpl:
        yield f"the report was asked for at VMPL {vmpl}: what runs below it is trusted"
    yield "the certificates were not revoked; AMD's revocation lists are not looked at"
