"""Recognises hashes by their length and alphabet, and computes them fast for many candidates.

A column of digests tells its algorithm only by the number of bytes it keeps, so each shape stands for several. A
truncated digest is compared by the bytes that are left.
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

_OF_BYTES = {
    16: ("md5", "sha256", "sha1", "blake2b"),
    20: ("sha1", "sha256", "blake2b"),
    28: ("sha224", "sha3_224"),
    32: ("sha256", "sha3_256", "blake2b", "blake2s", "sha512"),
    48: ("sha384", "sha3_384"),
    64: ("sha512", "blake2b", "sha3_512"),
}
_TRUNCATED = ("sha256", "md5", "sha1", "sha512")
_WHOLE = {name: hashlib.new(name, usedforsecurity=False).digest_size for name in sorted(
    {each for names in _OF_BYTES.values() for each in names}
)}  # fmt: skip
_FEWEST_BYTES = 5  # of fewer, values that have nothing to do with it match by chance
_MOST_BYTES = 64
_ALIKE = 0.9  # share of the cells that must have the shape
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{10,128})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,88}={0,2}")
_SLOW = re.compile(r"\$(2[abxy]|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]*|[156])\$.+|(pbkdf2|scrypt|argon2)[_:$].+")
_NAMESPACES = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500)

Hash = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Shape:
    """How the cells of a column are written: `kept` bytes, by which of the `recipes` they may be made."""

    words: str
    kept: int
    read: Callable[[str], bytes | None]
    recipes: tuple["Recipe", ...]


@dataclass(frozen=True)
class Recipe:
    """One way to make a digest of a value: what stands before and behind it, and how both are hashed.

    `whole` is the constructor of a hash that is compared as it is, which saves a call for each candidate.
    """

    name: str
    hash: Hash
    before: bytes = b""
    behind: bytes = b""
    whole: "Callable[[bytes], hashlib._Hash] | None" = None

    def hits(self, stem: bytes, ends: Sequence[bytes], targets: Collection[bytes]) -> list[bytes]:
        """The ends that, put behind the stem, give one of the targets."""
        digest, start, whole = self.hash, self.before + stem, self.whole
        if whole is not None and not self.behind:
            return [end for end in ends if whole(start + end).digest() in targets]
        if self.behind:
            return [end for end in ends if digest(start + end + self.behind) in targets]
        return [end for end in ends if digest(start + end) in targets]

    def of(self, value: bytes) -> bytes:
        """The digest of one value."""
        return self.hash(self.before + value + self.behind)


def shape(cells: Sequence[str]) -> Shape | None:
    """The shape that nearly all cells have; None where they are no digests."""
    for words, read in (("hex digits", _hex), ("a UUID", _uuid), ("base64", _base64)):
        lengths = Counter(len(value) for cell in cells if (value := read(cell)) is not None)
        kept, count = lengths.most_common(1)[0] if lengths else (0, 0)
        if count and count >= _ALIKE * len(cells):
            return _shape(words, kept, read, cells)
    return None


def slow(cells: Iterable[str]) -> str | None:
    """The name of the deliberately slow hash that the cells say they are."""
    found = next((match for cell in cells if (match := _SLOW.fullmatch(cell))), None)
    return (found[1] or found[2]) if found else None


def _shape(words: str, kept: int, read: Callable[[str], bytes | None], cells: Sequence[str]) -> Shape | None:
    if words == "hex digits" and not any(char.isalpha() for cell in cells for char in cell.removeprefix("0x")):
        return None  # numbers
    if words == "a UUID":
        return _of_uuids(read, cells)
    told = f"{2 * kept} hex digits" if words == "hex digits" else f"{kept} bytes in base64"
    return Shape(told, kept, read, tuple(_recipe(name, kept) for name in _OF_BYTES.get(kept, _TRUNCATED)))


def _of_uuids(read: Callable[[str], bytes | None], cells: Sequence[str]) -> Shape | None:
    versions = Counter(uuid.UUID(cell).version for cell in cells if read(cell) is not None)
    version = versions.most_common(1)[0][0] or 0  # 0 where the bits are those of no version
    if version == 4:  # random
        return None
    named = [Recipe(f"uuid{version} in a namespace of RFC 9562", _named(space, version)) for space in _NAMESPACES]
    recipes = named if version in {3, 5} else [_recipe(name, 16) for name in ("md5", "sha1", "sha256")]
    return Shape("a UUID", 16, read, tuple(recipes))


def _named(space: uuid.UUID, version: int) -> Hash:
    make = uuid.uuid3 if version == 3 else uuid.uuid5
    return lambda value: make(space, value.decode("utf-8", "replace")).bytes


def _recipe(name: str, kept: int) -> Recipe:
    told = name if kept == _size(name, kept) else f"{name} cut to {kept} bytes"
    plain = kept == _WHOLE[name] and not name.startswith("blake2b")
    return Recipe(told, _hash(name, kept), whole=getattr(hashlib, name) if plain else None)


def _size(name: str, kept: int) -> int:
    """The bytes of a digest; blake2 is told how many to make."""
    return min(kept, _WHOLE[name]) if name.startswith("blake2") else _WHOLE[name]


def _hash(name: str, kept: int) -> Hash:
    if name == "blake2b":
        return lambda value: hashlib.blake2b(value, digest_size=kept).digest()
    make: Callable[[bytes], hashlib._Hash] = getattr(hashlib, name)
    if kept == _WHOLE[name]:
        return lambda value: make(value).digest()
    return lambda value: make(value).digest()[:kept]


def keyed(recipe_name: str, key: bytes, kept: int, told: str) -> Recipe:
    """HMAC with a key, by the hash of a plain recipe."""
    name = recipe_name.partition(" ")[0]
    return Recipe(f"HMAC-{name} with the key {told}", lambda value: hmac.digest(key, value, name)[:kept])


def _hex(cell: str) -> bytes | None:
    found = _HEX.fullmatch(cell)
    return bytes.fromhex(found[1]) if found and len(found[1]) % 2 == 0 else None


def _uuid(cell: str) -> bytes | None:
    try:
        return uuid.UUID(cell).bytes if cell.count("-") == 4 else None
    except ValueError:
        return None


def _base64(cell: str) -> bytes | None:
    if not _BASE64.fullmatch(cell):
        return None
    text = cell.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
    return value if len(value) in _OF_BYTES else None
