"""How large a modulus may be for a ring, by the table of the Homomorphic Encryption Standard.

Security of homomorphic encryption falls when the ciphertext modulus q grows and rises with the ring degree n. The
standard of HomomorphicEncryption.org (2018) gives, for classical attackers, the largest log2 q of each n and level.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

LEVELS = (128, 192, 256)
DEGREES = tuple(1 << power for power in range(10, 18))

# Largest log2 q (bits), in the order of DEGREES. Ternary secrets, n up to 32768: table 1 of the standard, and SEAL's
# hestdparms.h. n of 65536 and 131072: OpenFHE's stdlatticeparms.cpp, computed later with a stricter estimator.
_TERNARY: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        128: (27, 54, 109, 218, 438, 881, 1747, 3523),
        192: (19, 37, 75, 152, 305, 611, 1199, 2411),
        256: (14, 29, 58, 118, 237, 476, 929, 1866),
    }
)
_UNIFORM: Mapping[int, tuple[int, ...]] = MappingProxyType({128: (29, 56, 111, 220, 440, 880)})
_KEYS = {"ternary": _TERNARY, "uniform": _UNIFORM}


def level(bits: int) -> int | None:
    """The lowest level of the table that gives at least `bits`."""
    return next((each for each in LEVELS if each >= bits), None)


def limit(degree: int, bits: int, keys: str = "ternary") -> int | None:
    """The largest log2 q with which a ring of this degree surely gives `bits`; None where the table says nothing.

    A degree between two rows has at least the limit of the smaller, and a level between two at least that of the
    higher, so the answer may be smaller than necessary and never larger.
    """
    row = _KEYS.get(keys, {}).get(level(bits) or 0, ())
    known = [most for each, most in zip(DEGREES, row, strict=False) if each <= degree]
    return known[-1] if known else None


def smallest_degree(log_q: float, bits: int, keys: str = "ternary") -> int | None:
    """The smallest degree of the table with room for this modulus; None where there is none."""
    return next((each for each in DEGREES if (limit(each, bits, keys) or 0) >= log_q), None)


def paillier_bits(modulus_bits: int) -> int:
    """The security of a Paillier (or RSA) modulus of this length in bits, by table 2 of NIST SP 800-57 part 1.

    A length between two rows counts as the smaller; below 1024 bits, where moduli have been factored, it is 0.
    """
    strengths = {1024: 80, 2048: 112, 3072: 128, 7680: 192, 15360: 256}
    return max((bits for length, bits in strengths.items() if length <= modulus_bits), default=0)


def sieve_bits(modulus_bits: int) -> float:
    """The cost in bits of factoring by the number field sieve, for lengths beyond NIST's table (FIPS 140-2 IG 7.5)."""
    size = modulus_bits * math.log(2)
    return float((1.923 * (size * math.log(size) ** 2) ** (1 / 3) - 4.69) / math.log(2))


def paillier_length(bits: int) -> int | None:
    """The shortest modulus of NIST's table with at least `bits` of security."""
    lengths = (1024, 2048, 3072, 7680, 15360)
    return next((each for each in lengths if paillier_bits(each) >= bits), None)
