"""Tells the formats of attestation evidence apart by their bytes; needs no library."""

import base64
import binascii
import re
import struct

from petguard.artefacts import Undecided
from petguard.model import Reason

_MOCK = re.compile(rb"\s*mock tee token\b")  # what ManaTEE's mock backend writes in place of a token
_TOKEN = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]*")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
SEV_SNP_BYTES = 1184


def is_mock(raw: bytes) -> bool:
    """Whether this is the text that stands where a token should be."""
    return _MOCK.match(raw) is not None


def unwrapped(raw: bytes) -> bytes:
    """The evidence itself: hex and base64, also over several lines, are decoded; a token stays text."""
    text = b"".join(raw.split())
    if _TOKEN.fullmatch(text):
        return text
    if _HEX.fullmatch(text):
        return bytes.fromhex(text.decode("ascii"))
    if _BASE64.fullmatch(text):
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise Undecided(Reason.GAP, "the evidence looks like base64 and is cut off") from error
    return raw


def of(evidence: bytes) -> str:
    """The format; Undecided (gap) where the bytes are none that is known."""
    if _TOKEN.fullmatch(evidence):
        return "confidential_space"
    if len(evidence) == SEV_SNP_BYTES and struct.unpack_from("<I", evidence)[0] in (2, 3, 4, 5):
        return "sev_snp"
    if evidence[:2] == b"\x11\xe0":
        return "nvidia"
    if evidence[:1] in (b"\x84", b"\xd2"):
        return "nitro"
    if len(evidence) >= 8:
        version, _, tee = struct.unpack_from("<HHI", evidence)
        if version in (3, 4, 5) and tee in (0x00, 0x81):
            return "tdx" if tee else "sgx"
    raise Undecided(Reason.GAP, "the evidence is of no known format")
