"""Serialised contexts and keys of homomorphic encryption that lie in the tree: what is shipped, and with which key.

Each file is a claim that the verifier judges by looking into it; nothing is read here but how the file begins.
"""

from collections.abc import Iterator, Sequence

from petguard import he_files
from petguard.blobs import Blob
from petguard.claims import HomomorphicEncryption
from petguard.model import Asset, Claim, Facts, Gap, Location, Node, NodeKind, Origin
from petguard.parsers import Parser

_TECHNIQUE = "homomorphic_encryption"


def _recognises(blob: Blob) -> bool:
    return he_files.looks_like(blob.path, blob.head)


def _examine(blobs: Sequence[Blob]) -> Iterator[Facts | Gap]:
    for blob in blobs:
        key = f"{_TECHNIQUE}:{blob.path}"
        place = Location(path=blob.path)
        statement = HomomorphicEncryption(context=blob.path)
        node = Node(
            id=f"pet:{key}",
            kind=NodeKind.PROTECTION,
            name="serialised context or key",
            origin=Origin.DETECTED,
            locations=(place,),
            asset=Asset.PET,
            technique=_TECHNIQUE,
            claim=key,
        )
        yield Facts(nodes=(node,), claims=(Claim(id=key, statement=statement, location=place, subject=blob.path),))


PARSER = Parser.of_blobs("he_keys", _recognises, _examine)
