"""Intel quotes: SGX (version 3) and TDX (version 4), ECDSA P-256, and the platform's PCK chain.

A quote is signed by a key that the quoting enclave made, whose report is signed by the platform, whose certificate is
signed by Intel. That the quoting enclave is Intel's, and that the platform is up to date, only the collateral says;
dcap-qvl judges it. Intel, "Intel SGX ECDSA Quote Library API" and "Intel TDX DCAP Quoting Library API", quote format.
"""

import hashlib
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from petguard.artefacts import Undecided, optional
from petguard.model import Reason
from petguard.verifiers._tee import certificates
from petguard.verifiers._tee.evidence import Evidence, Material, Refuted
from petguard.verifiers._tee.reading import Reader

_HEADER = 48
_ECDSA_P256 = 2  # attestation key type
_PCK_CHAIN, _QE_REPORT = 5, 6  # types of certification data
_SGX_REPORT = 384
_KEY = 64  # bytes of a raw P-256 key, or signature
_UP_TO_DATE = "UpToDate"
_TIME = ("expired", "in the future", "not yet valid")
_UNIX = re.compile(r"UnixTime\((\d{1,11})\)")  # how the library writes a moment
_NO_COLLATERAL = "collateral, without which the quoting enclave may be anybody's, and the platform out of date"
_NO_ROOT = "not stated: trust_root, the root of Intel's SGX certificates"


@dataclass(frozen=True)
class _Layout:
    """Where a report body says what: each part by its offset and its length in bytes."""

    size: int
    measured: dict[str, tuple[int, int]]
    code: str
    attributes: int
    debug: int  # bits of the first byte of the attributes
    data: int


_SGX = _Layout(384, {"MRENCLAVE": (64, 32), "MRSIGNER": (128, 32)}, "MRENCLAVE", 48, 0x02, 320)
_TDX_PARTS = {"MRTD": (136, 48), **{f"RTMR{index}": (328 + 48 * index, 48) for index in range(4)}}
_TDX = _Layout(584, _TDX_PARTS, "MRTD", 120, 0x01, 520)
_LAYOUTS = {(3, 0x00): ("sgx", _SGX), (4, 0x00): ("sgx", _SGX), (4, 0x81): ("tdx", _TDX)}


@dataclass(frozen=True)
class _Quote:
    """The parts of a quote that are signed, and their signatures."""

    kind: str
    layout: _Layout
    signed: bytes
    signature: bytes
    key: bytes
    report: bytes  # of the quoting enclave
    report_signature: bytes
    authenticated: bytes
    chain: bytes  # PEM

    @property
    def body(self) -> bytes:
        return self.signed[_HEADER:]


def opened(raw: bytes, material: Material) -> Evidence:
    """The quote, once its signatures lead to the root and the collateral knows the platform."""
    quote = _parsed(raw)
    found = certificates.read(quote.chain, "the quote")
    if not material.roots:
        raise Undecided(Reason.MISSING_PARAMETER, _NO_ROOT)
    way = certificates.chain(found[0], found[1:], material.roots)
    written = b"".join(each.public_bytes(Encoding.PEM) for each in found)
    if quote.chain.replace(b"\r", b"").strip() != written.strip() or not set(found) <= set(way):
        raise Undecided(Reason.GAP, "the quote brings more than the certificates that lead to the root")
    _check(quote, found[0])
    layout = quote.layout
    debug = bool(quote.body[layout.attributes] & layout.debug)
    known = material.collateral is not None
    return Evidence(
        kind=quote.kind,
        debug=debug,
        chain=way,
        measured={name: quote.body[at : at + size].hex() for name, (at, size) in layout.measured.items()},
        code=frozenset({layout.code}),
        bound=(quote.body[layout.data : layout.data + 64],),
        missing=() if known else (_NO_COLLATERAL,),
        weak=tuple(_of_platform(raw, way[-1], material)) if known and not debug else (),
        assumptions=tuple(_assumed(quote.kind)),
    )


def _parsed(raw: bytes) -> _Quote:
    reader = Reader(raw, "the quote")
    header = reader.take(_HEADER)
    version, key_type, tee = struct.unpack_from("<HHI", header)
    if (version, tee) not in _LAYOUTS or key_type != _ECDSA_P256:
        raise Undecided(Reason.GAP, f"quotes of version {version} with key type {key_type} are not read")
    kind, layout = _LAYOUTS[(version, tee)]
    body = reader.take(layout.size)
    inner = reader.part(reader.number("<I"))
    reader.end()
    signature, key = inner.take(_KEY), inner.take(_KEY)
    if version == 4:
        inner = _nested(inner, _QE_REPORT)
    report, report_signature = inner.take(_SGX_REPORT), inner.take(_KEY)
    authenticated = inner.take(inner.number("<H"))
    chain = _nested(inner, _PCK_CHAIN).rest().rstrip(b"\0")
    return _Quote(kind, layout, header + body, signature, key, report, report_signature, authenticated, chain)


def _nested(reader: Reader, wanted: int) -> Reader:
    kind = reader.number("<H")
    if kind != wanted:
        raise Undecided(Reason.GAP, f"the quote brings certification data of type {kind}, not {wanted}")
    inner = reader.part(reader.number("<I"))
    reader.end()
    return inner


def _check(quote: _Quote, leaf: x509.Certificate) -> None:
    """Check the platform's signature over the quoting enclave, and the enclave's over the quote."""
    certificates.check_ecdsa(leaf, _halves(quote.report_signature), quote.report, ec.SECP256R1)
    bound = hashlib.sha256(quote.key + quote.authenticated).digest()
    data = quote.report[_SGX.data : _SGX.data + 64]
    if data != bound.ljust(64, b"\0"):
        witness = {"bound": data.hex(), "key": bound.hex()}
        raise Refuted("the key that signed the quote is not the one that the quoting enclave made", witness)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + quote.key)
    except ValueError as error:
        raise Undecided(Reason.GAP, "the quote's key is no point of the curve") from error
    certificates.check_key(key, _halves(quote.signature), quote.signed, "the quote")


def _halves(raw: bytes) -> tuple[int, int]:
    return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")


def _of_platform(raw: bytes, root: x509.Certificate, material: Material) -> Iterator[str]:
    """What the collateral says against the platform; Undecided where it is not for that moment or that platform."""
    status, advisories = _status(raw, root, material)
    if status == "Revoked":
        raise Refuted("the platform is revoked", {"tcb_status": status})
    if status != _UP_TO_DATE:
        yield f"the platform is {status}: {', '.join(advisories) or 'no advisory is named'}"


def _status(raw: bytes, root: x509.Certificate, material: Material) -> tuple[str, list[str]]:
    qvl = optional("dcap_qvl", "tee")
    assert material.collateral is not None
    try:
        collateral = qvl.QuoteCollateralV3.from_json(material.collateral.decode("utf-8"))
    except ValueError as error:
        raise Undecided(Reason.GAP, "the collateral is no JSON as Intel's service gives it") from error
    moment = int(material.at.timestamp())
    try:
        report = qvl.verify_with_root_ca(raw, collateral, root.public_bytes(Encoding.DER), moment)
        found = json.loads(report.to_json())
        return str(found["status"]), [str(each) for each in found["advisory_ids"]]
    except (ValueError, KeyError) as error:
        text = _UNIX.sub(_dated, str(error).removeprefix("Verification failed: ")[:200])
        late = any(word in text.lower() for word in _TIME)
        why = f"the collateral does not vouch for the quote at {material.at:%Y-%m-%d %H:%M} UTC: {text}"
        raise Undecided(Reason.COLLATERAL_EXPIRED if late else Reason.GAP, why) from error


def _dated(found: re.Match[str]) -> str:
    return f"{datetime.fromtimestamp(int(found[1]), UTC):%Y-%m-%d %H:%M} UTC"


def _assumed(kind: str) -> Iterator[str]:
    if kind == "tdx":
        yield "MRTD covers the virtual firmware; what it starts is in RTMR0 to RTMR3, as far as these are expected"
