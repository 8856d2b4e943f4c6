"""Verifies that a model is the one that was signed or whose hash was published: whole files, offline.

A stated SHA-256 is compared with the file's. Of an OpenSSF signature every hash in its list is compared, which finds
changed, missing and added files without any library; who signed it is checked with a key or certificate (extra `sign`).
"""

import posixpath
from typing import Any

from petguard.artefacts import Undecided
from petguard.claims import ModelSignature
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _dsse, _signed

_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_HASH = "SHA-256 over the whole file"
_LIST = "hash of every file against the signed list"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, ModelSignature)
    if said.artefact is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: artefact, the model's file or folder")
    if said.sha256 is None and said.signature is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: sha256, or signature with public_key")
    by_hash = _by_hash(claim, said, bench) if said.sha256 is not None else None
    if said.signature is None or (by_hash is not None and by_hash.outcome is Outcome.REFUTED):
        assert by_hash is not None
        return by_hash
    return _by_signature(claim, said, bench)


def _by_hash(claim: Claim, said: ModelSignature, bench: Bench) -> Verdict:
    assert said.artefact is not None
    assert said.sha256 is not None
    stated = said.sha256.lower()
    if bench.files.is_folder(said.artefact):
        raise Undecided(Reason.GAP, f"{said.artefact} is a folder, and a sha256 is that of one file")
    if (pointed := _pointed_at(said.artefact, bench)) is not None:
        return _of_pointer(claim, said.artefact, stated, pointed)
    actual = bench.files.digest(said.artefact)
    if actual != stated:
        why = f"{said.artefact} has the SHA-256 {actual}, not {stated}"
        return _refuted(claim, why, {"file": said.artefact, "stated": stated, "actual": actual}, _HASH)
    why = f"{said.artefact} has the stated SHA-256 {stated}"
    return _verified(claim, why, _HASH, "whoever stated the hash is to be trusted; it names no signer")


def _pointed_at(name: str, bench: Bench) -> str | None:
    """The hash in a Git LFS pointer that lies in the place of the file."""
    with bench.files.open(name) as file:
        head = file.read(1024)
    if not head.startswith(_POINTER):
        return None
    lines = (line.partition(b" ") for line in head.splitlines())
    return next(
        (value.decode("ascii", "replace").removeprefix("sha256:") for key, _, value in lines if key == b"oid"), ""
    )


def _of_pointer(claim: Claim, name: str, stated: str, pointed: str) -> Verdict:
    if pointed == stated:
        why = f"{name} is a Git LFS pointer to a file with the stated hash; fetch the file to have it checked"
        return unverifiable(claim, Reason.ARTEFACT_ABSENT, why)
    why = f"{name} is a Git LFS pointer to a file with the SHA-256 {pointed}, not {stated}"
    return _refuted(claim, why, {"file": name, "stated": stated, "pointer": pointed}, "the hash in the pointer")


def _by_signature(claim: Claim, said: ModelSignature, bench: Bench) -> Verdict:
    assert said.artefact is not None
    assert said.signature is not None
    bundle = _signed.read(bench.files, said.signature)
    listed = _signed.manifest(bundle, said.signature)
    artefact = posixpath.normpath(said.artefact)
    besides = frozenset(map(posixpath.normpath, (said.signature, claim.location.path, said.public_key or ".")))
    problem = _signed.difference(bench.files, artefact, listed, besides)
    if problem:
        why = f"{problem['file']} is {problem['problem']}, so the model is not the one that was signed"
        return _refuted(claim, why, problem, _LIST)
    same = f"all {len(listed.hashes):,} files of {said.artefact} are as the signature lists them"
    flaw = _dsse.flaw(bundle, _trusted(said, bundle, bench, same), said.at or bench.now)
    if flaw:
        return _refuted(
            claim, f"{flaw} ({said.signature})", {"signature": said.signature, "problem": flaw}, "DSSE, ECDSA"
        )
    left_out = ", ".join(listed.ignored) or "nothing"
    why = f"{same}, and the signature is one by {said.public_key}"
    return _verified(
        claim, why, f"{_LIST}; DSSE, ECDSA", f"public_key is the right signer's; left out by the signer: {left_out}"
    )


def _trusted(said: ModelSignature, bundle: _signed.Bundle, bench: Bench, same: str) -> bytes:
    """The key or certificate that the claim names: a file, or the PEM text itself."""
    if said.public_key is None:
        if bundle.is_keyless:
            why = "but it is a keyless one, and sigstore's roots and log are in the network"
            raise Undecided(Reason.NEEDS_NETWORK, f"{same}, {why}")
        raise Undecided(Reason.MISSING_PARAMETER, f"not stated: public_key; {same}, and nobody knows who signed")
    if "-----BEGIN" in said.public_key:
        return said.public_key.encode()
    return bench.files.read(said.public_key, 1_000_000)


def _refuted(claim: Claim, why: str, witness: Json, method: str) -> Verdict:
    return Verdict(claim=claim.id, outcome=Outcome.REFUTED, explanation=why, witness=witness, method=method)


def _verified(claim: Claim, why: str, method: str, *assumed: str) -> Verdict:
    common: dict[str, Any] = {"claim": claim.id, "explanation": why, "method": method, "assumptions": assumed}
    return Verdict(outcome=Outcome.VERIFIED, **common)


VERIFIER = Verifier("model_signature", _judge)
