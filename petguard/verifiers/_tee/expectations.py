"""Holds signed evidence against what a claim expects of it. What differs refutes; what is not said verifies nothing."""

import base64
import binascii
import hashlib
from collections.abc import Iterator

from petguard.artefacts import Artefacts, Undecided
from petguard.claims import Expectation
from petguard.model import Reason
from petguard.verifiers._tee.evidence import Evidence, Refuted

_BLOCK = 1024 * 1024
_MOST_SHOWN = 4  # measurements; a GPU has 64
_FIXED = 64  # bytes of the field for data of the enclave in quotes and reports; shorter data ends in zeros


def hold(evidence: Evidence, expected: Expectation, files: Artefacts) -> None:
    """Return only if everything expected is there; else Refuted or Undecided."""
    _debug(evidence, expected)
    ran = _measured(evidence, expected.measurement)
    ran |= _one_of("image digest", evidence.image_digests, expected.image_digest, evidence.kind)
    _one_of("audience", evidence.audiences, (expected.audience,) if expected.audience else (), evidence.kind)
    if expected.nonce is not None:
        _bound(evidence, _spellings(expected.nonce), f"the nonce {expected.nonce[:80]}")
    if expected.nonce_of is not None:
        _bound_to_file(evidence, expected.nonce_of, files)
    for name in evidence.missing:
        raise Undecided(Reason.MISSING_PARAMETER, f"not stated: {name}")
    if evidence.debug is None:
        raise Undecided(Reason.NOT_SUFFICIENT, f"the evidence does not say that debugging is off; {words(evidence)}")
    for why in evidence.weak:
        raise Undecided(Reason.NOT_SUFFICIENT, why)
    if not ran:
        raise Undecided(Reason.MISSING_PARAMETER, _nothing_expected(evidence, expected))


def _debug(evidence: Evidence, expected: Expectation) -> None:
    if evidence.debug and expected.debug:
        raise Undecided(Reason.NOT_SUFFICIENT, "debugging is on, as expected: whoever runs the machine can look inside")
    if evidence.debug:
        raise Refuted("debugging is on: whoever runs the machine can look inside", {"debug": True})
    if expected.debug and evidence.debug is False:
        raise Refuted("debugging is off, and the claim says that it is on", {"debug": False})


def _measured(evidence: Evidence, expected: tuple[str, ...]) -> bool:
    """Whether a measurement that says which program ran is an expected one.

    `NAME:hash` (or `NAME=hash`) is about that measurement; a bare hash about any of them.
    """
    named: dict[str, set[str]] = {}
    for entry in expected:
        name, _, value = entry.replace("=", ":").rpartition(":")
        named.setdefault(name.strip().upper(), set()).add(value.strip().lower().removeprefix("0x"))
    bare = named.pop("", set())
    met = {name for name, value in evidence.measured.items() if value in bare}
    if bare and not met:
        raise Refuted("no measurement is an expected one", _witness(evidence, bare))
    for name, allowed in sorted(named.items()):
        if name not in evidence.measured:
            raise Undecided(Reason.NOT_SUFFICIENT, f"{evidence.kind} evidence has no measurement {name[:40]}")
        if evidence.measured[name] not in allowed:
            raise Refuted(
                f"{name} is not an expected one", {name: evidence.measured[name], "expected": sorted(allowed)}
            )
        met.add(name)
    return bool(met & evidence.code)


def _witness(evidence: Evidence, expected: set[str]) -> dict[str, object]:
    """The measurements that say which program ran, beside what was expected."""
    return {**_shown(evidence), "expected": sorted(expected)}


def _shown(evidence: Evidence) -> dict[str, str]:
    """The first measurements that say which program ran, for people."""
    known = sorted(evidence.code & evidence.measured.keys())
    return {name: evidence.measured[name] for name in known[:_MOST_SHOWN]}


def _one_of(what: str, found: tuple[str, ...], expected: tuple[str, ...], kind: str) -> bool:
    if not expected:
        return False
    if not found:
        raise Undecided(Reason.NOT_SUFFICIENT, f"this {kind} evidence says no {what}")
    if not set(found) & set(expected):
        witness = {what.replace(" ", "_"): [each[:200] for each in found], "expected": list(expected)}
        raise Refuted(f"the {what} is {', '.join(each[:200] for each in found)}, not the expected one", witness)
    return True


def _bound_to_file(evidence: Evidence, name: str, files: Artefacts) -> None:
    """The evidence must hold the SHA-256 of the file, as bytes or in a spelling of them."""
    wanted = _digest(files, name, "sha256")
    if any(_is(bound, _written(wanted)) for bound in evidence.bound):
        return
    weak = _digest(files, name, "md5")
    if any(_is(bound, _written(weak)) for bound in evidence.bound):
        witness = {"nonce": weak.hex(), "sha256": wanted.hex()}
        raise Refuted(f"the nonce is the MD5 of {name}, for which anybody can make a second file", witness)
    _bound(evidence, _written(wanted), f"the SHA-256 of {name}, {wanted.hex()}")


def _digest(files: Artefacts, name: str, algorithm: str) -> bytes:
    """The hash of a file of any size."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    with files.open(name) as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.digest()


def _bound(evidence: Evidence, wanted: set[bytes], what: str) -> None:
    if not evidence.bound:
        raise Undecided(Reason.NOT_SUFFICIENT, f"this {evidence.kind} evidence is bound to nothing, so it may be old")
    if not any(_is(bound, wanted) for bound in evidence.bound):
        witness = {"bound": [each.hex()[:256] for each in evidence.bound], "expected": what}
        raise Refuted(f"the evidence is not bound to {what}", witness)


def _is(bound: bytes, wanted: set[bytes]) -> bool:
    """Whether it is one of these, also with the zeros that fill a field of fixed length."""
    return bound in wanted or (len(bound) == _FIXED and any(each.ljust(_FIXED, b"\0") == bound for each in wanted))


def _spellings(text: str) -> set[bytes]:
    """What a nonce may mean that was written down: itself, or hex or base64 of it."""
    found = {text.encode("utf-8")}
    for decode in (bytes.fromhex, lambda each: base64.b64decode(each, validate=True)):
        try:
            found.add(decode(text))
        except (ValueError, binascii.Error):
            continue
    return found - {b""}


def _written(digest: bytes) -> set[bytes]:
    """A hash, and its spellings as text."""
    plain, url = base64.b64encode(digest), base64.urlsafe_b64encode(digest)
    return {
        digest,
        digest.hex().encode(),
        digest.hex().upper().encode(),
        plain,
        url,
        plain.rstrip(b"="),
        url.rstrip(b"="),
    }


def _nothing_expected(evidence: Evidence, expected: Expectation) -> str:
    code = "image_digest" if evidence.image_digests else f"measurement ({', '.join(_shown(evidence))})"
    weak = "; what is expected does not say which program ran" if expected.measurement else ""
    return f"not stated: expect.{code}{weak}. The evidence says: {words(evidence)}"


def words(evidence: Evidence) -> str:
    """What the evidence says about what ran, for people."""
    return "; ".join(_words(evidence))


def _words(evidence: Evidence) -> Iterator[str]:
    yield {True: "debugging on", False: "debugging off", None: "nothing about debugging"}[evidence.debug]
    yield from (f"{name} {value}" for name, value in _shown(evidence).items())
    yield from (f"image {digest[:80]}" for digest in evidence.image_digests)
    yield from (f"audience {audience[:80]}" for audience in evidence.audiences)
