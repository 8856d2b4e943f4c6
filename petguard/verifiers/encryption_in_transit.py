"""Looks for what refutes that a connection is encrypted and authenticated: never verified from looks alone.

Of a configuration a line that switches TLS or the check of certificates off, or an address with a plain protocol, is
the witness. Of a certificate (`artefact`) it is its expiry, its key or its signature algorithm (extra `sign`).
"""

import io
import tokenize
from typing import Any

from petguard import secrets
from petguard.artefacts import Undecided, optional
from petguard.claims import EncryptionInTransit
from petguard.model import Claim, Json, Outcome, Reason, Verdict
from petguard.unprotected import Reach, Setting, Weakness, settings
from petguard.verifiers import Bench, Verifier

_WORDS = {
    Weakness.PLAIN: "the connection is not encrypted",
    Weakness.UNCHECKED: "nobody checks who answers, so anybody on the way can",
    Weakness.OLD: "a broken version of TLS is allowed",
}
_LARGEST = 16_000_000  # bytes of a configuration
_SMALLEST_KEYS = {"RSA": 2048, "DSA": 2048, "EC": 224}  # bits; NIST SP 800-131A Rev. 2
_BEGINS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)  # what a statement follows
_BETWEEN = (tokenize.NL, tokenize.COMMENT)
_BROKEN_HASHES = ("md5", "sha1")


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, EncryptionInTransit)
    if said.config is None and said.artefact is None:
        raise Undecided(
            Reason.MISSING_PARAMETER, "not stated: config, the file with the settings, or artefact, a certificate"
        )
    weak = _weak(said.config, bench) if said.config is not None else None
    if weak is not None:
        return _refuted_by(claim, said.config or "", weak)
    if said.artefact is not None:
        return _of_certificate(claim, said.artefact, bench)
    raise Undecided(
        Reason.NOT_SUFFICIENT,
        f"{said.config} switches nothing off, but only the running connection shows whether it is encrypted",
    )


def text_of(name: str, bench: Bench) -> str:
    """A configuration as text; Undecided when it is none."""
    try:
        text = bench.files.read(name, _LARGEST).decode("utf-8-sig")
        return _without_docstrings(text) if name.endswith(".py") else text
    except UnicodeDecodeError as error:
        raise Undecided(Reason.GAP, f"{name} is no text") from error


def _without_docstrings(text: str) -> str:
    """A Python file whose texts that are no value of anything are empty lines; as it is where it is no Python."""
    lines = list(io.StringIO(text))
    try:
        told = [each for each in tokenize.generate_tokens(iter([*lines, ""]).__next__) if each.type not in _BETWEEN]
    except (tokenize.TokenError, SyntaxError, StopIteration):
        return text
    for before, token, after in zip([None, *told], told, told[1:], strict=False):
        begins = before is None or before.type in _BEGINS
        if token.type == tokenize.STRING and begins and after.type == tokenize.NEWLINE:
            first, last = token.start[0] - 1, token.end[0]
            lines[first:last] = ["\n"] * (last - first)
    return "".join(lines)


def _weak(name: str, bench: Bench) -> Setting | None:
    """The first weak setting; what stays inside a machine or a cluster counts for nothing."""
    weak = (each for each in settings(text_of(name, bench)) if each.weakness in _WORDS)
    return next((each for each in weak if each.reach not in (Reach.LOCAL, Reach.NEAR)), None)


def _refuted_by(claim: Claim, name: str, weak: Setting) -> Verdict:
    why = f"{name}:{weak.line}: {secrets.mask_in(weak.text)}, so {_WORDS[weak.weakness]}"
    witness = {"file": name, "line": weak.line, "evidence": secrets.mask_in(weak.source)}
    return refuted(claim, why, witness, "settings that switch protection off, line by line")


def refuted(claim: Claim, why: str, witness: Json, method: str) -> Verdict:
    """A refutation with its witness."""
    return Verdict(claim=claim.id, outcome=Outcome.REFUTED, explanation=why, witness=witness, method=method)


def _of_certificate(claim: Claim, name: str, bench: Bench) -> Verdict:
    certificate = _certificate(name, bench)
    at = claim.statement.at or bench.now
    ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if not begins <= at <= ends:
        why = f"{name} is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}, not at {at:%Y-%m-%d}"
        return refuted(
            claim, why, {"file": name, "valid_until": f"{ends:%Y-%m-%d}", "at": f"{at:%Y-%m-%d}"}, "X.509 dates"
        )
    flaw = _flaw(certificate)
    if flaw:
        return refuted(claim, f"{name} has {flaw}", {"file": name, "flaw": flaw}, "X.509 key and signature")
    why = f"{name} is valid until {ends:%Y-%m-%d} and its key is long enough, but nothing shows who uses it"
    raise Undecided(Reason.NOT_SUFFICIENT, why)


def _certificate(name: str, bench: Bench) -> Any:
    raw = bench.files.read(name, 1_000_000)
    x509 = optional("cryptography.x509", "sign")
    try:
        return x509.load_pem_x509_certificate(raw) if b"-----BEGIN" in raw else x509.load_der_x509_certificate(raw)
    except ValueError as error:
        raise Undecided(Reason.GAP, f"{name} is no certificate that can be read") from error


def _flaw(certificate: Any) -> str:
    try:
        key = certificate.public_key()
    except (ValueError, optional("cryptography.exceptions", "sign").UnsupportedAlgorithm) as error:
        raise Undecided(Reason.GAP, "the key of the certificate cannot be read") from error
    kind = type(key).__name__.lstrip("_").removesuffix("PublicKey").replace("EllipticCurve", "EC")
    least = _SMALLEST_KEYS.get(kind, 0)
    if least and key.key_size < least:
        return f"a key of {key.key_size} bits ({kind}), and {least} are the least"
    used = certificate.signature_hash_algorithm
    if used is not None and used.name in _BROKEN_HASHES and certificate.subject != certificate.issuer:
        return f"a signature over {used.name.upper()}, which is broken"
    return ""


VERIFIER = Verifier("encryption_in_transit", _judge)
