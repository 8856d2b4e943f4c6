"""Finds the key of a Fernet token beside it. The token carries an HMAC, so the right key proves itself.

Nothing is decrypted: whoever has this key can, and that is the witness (Fernet specification, 2013: the key is 16
bytes for HMAC-SHA256 and 16 for AES-128-CBC; the last 32 bytes of a token are the HMAC of all before).
"""

import base64
import binascii
import hashlib
import hmac
import posixpath
import re
from collections.abc import Iterator

from petguard.artefacts import Artefacts, Undecided

_TOKEN = re.compile(rb"gAAAAA[\w-]{94,}={0,2}")
_KEY = re.compile(rb"(?<![\w/+-])[A-Za-z0-9_-]{43}=(?![\w=])")
_LARGEST = 256 * 1024  # bytes of a file in which a key is looked for
_MOST_FILES = 2_000


def key_beside(files: Artefacts, name: str, raw: bytes) -> tuple[str, int, str] | None:
    """The file, line and text of a key in the folder of `name`, or in the one above, that made the first token."""
    token = _TOKEN.search(raw)
    if token is None:
        return None
    for path in _near(files, name):
        try:
            content = files.read(path, _LARGEST)
        except Undecided:  # a large or foreign file is no file of keys
            continue
        for found in _KEY.finditer(content):
            if _made(found[0], token[0]):
                return path, content.count(b"\n", 0, found.start()) + 1, found[0].decode()
    return None


def _near(files: Artefacts, name: str) -> Iterator[str]:
    folder = posixpath.dirname(posixpath.normpath(name))
    above = posixpath.dirname(folder) if folder else ""
    for each in files.below(above or ".")[:_MOST_FILES]:
        path = posixpath.normpath(posixpath.join(above, each))
        if path != posixpath.normpath(name) and not path.startswith(".git/"):
            yield path


def _made(key: bytes, token: bytes) -> bool:
    try:
        held = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4))
        secret = base64.urlsafe_b64decode(key)[:16]
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(secret, held[:-32], hashlib.sha256).digest(), held[-32:])
