"""Files that libraries for homomorphic encryption write: which of them hold a secret key, and with which parameters.

TenSEAL's contexts are protocol buffers around objects of Microsoft SEAL, whose header tells neither the kind nor the
owner of a key; python-paillier writes JSON web keys. Everything is walked by lengths and within bounds, and no byte
of a key is kept. Only parameters that SEAL compressed with Zstandard, its default, need a library: the extra `he`.
"""

import base64
import binascii
import json
import math
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

from petguard.artefacts import Undecided, optional

_MAGIC = b"\x5e\xa1\x10"  # SEAL's 0xA15E, and a header of 16 bytes
_MOST_FIELDS = 1_000  # of one message
_MOST_MODULI = 64  # SEAL's own limit for the primes of one modulus
_MOST_PARAMETERS = 65_536  # bytes, inflated
_MOST_JSON = 1_000_000  # bytes
_SECRET_NAME = re.compile(
    r"\.sk$|(?:^|[_.-])(?:secret|private)[_.-]?key|(?:^|[_.-])sk(?:ey)?(?:[_.-]|$)", re.IGNORECASE
)
_SCHEMES = {1: "bfv", 2: "ckks", 3: "bgv"}


@dataclass(frozen=True)
class Parameters:
    """What a serialised context says about itself: ring degree and bits of the whole modulus, or a Paillier length."""

    scheme: str | None = None
    degree: int | None = None
    log_q: float | None = None
    modulus_bits: int | None = None
    unread: str | None = None  # the library without which they could not be read


@dataclass(frozen=True)
class Opened:
    """What a file is, in words, and whether it holds a secret key; None where that cannot be told."""

    kind: str
    secret: bool | None
    parameters: Parameters = Parameters()


def looks_like(name: str, head: bytes) -> bool:
    """Whether a file that begins like this is a TenSEAL context, a secret key of SEAL or a key of python-paillier."""
    if head.startswith(_MAGIC):
        return _is_named_secret(name)
    return _is_context(head) or (name.endswith((".json", ".jwk", ".key")) and _is_paillier(head))


def _is_named_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name.rpartition("/")[2]))


def _is_context(head: bytes) -> bool:
    """A message whose first field is an object of SEAL."""
    if head[:1] != b"\x0a":
        return False
    _, at = _varint(head[:11], 1)
    return 1 < at < 11 and head[at : at + 3] == _MAGIC


def _is_paillier(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"DAJ"' in head


def open_file(name: str, file: BinaryIO) -> Opened:
    """Look into a file; one of no known form, or that is cut off, leaves open whether it holds a secret key."""
    head = file.read(4096)
    if head.startswith(_MAGIC):
        secret = True if _is_named_secret(name) else None
        return Opened("an object of Microsoft SEAL", secret)
    if _is_context(head):
        return _context(file)
    if _is_paillier(head):
        return _paillier(head + file.read(_MOST_JSON))
    return Opened("no known form of a context", None)


def _context(file: BinaryIO) -> Opened:
    """TenSEALContextProto: 1 parameters, 2 public part, 3 private part, whose field 1 is the secret key."""
    kind = "a TenSEAL context"
    size = file.seek(0, 2)
    fields = _fields(file, 0, size)
    inner = [_fields(file, *private) for private in fields.get(3, [])] if fields is not None else [None]
    if fields is None or None in inner or 2 not in fields:  # a public part is always written, so it was cut off
        return Opened(f"{kind}, which is damaged", None)
    # A message may come in several parts, which count together.
    secrets = [place for part in inner for place in (part or {}).get(1, [])]
    held = any(end > start for start, end in secrets)
    return Opened(kind, held, _parameters(_part(file, *fields.get(1, [(0, 0)])[-1])))


def _part(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(min(end - start, _MOST_PARAMETERS))


def _fields(file: BinaryIO, start: int, end: int) -> dict[int, list[tuple[int, int]]] | None:
    """Where each field that has a length begins and ends, by its number; None for no sound message."""
    found: dict[int, list[tuple[int, int]]] = {}
    at = start
    for _ in range(_MOST_FIELDS):
        if at == end:
            return found
        file.seek(at)
        head = file.read(20)
        key, used = _varint(head, 0)
        kind = key & 7
        if used < 0 or kind not in (0, 1, 2, 5):
            return None
        value, after = _varint(head, used) if kind in (0, 2) else (0, used + (8 if kind == 1 else 4))
        if after < 0 or at + after + (value if kind == 2 else 0) > end:
            return None
        at += after
        if kind == 2:
            found.setdefault(key >> 3, []).append((at, at + value))
            at += value
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends; -1 where it does not."""
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value, at + index + 1
    return value, -1


def _parameters(raw: bytes) -> Parameters:
    """SEAL's EncryptionParameters: scheme, degree, the number of primes, and each prime behind a header of its own."""
    try:
        body = _body(raw)
    except Undecided as error:
        return Parameters(unread=error.detail)
    if len(body) < 17:
        return Parameters()
    scheme, degree, count = struct.unpack_from("<BQQ", body)
    if not 0 < count <= _MOST_MODULI or len(body) < 17 + 24 * count or not 0 < degree <= 10**15:
        return Parameters(_SCHEMES.get(scheme))
    primes = [struct.unpack_from("<Q", body, 17 + 24 * index + 16)[0] for index in range(count)]
    if min(primes) < 2:
        return Parameters(_SCHEMES.get(scheme))
    return Parameters(_SCHEMES.get(scheme), degree, sum(map(math.log2, primes)))


def _body(raw: bytes) -> bytes:
    """What stands behind the header, inflated up to a bound; nothing where it is damaged."""
    if len(raw) < 16 or not raw.startswith(_MAGIC):
        return b""
    match raw[5]:
        case 0:
            return raw[16:]
        case 1:
            return _inflated(raw[16:])
        case 2:
            return _decompressed(raw[16:])
        case _:
            return b""


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, _MOST_PARAMETERS)
    except zlib.error:
        return b""


def _decompressed(raw: bytes) -> bytes:
    zstandard = optional("zstandard", "he")
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(raw) as reader:
            body: bytes = reader.read(_MOST_PARAMETERS)
    except zstandard.ZstdError:
        return b""
    return body


def _paillier(raw: bytes) -> Opened:
    """A JSON web key of python-paillier: a private one has the primes p and q beside the public key."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return Opened("a key of python-paillier, which is damaged", None)
    if not isinstance(value, dict) or value.get("kty") != "DAJ":
        return Opened("no known form of a context", None)
    public = value.get("pub", value)
    length = _length(public.get("n")) if isinstance(public, dict) else None
    return Opened("a key of python-paillier", {"p", "q"} <= value.keys(), Parameters("paillier", modulus_bits=length))


def _length(encoded: Any) -> int | None:
    """The bits of a number in unpadded URL-safe base64."""
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (ValueError, binascii.Error):
        return None
    return int.from_bytes(raw).bit_length() or None
