"""Hashes and signatures that lie beside models: lists as `sha256sum` writes them, and OpenSSF signatures.

Each is a claim that the model is the one somebody published. Hashes of other files claim nothing about AI.
"""

import base64
import binascii
import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard import secrets
from petguard.claims import ModelSignature
from petguard.collect import Candidate, Input, Interest
from petguard.errors import UnreadableInput
from petguard.model import Asset, Claim, Facts, Gap, Location, Node, NodeKind, Origin
from petguard.parsers import Parser, one_by_one

_LISTS = re.compile(r"(?i)(?:.+\.)?sha256(?:sums?)?(?:\.txt|\.asc)?|checksums?(?:[._-]sha256)?(?:\.txt)?|readme\.md")
_MODELS = (
    r"(?:safetensors|gguf|ggml|onnx|pt|pth|ckpt|bin|keras|h5|hdf5|tflite|mlmodel|joblib|pkl|pickle|cbm|sav|nemo|pb|skops"
    r"|npz|model)"
)
_MODEL = re.compile(rf"(?i).*\.{_MODELS}")
_LINE = re.compile(
    r"\\?(?P<hash>[0-9a-fA-F]{64})(?:[ \t]{1,4}[*]?(?P<name>[^\n]{1,500}))?"
    r"|SHA256 \((?P<tagged>[^()\n]{1,500})\) = (?P<tag>[0-9a-fA-F]{64})"
)
_MOST = 10_000  # claims of one file
_SIGNED = (b'"dsseEnvelope"', b'"payload"')
_PREDICATE = b"https://model_signing/"


def _interest(candidate: Candidate) -> Interest:
    if candidate.suffix in (".sig", ".sigstore", ".json") and all(mark in candidate.data for mark in _SIGNED):
        return Interest.READ
    if _LISTS.fullmatch(candidate.name) and _hashes(candidate.data.decode("utf-8", "replace"), candidate.path):
        return Interest.READ
    return Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    yield from one_by_one(inputs, _read)


def _read(item: Input) -> Facts:
    if "dsseEnvelope" in item.text and not _LISTS.fullmatch(item.path.rpartition("/")[2]):
        return _facts(_signature(item))
    found = _hashes(item.text, item.path)
    if len(found) > _MOST:
        raise UnreadableInput(f"more than {_MOST:,} hashes", reason="too_large")
    return _facts([_hash(item, line, name, digest) for line, name, digest in found])


def _hashes(text: str, path: str) -> list[tuple[int, str, str]]:
    """Line, file and hash of each model in a list; a hash alone is that of the file whose name the list carries on."""
    own = re.sub(r"(?i)\.sha256(?:sums?)?(?:\.txt)?$", "", path.rpartition("/")[2])
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line.strip()[:600]) if len(line) < 1_000 else None
        if match is not None:
            name = (match["name"] or match["tagged"] or own).strip()
            if _MODEL.fullmatch(name):
                found.append((number, name, (match["hash"] or match["tag"]).lower()))
    return found


def _hash(item: Input, line: int, name: str, digest: str) -> Claim:
    artefact = _beside(item.path, name)
    place = Location(path=item.path, line=line, evidence=secrets.mask_in(item.text.splitlines()[line - 1]))
    return _claim(ModelSignature(artefact=artefact, sha256=digest), place, artefact)


def _signature(item: Input) -> list[Claim]:
    """The claim of a signature; that of something else, such as a package, is none about a model."""
    try:
        payload = base64.b64decode(json.loads(item.text)["dsseEnvelope"]["payload"], validate=True)
        if _PREDICATE not in payload:
            return []
        subject = json.loads(payload)["subject"][0]["name"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError, binascii.Error) as error:
        raise UnreadableInput("a signature of a model that cannot be read", reason="parse_error") from error
    artefact = _signed(item.path, subject)
    return [_claim(ModelSignature(artefact=artefact, signature=item.path), Location(path=item.path), artefact)]


def _signed(path: str, subject: Any) -> str:
    """The model that was signed: the folder in which the signature lies when it is called so, else what lies beside."""
    folder = posixpath.dirname(path)
    if not isinstance(subject, str) or "/" in subject or not subject or posixpath.basename(folder) == subject:
        return folder or "."
    return _beside(path, subject)


def _beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name.replace("\\", "/").lstrip("/")))


def _claim(statement: ModelSignature, place: Location, subject: str) -> Claim:
    key = f"model_signature:{place.path}:{place.line}"
    return Claim(id=key, statement=statement, location=place, subject=subject)


def _facts(claims: Sequence[Claim]) -> Facts:
    nodes = tuple(
        Node(
            id=f"pet:{claim.id}",
            kind=NodeKind.PROTECTION,
            asset=Asset.PET,
            name="model signature" if claim.parameters.get("signature") else "model hash",
            technique=claim.technique,
            claim=claim.id,
            origin=Origin.DECLARED,
            locations=(claim.location,),
        )
        for claim in claims
    )
    return Facts(nodes=nodes, claims=tuple(claims))


PARSER = Parser.of_configs("model_hashes", _interest, _parse, claims=True)
