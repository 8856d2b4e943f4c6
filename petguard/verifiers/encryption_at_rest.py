"""Looks for what refutes that a file or a store is encrypted: never verified, since random bytes prove nothing."""

from petguard import secrets
from petguard.artefacts import Undecided
from petguard.claims import EncryptionAtRest
from petguard.model import Claim, Reason, Verdict
from petguard.unprotected import Weakness, settings
from petguard.verifiers import Bench, Verifier, _ciphertext, _fernet
from petguard.verifiers.encryption_in_transit import refuted, text_of

_METHOD = "first bytes, readable text and repeated blocks, after unpacking"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, EncryptionAtRest)
    if said.config is None and said.artefact is None:
        raise Undecided(
            Reason.MISSING_PARAMETER, "not stated: artefact, the encrypted file, or config, the settings of the store"
        )
    found = _by_config(claim, said.config, bench) if said.config is not None else None
    if found is None and said.artefact is not None:
        return _by_bytes(claim, said.artefact, bench)
    if found is None:
        why = f"{said.config} switches no encryption off, but only the store itself shows whether it is encrypted"
        raise Undecided(Reason.NOT_SUFFICIENT, why)
    return found


def _by_config(claim: Claim, name: str, bench: Bench) -> Verdict | None:
    found = settings(text_of(name, bench))
    weak = next((each for each in found if each.weakness is Weakness.PLAIN_STORAGE), None)
    if weak is None:
        return None
    why = f"{name}:{weak.line}: {secrets.mask_in(weak.text)}, so what is stored is not encrypted"
    witness = {"file": name, "line": weak.line, "evidence": secrets.mask_in(weak.source)}
    return refuted(claim, why, witness, "settings that switch protection off, line by line")


def _by_bytes(claim: Claim, name: str, bench: Bench) -> Verdict:
    with bench.files.open(name) as file:
        raw = file.read(_ciphertext.SAMPLE)
    if not raw:
        raise Undecided(Reason.GAP, f"{name} is empty")
    found = _ciphertext.look(raw)
    if found.plain:
        return refuted(
            claim,
            f"{name} is not encrypted: {found.what}",
            {"file": name, "what": found.what, **found.numbers},
            _METHOD,
        )
    key = _fernet.key_beside(bench.files, name, raw)
    if key is not None:
        path, line, text = key
        why = f"the key of {name} lies beside it in {path}:{line}: {secrets.mask(text)}"
        return refuted(
            claim, why, {"file": name, "key_in": path, "line": line, "key": secrets.mask(text)}, "HMAC of the token"
        )
    numbers = ", ".join(f"{name} {value}" for name, value in found.numbers.items())
    raise Undecided(Reason.NOT_SUFFICIENT, f"{name}: {found.what}" + (f" ({numbers})" if numbers else ""))


VERIFIER = Verifier("encryption_at_rest", _judge)
