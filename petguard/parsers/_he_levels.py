"""What OpenFHE's setters state, the same in C++ and Python: ring, level, kind of secret, and a part of the modulus."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNCHECKED = "the library is told not to check whether its parameters are secure"
_LEVELS = {
    "HEStd_128_classic": 128, "HEStd_192_classic": 192, "HEStd_256_classic": 256,
    "HEStd_128_quantum": 128, "HEStd_192_quantum": 192, "HEStd_256_quantum": 256,
}  # fmt: skip
_SECRETS = {"UNIFORM_TERNARY": "ternary", "SPARSE_TERNARY": "sparse_ternary", "SPARSE_ENCAPSULATED": "sparse_ternary"}
_OWN_PRIMES = "OpenFHE adds primes of its own for switching keys"


@dataclass
class Stated:
    """The fields of a claim, why others are open, and whether the library's check is switched off."""

    values: dict[str, Any] = field(default_factory=dict)
    unresolved: dict[str, str] = field(default_factory=dict)
    unchecked: bool = False


def openfhe(scheme: str, numbers: Mapping[str, int | None], texts: Mapping[str, str]) -> Stated:
    """What setters (without `Set`) state: `numbers` where their argument is a constant, `texts` as it is written."""
    stated = Stated()
    _level(stated, texts)
    if "RingDim" in texts:
        _take(stated, "poly_modulus_degree", numbers.get("RingDim"), texts["RingDim"])
    else:
        stated.unresolved["poly_modulus_degree"] = "OpenFHE chooses the ring when it runs"
    secret = _SECRETS.get(_last(texts.get("SecretKeyDist", "UNIFORM_TERNARY")))
    _take(stated, "secret", secret, texts.get("SecretKeyDist", ""))
    least = _part_of_modulus(numbers) if scheme == "ckks" else 0
    if least:
        stated.values["log_q_at_least"] = float(least)
    stated.unresolved["log_q"] = _OWN_PRIMES
    return stated


def _level(stated: Stated, texts: Mapping[str, str]) -> None:
    """128 bits against a classical attacker are the library's default."""
    name = _last(texts.get("SecurityLevel", "HEStd_128_classic"))
    if name == "HEStd_NotSet":
        stated.unchecked = True
    else:
        _take(stated, "bits", _LEVELS.get(name), name)


def _last(text: str) -> str:
    return text.replace("::", ".").rpartition(".")[2].strip()


def _take(stated: Stated, name: str, value: object, text: str) -> None:
    if value:
        stated.values[name] = value
    else:
        stated.unresolved[name] = f"{' '.join(text.split())[:80]} is not a constant"


def _part_of_modulus(numbers: Mapping[str, int | None]) -> int:
    """The first prime, and one for each level: what CKKS surely needs."""
    depth, scaling = numbers.get("MultiplicativeDepth"), numbers.get("ScalingModSize")
    return (numbers.get("FirstModSize") or scaling or 0) + (depth or 0) * (scaling or 0)
