"""Tells what a file that is said to be encrypted really looks like, by its bytes.

Only a look that a ciphertext cannot have refutes: the first bytes of a plain format, text that can be read, blocks of
16 bytes that come again and again. What compresses or encodes is opened first, for that is no encryption. Bytes that
look random prove nothing. What is known to be the format of an encrypted file is named.
"""

import base64
import binascii
import bz2
import io
import lzma
import math
import re
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

SAMPLE = 8 * 1024 * 1024  # bytes of a file that are looked at
_DEEPEST = 4  # wrappers in wrappers
_MOST_MEMBERS = 50
_SHORTEST = 32  # bytes; anything may look like anything below


@dataclass(frozen=True)
class Look:
    """What was seen. `plain` says that no ciphertext looks so; `numbers` are the context."""

    plain: bool
    what: str
    numbers: dict[str, Any]


_ENCRYPTED: tuple[tuple[bytes, str], ...] = (
    (rb"\$ANSIBLE_VAULT;", "an Ansible vault"),
    (
        rb"-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE|ENCRYPTED PRIVATE KEY|CMS|PKCS7)-----",
        "an armoured encrypted file",
    ),
    (rb"age-encryption\.org/v1", "an age file"),
    (rb"Salted__", "the output of openssl enc"),
    (rb"\0GITCRYPT\0", "a git-crypt file"),
    (rb"LUKS\xba\xbe", "a LUKS volume"),
    (rb"PARE", "a Parquet file with an encrypted footer"),
    (rb"gAAAAA[\w-]{50,}", "a Fernet token"),
    (rb"eyJ[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+\s*\Z", "a JWE"),
    (rb"\x03\xd9\xa2\x9a", "a KeePass file"),
)
_PLAIN: tuple[tuple[bytes, str], ...] = (
    (rb"SQLite format 3\0", "an SQLite database"),
    (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
    (rb"\xff\xd8\xff[\xdb\xe0\xe1\xee]", "a JPEG image"),
    (rb"GIF8[79]a", "a GIF image"),
    (rb".{128}DICM", "a DICOM image"),
    (rb"\x7fELF", "a program"),
    (rb"Obj\x01.{0,40}avro\.", "an Avro file"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (rb"\x93NUMPY", "a NumPy array"),
    (rb"ARROW1\0\0", "an Arrow file"),
    (rb"GGUF[\x01-\x09]\0\0\0", "a GGUF model"),
    (rb".{8}DUCK[\x01-\xff]", "a DuckDB database"),
    (rb"PGDMP[\x01-\x09]", "a PostgreSQL dump"),
    (rb"REDIS00\d\d", "a Redis dump"),
    (rb"RD[AX][23]\n", "an R file"),
    (rb".{4}ftyp(?:isom|mp4|M4V|qt  |avc1)", "a video"),
    (rb"-----BEGIN (?:RSA |EC |DSA )?PRIVATE KEY-----\r?\n(?!Proc-Type: 4,ENCRYPTED)", "an open private key"),
)
_WRAPPED: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (rb"\x1f\x8b\x08", "gzip", lambda raw: zlib.decompressobj(47).decompress(raw, SAMPLE)),
    (rb"BZh[1-9]1AY&SY", "bzip2", lambda raw: bz2.BZ2Decompressor().decompress(raw, SAMPLE)),
    (rb"\xfd7zXZ\0", "xz", lambda raw: lzma.LZMADecompressor(memlimit=2**28).decompress(raw, SAMPLE)),
)
_BROKEN = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    ValueError,
    RuntimeError,
)


def look(raw: bytes, depth: int = 0) -> Look:
    """What a file looks like that begins with these bytes, at most `SAMPLE` of them."""
    for shape, name in _ENCRYPTED:
        if re.match(shape, raw, re.DOTALL):
            return Look(plain=False, what=f"it has the form of {name}", numbers={})
    opened = _opened(raw) if depth < _DEEPEST else None
    if opened is not None:
        how, inner = opened
        found = look(inner, depth + 1)
        return Look(found.plain, f"{how}, and inside {found.what}", found.numbers)
    for shape, name in _PLAIN:
        if re.match(shape, raw, re.DOTALL):
            return Look(plain=True, what=f"it is {name}", numbers={"format": name})
    return _pdf(raw) or _office(raw) or _text(raw, depth) or _blocks(raw)


def _opened(raw: bytes) -> tuple[str, bytes] | None:
    """What a compressed file or an archive holds, and how it was opened."""
    for magic, name, unpack in _WRAPPED:
        if re.match(magic, raw):
            try:
                held = unpack(raw)
            except _BROKEN:
                return None
            return (f"it is compressed with {name}", held) if held else None
    try:
        member = next(_members(raw), None)
    except _BROKEN:
        return None
    return member


def _members(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The largest member of an archive that anybody can read."""
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            listed = [each for each in archive.infolist()[:_MOST_MEMBERS] if not each.flag_bits & 1 and each.file_size]
            for each in sorted(listed, key=lambda one: -one.file_size)[:1]:
                yield "it is a zip archive without a password", archive.open(each).read(SAMPLE)
    elif raw[257:262] == b"ustar":
        largest = max(_of_tar(raw), key=lambda one: one.size, default=None)
        if largest is not None:
            yield "it is a tar archive", raw[largest.offset_data : largest.offset_data + largest.size]


def _of_tar(raw: bytes) -> list[tarfile.TarInfo]:
    """The files of an archive, as far as it was read."""
    listed: list[tarfile.TarInfo] = []
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive, suppress(tarfile.ReadError):
        listed.extend(each for each in islice(archive, _MOST_MEMBERS) if each.isreg() and each.size)
    return listed


def _pdf(raw: bytes) -> Look | None:
    if not raw.startswith(b"%PDF-"):
        return None
    plain = b"/Encrypt" not in raw and len(raw) < SAMPLE and b"%%EOF" in raw[-2048:]
    return Look(plain, "it is a PDF" + (" without encryption" if plain else ""), {"format": "PDF"})


def _office(raw: bytes) -> Look | None:
    if not raw.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    return Look(plain=False, what="it is an Office container, which may be encrypted inside", numbers={})


_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_OWN_FIELDS = re.compile(r"ENC\[[A-Z0-9_]+,|encryptedData|kind:\s*SealedSecret|\"ciphertext\"")
_MOST_TOKENS = 0.2  # of a readable text that keys, hashes and the like take up
_WORD = re.compile(r"[^\W\d_]{3,}")
_FEWEST_IN_WORDS = 0.5  # of the letters and digits of a readable text; of random letters it is about a tenth
_FEWEST_WORDS = 6


def _text(raw: bytes, depth: int) -> Look | None:
    """Readable text, or the encoding of something; None for what is no text."""
    text = _decoded(raw)
    if text is None or len(raw) < _SHORTEST:
        return None
    packed = re.sub(r"\s", "", text)
    inner = _unencoded(packed) if len({len(line) for line in text.split("\n")[:-2]}) <= 1 else None
    if inner is not None and depth < _DEEPEST:
        found = look(inner, depth + 1)
        return Look(found.plain, f"it is base64 or hex, and inside {found.what}", found.numbers)
    numbers = {"characters": len(text), "bits_per_character": round(_bits(Counter(text)), 2)}
    tokens = sum(len(each[0]) for each in _TOKEN.finditer(text)) / max(1, len(packed))
    if _OWN_FIELDS.search(text) or tokens > _MOST_TOKENS or not _has_words(text):
        return Look(plain=False, what="it is text, with parts that may be encrypted on their own", numbers=numbers)
    return Look(plain=True, what="it is text that anybody can read", numbers=numbers)


def _has_words(text: str) -> bool:
    """Whether most of it is words, in small letters, with a capital, or in capitals; numbers may be anything."""
    words = [
        each for each in _WORD.findall(text) if each.islower() or each.istitle() or each.isupper() or not _cased(each)
    ]
    return len(words) >= _FEWEST_WORDS and sum(map(len, words)) >= _FEWEST_IN_WORDS * sum(map(str.isalnum, text))


def _cased(word: str) -> bool:
    return word.lower() != word.upper()


def _decoded(raw: bytes) -> str | None:
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8", "latin-1"):
        try:
            text = raw.decode(encoding) if len(raw) < SAMPLE else raw[:-4].decode(encoding, "ignore")
        except UnicodeDecodeError:
            continue
        odd = sum(not (each.isprintable() or each in "\r\n\t\f") for each in text[:100_000])
        return text if odd == 0 and _is_mostly_ascii(text) else None
    return None


def _is_mostly_ascii(text: str) -> bool:
    """Or of some other alphabet; in eight-bit text that was read as Latin-1, the share of accents must be small."""
    part = text[:100_000]
    return sum(each.isascii() for each in part) > 0.7 * len(part) or any(ord(each) > 0xFF for each in part)


def _unencoded(packed: str) -> bytes | None:
    try:
        if _HEX.fullmatch(packed) and len(packed) % 2 == 0 and not packed.isdecimal():
            return bytes.fromhex(packed)
        if len(packed) >= 2 * _SHORTEST and _ENCODED.fullmatch(packed):
            return base64.b64decode(
                packed.replace("-", "+").replace("_", "/") + "=" * (-len(packed) % 4), validate=True
            )
    except (binascii.Error, ValueError):
        return None
    return None


_BLOCK = 16
_SEGMENTS = 8
_FEWEST_REPEATS = 16


def _blocks(raw: bytes) -> Look:
    """Whether blocks come again all over the file; a good cipher gives no block twice in any file of this size."""
    numbers = _context(raw)
    seen: Counter[bytes] = Counter(raw[at : at + _BLOCK] for at in range(0, len(raw) - _BLOCK + 1, _BLOCK))
    again = {block for block, times in seen.items() if times > 1 and len(set(block)) > 1}
    repeats = sum(seen[block] - 1 for block in again)
    numbers["repeated_blocks"] = repeats
    if len(set(raw)) == 1:
        return Look(plain=False, what="all its bytes are the same, so there is nothing in it to read", numbers=numbers)
    if repeats >= _FEWEST_REPEATS and _everywhere(raw, again):
        what = (
            f"{repeats:,} of its {seen.total():,} blocks of 16 bytes come again, as with ECB, XOR or no cipher at all"
        )
        return Look(plain=True, what=what, numbers=numbers)
    return Look(
        plain=False, what="nothing in it can be read; such bytes may be encrypted, packed or random", numbers=numbers
    )


def _everywhere(raw: bytes, again: set[bytes]) -> bool:
    """Whether repeated blocks stand in most parts of the file, not only in a header or padding."""
    blocks = max(1, len(raw) // _BLOCK)
    parts = {at * _SEGMENTS // blocks for at in range(blocks) if raw[at * _BLOCK : at * _BLOCK + _BLOCK] in again}
    return len(parts) >= _SEGMENTS - 2


def _context(raw: bytes) -> dict[str, Any]:
    counts = Counter(raw)
    expected = max(1, len(raw)) / 256
    chi_square = sum((counts[value] - expected) ** 2 / expected for value in range(256))
    return {"bytes": len(raw), "bits_per_byte": round(_bits(counts), 3), "chi_square_255": round(chi_square, 1)}


def _bits(counts: Counter[Any]) -> float:
    """Entropy of the single symbols, in bits."""
    total = counts.total()
    return sum(each / total * math.log2(total / each) for each in counts.values()) if total else 0.0
