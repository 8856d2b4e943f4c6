"""Attestation evidence of every format, made by the tests with roots of their own."""

import base64
import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.authorities import Signer, revocations, signer

CHIP = bytes(range(64))
CODE = hashlib.sha384(b"the program").digest()
RESULT = b"the result that the enclave made\n"
RESULT_HASH = hashlib.sha256(RESULT).digest()
IMAGE = f"sha256:{RESULT_HASH.hex()}"
AUDIENCE = "https://verifier.example"


@dataclass(frozen=True)
class Made:
    """Evidence with what belongs to it, as files; `expect` is what it must say to be verified."""

    kind: str
    evidence: bytes
    root: Signer
    collateral: bytes | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)

    def files(self, folder: Path) -> dict[str, str]:
        """Write everything, and give the fields of the claim that name it."""
        files = {"evidence": self.evidence, "trust_root": self.root.pem, "collateral": self.collateral}
        written = {name: content for name, content in files.items() if content is not None}
        for name, content in written.items():
            (folder / name).write_bytes(content)
        (folder / "result").write_bytes(RESULT)
        return {name: name for name in written}


@cache
def _keys() -> dict[str, Any]:
    """Keys are slow to make, and no test depends on their being different."""
    rsas = {f"rsa{index}": rsa.generate_private_key(65537, 2048) for index in range(3)}
    return {
        **{f"p256-{i}": ec.generate_private_key(ec.SECP256R1()) for i in range(5)},
        **{f"p384-{i}": ec.generate_private_key(ec.SECP384R1()) for i in range(3)},
        **rsas,
    }


def chain(curve: str, *, extra: dict[str, bytes] | None = None) -> tuple[Signer, Signer, Signer]:
    """Root, intermediate and leaf."""
    first, second, third = (_keys()[f"{curve}{index}"] for index in range(3))
    root = signer("root", first, ca=True)
    middle = signer("middle", second, root, ca=True)
    return root, middle, signer("leaf", third, middle, extra=extra)


def raw_signature(who: Signer, message: bytes, order: Literal["big", "little"] = "big", size: int = 0) -> bytes:
    """ECDSA as the formats have it: r and s, one after the other."""
    assert isinstance(who.key, ec.EllipticCurvePrivateKey)
    algorithm = hashes.SHA384() if who.key.key_size == 384 else hashes.SHA256()
    pair = decode_dss_signature(who.key.sign(message, ec.ECDSA(algorithm)))
    length = size or who.key.key_size // 8
    return b"".join(half.to_bytes(length, order) for half in pair)


def nitro(*, pcr0: bytes = CODE, user_data: Any = RESULT_HASH, **changes: Any) -> Made:
    """An AWS Nitro document."""
    root, middle, leaf = chain("p384-")
    document = {
        "module_id": "i-0-enc0", "digest": "SHA384", "timestamp": 1767225600000,
        "pcrs": {0: pcr0, 1: CODE[::-1], 2: b"\2" * 48}, "certificate": leaf.der,
        "cabundle": [root.der, middle.der], "public_key": None, "user_data": user_data, "nonce": b"challenge",
    }  # fmt: skip
    payload, protected = cbor2.dumps({**document, **changes}), cbor2.dumps({1: -35})
    signature = raw_signature(leaf, cbor2.dumps(["Signature1", protected, b"", payload]))
    envelope = cbor2.dumps([protected, {}, payload, signature])
    return Made("nitro", envelope, root, None, {"measurement": [CODE.hex()], "nonce_of": "result"})


def token(*, alg: str = "RS256", header: Mapping[str, Any] | None = None, **changes: Any) -> Made:
    """A Confidential Space token."""
    root, middle, leaf = chain("rsa")
    claims = {
        "iss": "https://confidentialcomputing.googleapis.com", "aud": AUDIENCE, "exp": 1767230000, "nbf": 1767220000,
        "eat_nonce": [RESULT_HASH.hex()], "dbgstat": "disabled-since-boot", "hwmodel": "GCP_INTEL_TDX",
        "swname": "CONFIDENTIAL_SPACE", "secboot": True,
        "submods": {
            "container": {"image_digest": IMAGE},
            "confidential_space": {"support_attributes": ["LATEST", "STABLE", "USABLE"]},
        },
    }  # fmt: skip
    x5c = [base64.b64encode(each.der).decode() for each in (leaf, middle, root)]
    head = {"alg": alg, "typ": "JWT", "x5c": x5c, **(header or {})}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, {**claims, **changes}))
    assert isinstance(leaf.key, rsa.RSAPrivateKey)
    signature = leaf.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    expect = {"image_digest": [IMAGE], "audience": AUDIENCE, "nonce_of": "result"}
    return Made("confidential_space", signed + b"." + _base64url(signature), root, None, expect)


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


_AMD = "1.3.6.1.4.1.3704.1"
_TCB = {1: (0, 4), 2: (1, 0), 3: (6, 24), 8: (7, 219)}  # OID, byte of the TCB version, value


def sev_snp(  # one argument for each field that a test changes
    *, policy: int = 0x30000, chip: bytes = CHIP, hwid: bytes = CHIP, snp: int = 24, vmpl: int = 0, flags: int = 0
) -> Made:
    """An AMD SEV-SNP report."""
    tcb = {f"{_AMD}.3.{oid}": _integer(value) for oid, (_, value) in _TCB.items()}
    root, middle, leaf = chain("p384-", extra={f"{_AMD}.4": hwid, **tcb})
    report = bytearray(0x2A0)
    struct.pack_into("<IIQ", report, 0, 2, 1, policy)
    struct.pack_into("<II", report, 0x30, vmpl, 1)
    struct.pack_into("<I", report, 0x48, flags)
    for at, value in _TCB.values():
        report[0x180 + at] = value
    report[0x186] = snp
    report[0x50:0x70], report[0x90:0xC0], report[0x1A0:0x1E0] = RESULT_HASH, CODE, chip
    signature = raw_signature(leaf, bytes(report), "little", 72)
    evidence = bytes(report) + signature.ljust(512, b"\0")
    return Made("sev_snp", evidence, root, leaf.pem + middle.pem, {"measurement": [CODE.hex()], "nonce_of": "result"})


def _integer(value: int) -> bytes:
    """A number in DER."""
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return bytes((2, len(content))) + content


def nvidia(*, challenge: bytes = RESULT_HASH) -> Made:
    """An NVIDIA report."""
    root, middle, leaf = chain("p384-")
    block = struct.pack("<BBHBH", 1, 1, 51, 1, 48) + CODE
    response = (
        b"\x11\x60\0\0\x01" + len(block).to_bytes(3, "little") + block + b"\7" * 32 + struct.pack("<H", 4) + b"VBIO"
    )
    signed = b"\x11\xe0\x01\xff" + challenge + b"\0" + response
    evidence = signed + raw_signature(leaf, signed)
    return Made("nvidia", evidence, root, leaf.pem + middle.pem, {"measurement": [CODE.hex()], "nonce_of": "result"})


_SGX_OID = "1.2.840.113741.1.13.1"
_FMSPC = bytes.fromhex("00906ed50000")
_AUTHENTICATED = bytes(range(32))  # by the quoting enclave
_QE_SIGNER = hashlib.sha256(b"the vendor of the quoting enclave").digest()


def sgx(*, debug: bool = False, status: str = "UpToDate") -> Made:
    """An Intel SGX quote, version 3."""
    body = bytearray(384)
    body[48] = 0x07 if debug else 0x05
    body[64:96], body[128:160], body[320:352] = CODE[:32], CODE[16:48], RESULT_HASH
    return _quote("sgx", 3, 0x00, bytes(body), status)


def tdx(*, debug: bool = False, status: str = "UpToDate") -> Made:
    """An Intel TDX quote, version 4."""
    body = bytearray(584)
    body[120:128] = struct.pack("<Q", 0x10000000 | int(debug))
    body[128:136] = struct.pack("<Q", 0x3)
    body[136:184], body[520:552] = CODE, RESULT_HASH
    return _quote("tdx", 4, 0x81, bytes(body), status)


def _quote(kind: str, version: int, tee: int, body: bytes, status: str) -> Made:
    root, middle, leaf = chain("p256-", extra={_SGX_OID: _sgx_extension()})
    header = (
        struct.pack("<HHIHH", version, 2, tee, 0, 0) + bytes.fromhex("939a7233f79c4ca9940a0db3957f0607") + bytes(20)
    )
    attesting = _keys()["p256-3"]
    key = attesting.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    report = bytearray(384)
    report[48:64] = bytes.fromhex("11000000000000000000000000000000")
    report[128:160] = _QE_SIGNER
    struct.pack_into("<HH", report, 256, 2 if tee else 1, 4)
    report[320:352] = hashlib.sha256(key + _AUTHENTICATED).digest()
    pems = leaf.pem + middle.pem + root.pem
    certified = bytes(report) + raw_signature(leaf, bytes(report)) + struct.pack("<H", 32) + _AUTHENTICATED
    certified += struct.pack("<HI", 5, len(pems)) + pems
    if version == 4:
        certified = struct.pack("<HI", 6, len(certified)) + certified
    data = raw_signature(Signer(attesting, leaf.certificate), header + body) + key + certified
    evidence = header + body + struct.pack("<I", len(data)) + data
    primary = body[136:184] if tee else body[64:96]
    expect = {"measurement": [primary.hex()], "nonce_of": "result"}
    return Made(kind, evidence, root, _collateral(root, middle, tdx=bool(tee), status=status), expect)


def _der(tag: int, content: bytes) -> bytes:
    length = bytes((len(content),)) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes((tag,)) + length + content


def _entry(last: bytes, value: bytes) -> bytes:
    """An entry of Intel's extension: an OID below its own, with a value."""
    return _der(0x30, _der(0x06, bytes.fromhex("2a864886f84d010d01") + last) + value)


def _sgx_extension() -> bytes:
    """What a PCK certificate says about the platform: all security versions are 0."""
    svns = [_entry(bytes((2, index)), b"\2\1\0") for index in range(1, 18)]
    tcb = _entry(b"\2", _der(0x30, b"".join(svns) + _entry(b"\2\x12", _der(0x04, bytes(16)))))
    kind = _entry(b"\5", b"\x0a\1\0")
    parts = [
        _entry(b"\1", _der(0x04, bytes(16))),
        tcb,
        _entry(b"\3", _der(0x04, bytes(2))),
        _entry(b"\4", _der(0x04, _FMSPC)),
    ]
    return _der(0x30, b"".join([*parts, kind]))


def _collateral(root: Signer, middle: Signer, *, tdx: bool, status: str) -> bytes:
    signing = signer("TCB signing", _keys()["p256-4"], root)
    times = {"issueDate": "2025-12-10T00:00:00Z", "nextUpdate": "2026-01-20T00:00:00Z"}
    svns = [{"svn": 0}] * 16
    level: dict[str, Any] = {"sgxtcbcomponents": svns, "pcesvn": 0, **({"tdxtcbcomponents": svns} if tdx else {})}
    module = {"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "FF" * 8}
    info = {
        "id": "TDX" if tdx else "SGX", "version": 3, **times, "fmspc": _FMSPC.hex().upper(), "pceId": "0000",
        "tcbType": 0, "tcbEvaluationDataNumber": 17, **({"tdxModule": module} if tdx else {}),
        "tcbLevels": [{"tcb": level, "tcbDate": "2025-01-01T00:00:00Z", "tcbStatus": status}],
    }  # fmt: skip
    identity = {
        "id": "TD_QE" if tdx else "QE", "version": 2, **times, "tcbEvaluationDataNumber": 17, "miscselect": "00000000",
        "miscselectMask": "FFFFFFFF", "attributes": "11" + "00" * 15, "attributesMask": "FBFFFFFFFFFFFFFF" + "00" * 8,
        "mrsigner": _QE_SIGNER.hex().upper(), "isvprodid": 2 if tdx else 1,
        "tcbLevels": [{"tcb": {"isvsvn": 4}, "tcbDate": "2025-01-01T00:00:00Z", "tcbStatus": "UpToDate"}],
    }  # fmt: skip
    texts = {"tcb_info": json.dumps(info), "qe_identity": json.dumps(identity)}
    signatures = {f"{name}_signature": raw_signature(signing, text.encode()).hex() for name, text in texts.items()}
    issuers = (signing.pem + root.pem).decode()
    return json.dumps({
        **texts, **signatures, "tcb_info_issuer_chain": issuers, "qe_identity_issuer_chain": issuers,
        "pck_crl_issuer_chain": (middle.pem + root.pem).decode(), "root_ca_crl": revocations(root).hex(),
        "pck_crl": revocations(middle).hex(),
    }).encode()  # fmt: skip


MAKERS: Mapping[str, Callable[[], Made]] = {
    "confidential_space": token, "nitro": nitro, "nvidia": nvidia, "sev_snp": sev_snp, "sgx": sgx, "tdx": tdx,
}  # fmt: skip
