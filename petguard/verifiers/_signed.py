"""Reads the signature of a model as OpenSSF model signing writes it: a sigstore bundle around a list of file hashes.

Nothing here needs a library. The bundle is JSON; its envelope (DSSE) holds the list as an in-toto statement. What the
statement says about the files is compared with the files; who signed it is the business of `_dsse`.
"""

import base64
import binascii
import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from petguard.artefacts import Artefacts, Undecided
from petguard.model import Json, Reason

STATEMENT_TYPE = "application/vnd.in-toto+json"
_PREDICATE = "https://model_signing/signature/v1.0"
_EARLIER_PREDICATE = "https://model_signing/Digests/v0.1"
_ALGORITHMS = {"sha256": "sha256", "blake2b": "blake2b"}
_WHOLE_MODEL = "."  # the name of a model that is one file
_GIT = (".git", ".gitattributes", ".github", ".gitignore")  # what version 0.2 left out without saying so


@dataclass(frozen=True)
class Bundle:
    """What was signed, the signature over it, and what the bundle says about the signer's key."""

    payload: bytes
    signature: bytes
    material: Json

    @property
    def is_keyless(self) -> bool:
        """Whether the signer was a person or workflow known to sigstore, not a key."""
        return "certificate" in self.material or bool(self.material.get("tlogEntries"))

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates, in DER, that the signer sent along: the own one first."""
        held = self.material.get("x509CertificateChain")
        listed = held.get("certificates") if isinstance(held, dict) else None
        entries = listed if isinstance(listed, list) else []
        return tuple(_bytes(each.get("rawBytes"), "a certificate") for each in entries if isinstance(each, dict))


@dataclass(frozen=True)
class Manifest:
    """The hashes of all files of a model, by their names in its folder, and the names that were left out on purpose."""

    hashes: Mapping[str, tuple[str, str]]
    ignored: tuple[str, ...]


def read(files: Artefacts, name: str) -> Bundle:
    """The bundle; Undecided (gap) for anything else."""
    try:
        held = json.loads(files.read(name))
        envelope = held["dsseEnvelope"]
        kind, (signature,) = envelope["payloadType"], envelope["signatures"]
        payload, signed = _bytes(envelope["payload"], "the payload"), _bytes(signature["sig"], "the signature")
        material = held.get("verificationMaterial")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise Undecided(Reason.GAP, f"{name} is no signature of OpenSSF model signing that can be read") from error
    if kind != STATEMENT_TYPE:
        raise Undecided(Reason.GAP, f"{name} signs no list of files")
    return Bundle(payload, signed, material if isinstance(material, dict) else {})


def _bytes(text: Any, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Undecided(Reason.GAP, f"{what} in the signature is no base64") from error


def manifest(bundle: Bundle, name: str) -> Manifest:
    """The list of files that was signed; Undecided (gap) where it cannot be read to its end."""
    try:
        statement = json.loads(bundle.payload)
        kind = statement["predicateType"]
        found = (
            _current(statement) if kind == _PREDICATE else _earlier(statement) if kind == _EARLIER_PREDICATE else None
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise Undecided(Reason.GAP, f"the list of files in {name} cannot be read") from error
    if found is None or not found.hashes:
        raise Undecided(Reason.GAP, f"{name} signs no list of files of a model")
    return found


def _current(statement: Any) -> Manifest:
    predicate = statement["predicate"]
    method = predicate["serialization"]["method"]
    if method != "files":
        raise Undecided(Reason.GAP, f"the files were signed by the method {method!r}, which petguard does not compute")
    resources = [(each["name"], each["algorithm"], each["digest"]) for each in predicate["resources"]]
    _consistent(statement, [digest for _, _, digest in resources])
    ignored = tuple(str(each) for each in predicate["serialization"].get("ignore_paths", ()))
    return Manifest(_by_name(resources), ignored)


def _consistent(statement: Any, digests: list[str]) -> None:
    """The list has a hash over all its hashes, which must be right."""
    root = hashlib.sha256(b"".join(bytes.fromhex(each) for each in digests)).hexdigest()
    if [each["digest"]["sha256"] for each in statement["subject"]] != [root]:
        raise Undecided(Reason.GAP, "the signed list of files contradicts itself: its root hash is another")


def _earlier(statement: Any) -> Manifest:
    return Manifest(_by_name((each["name"], "sha256", each["digest"]["sha256"]) for each in statement["subject"]), _GIT)


def _by_name(resources: Any) -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, algorithm, digest in resources:
        if algorithm not in _ALGORITHMS:
            raise Undecided(Reason.GAP, f"the hash {algorithm!r} of {name!r} is not computed here")
        if not isinstance(name, str) or name in found or ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise Undecided(
                Reason.GAP, f"the signed list of files names {name!r}, which is no single file in the folder"
            )
        found[name] = (algorithm, cast("str", digest).lower())
    return found


def difference(files: Artefacts, artefact: str, signed: Manifest, besides: frozenset[str]) -> Json:
    """The first file that is not as signed, as a witness; empty when all are.

    `besides` are files that cannot be part of what was signed: the signature itself, the file with the claim.
    """
    if not files.is_folder(artefact):
        return next(_changed(files, {artefact: _only(signed)}, "."), {})
    found = {
        each for each in files.below(artefact) if _in(artefact, each) not in besides and not _left_out(each, signed)
    }
    missing = sorted(signed.hashes.keys() - found)
    extra = sorted(found - signed.hashes.keys())
    if missing:
        return {"file": _in(artefact, missing[0]), "problem": "missing", "missing": len(missing)}
    changed = next(_changed(files, signed.hashes, artefact), None)
    if changed is not None:
        return changed
    return {"file": _in(artefact, extra[0]), "problem": "not signed", "not_signed": len(extra)} if extra else {}


def _in(folder: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(folder, name))


def _only(signed: Manifest) -> tuple[str, str]:
    if list(signed.hashes) != [_WHOLE_MODEL]:
        raise Undecided(Reason.GAP, f"the signature is for a folder with {len(signed.hashes)} files, not for one file")
    return signed.hashes[_WHOLE_MODEL]


def _left_out(name: str, signed: Manifest) -> bool:
    """Whether the signer said that this file is not part of the model; what stands in the list always is."""
    if name in signed.hashes:
        return False
    path = PurePosixPath(name)
    return any(path.is_relative_to(each) for each in (*signed.ignored, ".git") if each not in ("", ".", "/"))


def _changed(files: Artefacts, hashes: Mapping[str, tuple[str, str]], folder: str) -> Iterator[Json]:
    for name, (algorithm, digest) in sorted(hashes.items()):
        actual = files.digest(_in(folder, name), _ALGORITHMS[algorithm])
        if actual != digest:
            yield {"file": _in(folder, name), "problem": "changed", "signed": digest, "actual": actual}
