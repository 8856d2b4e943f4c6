"""What attestation evidence says, whatever its format: the values that a claim's expectations are compared with.

A format's module gives an `Evidence` only once the signature and the chain up to a trusted root are right. What is
wrong raises `Refuted`, with the witness; what cannot be judged raises Undecided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from petguard.model import Json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SHORT = 64 * 1024  # bytes; the largest evidence in use, a token or a quote with its chain, has 12 KiB
ECDSA_P384 = 96  # bytes of a raw signature, r and s


class Refuted(Exception):
    """The evidence is not what it says it is, or does not say what the claim expects; `witness` shows where."""

    def __init__(self, explanation: str, witness: Json) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.witness = witness


@dataclass(frozen=True)
class Material:
    """What evidence is judged with. No `roots` means the root that its vendor has published for this format."""

    roots: "tuple[Certificate, ...]"
    collateral: bytes | None
    at: datetime


@dataclass(frozen=True)
class Evidence:
    """What is signed.

    - `debug`: whether somebody outside can read or change the enclave; None where the format does not say.
    - `measured`: hashes in lower-case hex by their names; `code` are the names of those that say which program runs.
    - `bound`: what the enclave put into it: a challenge, or the hash of a result.
    - `expires`: when it stops to hold by its own words; None where only its certificates say.
    - `missing`: what has to be given before it can be verified, and `weak`: why it does not protect although its
      signature is right; nothing with one of these is verified.
    """

    kind: str
    debug: bool | None
    chain: "tuple[Certificate, ...]"
    measured: Mapping[str, str] = field(default_factory=dict)
    code: frozenset[str] = frozenset()
    image_digests: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    bound: tuple[bytes, ...] = ()
    expires: datetime | None = None
    missing: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
