"""Decrypts format-preserving encryption with a key that was found: FF3 and FF3-1 (NIST SP 800-38G), and pyffx.

Only decryption is here, because it is the witness that a key beside the data opens a column.
"""

import hmac
import math
import struct
from collections.abc import Iterator, Sequence
from itertools import islice

ROUNDS_FF3 = 8
ROUNDS_PYFFX = 10
FEWEST = 1_000_000  # values that SP 800-38G revision 1 asks a domain to have


def ff3(key: bytes, tweak: bytes, radix: int, symbols: Sequence[int]) -> list[int]:
    """The plain symbols; a tweak has 8 bytes in FF3 and 7 in FF3-1, a key 16, 24 or 32."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.modes import ECB  # noqa: PLC0415

    block = Cipher(algorithms.AES(key[::-1]), ECB()).encryptor()  # noqa: S305 - as the standard says
    left, right = _tweaks(tweak)
    upper = (len(symbols) + 1) // 2
    one, other = list(symbols[:upper]), list(symbols[upper:])
    for number in reversed(range(ROUNDS_FF3)):
        width, half = (upper, right) if number % 2 == 0 else (len(symbols) - upper, left)
        mixed = int.from_bytes(half, "big") ^ number
        given = mixed.to_bytes(4, "big") + _number(one, radix).to_bytes(12, "big")
        made = int.from_bytes(block.update(given[::-1])[::-1], "big")
        value = (_number(other, radix) - made) % radix**width
        one, other = _symbols(value, radix, width), one
    return one + other


def _tweaks(tweak: bytes) -> tuple[bytes, bytes]:
    if len(tweak) == 8:
        return tweak[:4], tweak[4:]
    middle = tweak[3]
    return tweak[:3] + bytes([middle & 0xF0]), tweak[4:7] + bytes([(middle & 0x0F) << 4])


def _number(symbols: Sequence[int], radix: int) -> int:
    """The symbols as a number, the first of least weight."""
    return sum(symbol * radix**place for place, symbol in enumerate(symbols))


def _symbols(value: int, radix: int, width: int) -> list[int]:
    return [value // radix**place % radix for place in range(width)]


def pyffx(key: bytes, radix: int, symbols: Sequence[int]) -> list[int]:
    """The plain symbols of pyffx's Feistel network with HMAC-SHA1, ten rounds."""
    middle = len(symbols) // 2
    one, other = list(symbols[:middle]), list(symbols[middle:])
    for number in reversed(range(ROUNDS_PYFFX)):
        stream = islice(_stream(key, radix, number, one), len(other))
        one, other = [(symbol - mask) % radix for symbol, mask in zip(other, stream, strict=True)], one
    return one + other


def _stream(key: bytes, radix: int, number: int, symbols: Sequence[int]) -> Iterator[int]:
    seed = struct.pack(f"{len(symbols) + 1}I", number, *symbols)
    yield from _digits(key, radix, seed, int(20 * math.log(256, radix)))


def _digits(key: bytes, radix: int, seed: bytes, each: int) -> Iterator[int]:
    count = 0
    while True:
        seed = hmac.digest(key, seed + struct.pack("I", count), "sha1")
        number = int.from_bytes(seed, "big")
        for _ in range(each):
            number, symbol = divmod(number, radix)
            yield symbol
        count += 1
