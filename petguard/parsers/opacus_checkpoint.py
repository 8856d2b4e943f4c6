"""Opacus checkpoints: the ledger of the privacy accountant, which says with what noise each step was really taken.

`PrivacyEngine.save_checkpoint` writes `privacy_accountant_state_dict` with a `history` of (noise multiplier, sample
rate, steps). It is read from the pickle's opcodes: nothing is loaded, and of a file whose loading runs code nothing is
believed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

from pydantic import ValidationError

from petguard.blobs import Blob
from petguard.claims import DpSgd, LedgerStep
from petguard.errors import UnreadableInput
from petguard.model import Claim, Facts, Gap, Location
from petguard.parsers import Parser, one_by_one
from petguard.parsers._model_file import MAX_READ, shown
from petguard.parsers._model_formats import archives
from petguard.parsers._model_formats._opcodes import scan
from petguard.parsers._model_formats._values import values
from petguard.parsers._stated_dp import protection

_KEY = "privacy_accountant_state_dict"
_MECHANISMS = frozenset({"rdp", "prv", "gdp"})
_SMALL = 1_000_000  # bytes of an accountant's state alone
_MOST = 10_000  # different pairs of noise and rate; a run without a noise scheduler has one


def _recognises(blob: Blob) -> bool:
    """Whether the accountant's key stands in the pickle; a broken archive is looked at as it is."""
    try:
        content, _, _ = _pickle(blob)
    except UnreadableInput:
        content = blob.part(0, MAX_READ)
    return _KEY.encode() in content or _may_be_state(content)


def _may_be_state(content: bytes) -> bool:
    """Whether it may hold an accountant's state and nothing else, which has no name of its own."""
    return len(content) <= _SMALL and b"history" in content and b"mechanism" in content


@lru_cache(maxsize=2)
def _pickle(blob: Blob) -> tuple[bytes, bool, int]:
    """The pickle of a checkpoint, whether that is all of it, and how many pickles stand in a row; else nothing."""
    if blob.head.startswith(b"PK"):
        inside = archives.torch_pickle(blob)
        return (*inside, 1) if inside else (b"", True, 1)
    if not blob.head.startswith(b"\x80") or blob.head[1:2] not in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return b"", True, 1
    in_a_row = 5 if blob.head.startswith(_LEGACY) else 1
    return blob.part(0, MAX_READ), blob.size <= MAX_READ or in_a_row > 1, in_a_row


_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def _examine(blobs: Sequence[Blob]) -> Iterator[Facts | Gap]:
    yield from one_by_one(blobs, _read)


def _read(blob: Blob) -> Facts:
    content, complete, in_a_row = _pickle(blob)
    if not complete:
        raise UnreadableInput(f"the pickle has more than {MAX_READ:,} bytes", reason="too_large")
    found = scan(BytesIO(content), len(content), least=in_a_row)
    if not found.harmless and _KEY.encode() not in content:
        return Facts()  # some other pickle with a history and a mechanism
    if found.complete and not found.harmless:
        names = ", ".join(shown(each) for each in sorted(found.strange)[:3])
        raise UnreadableInput(f"loading it runs {names}, so its privacy ledger proves nothing", reason="runs_code")
    state = _state(content, in_a_row)
    return Facts() if state is None else _facts(blob.path, state)


def _state(content: bytes, in_a_row: int) -> dict[str | int, Any] | None:
    """The one state of an accountant in the pickle; two of them cannot be told apart."""
    file = BytesIO(content)
    read = [values(file) for _ in range(in_a_row)]
    held = [mapping[_KEY] for each in read for mapping in each.mappings if _KEY in mapping]
    bare = [each.top for each in read if _is_state(each.top)]
    states = held or bare
    if len(states) > 1:
        raise UnreadableInput(f"{_KEY} stands there {len(states)} times", reason="invalid_value")
    if states and not isinstance(states[0], dict):
        raise UnreadableInput(f"{_KEY} is not a mapping", reason="wrong_type")
    return states[0] if states else None


def _is_state(top: Any) -> bool:
    """Whether the file holds nothing but what an accountant gives as its state."""
    return isinstance(top, dict) and top.keys() == {"history", "mechanism"} and isinstance(top["history"], list)


def _facts(path: str, state: dict[str | int, Any]) -> Facts:
    place = Location(path=path)
    mechanism = state.get("mechanism")
    known = isinstance(mechanism, str) and mechanism in _MECHANISMS
    claim = Claim(
        id=f"dp_sgd:{path}",
        statement=DpSgd(checkpoint=path, ledger=_ledger(state.get("history"))),
        location=place,
        subject=path,
        doubts=() if known else ("the ledger was written by an accountant that Opacus does not have",),
    )
    return Facts(nodes=(protection(claim, "Opacus"),), claims=(claim,))


def _ledger(history: Any) -> tuple[LedgerStep, ...]:
    """The steps, those with the same noise and rate together: in what order they were taken changes nothing."""
    if not isinstance(history, list):
        raise UnreadableInput("the history of the accountant is not a list", reason="wrong_type")
    if not history:
        raise UnreadableInput("the history of the accountant is empty: no step was accounted for", reason="empty")
    counted = Counter[tuple[float, float]]()
    for noise, rate, steps in map(_entry, history):
        counted[noise, rate] += steps
    if len(counted) > _MOST:
        raise UnreadableInput(f"the history has more than {_MOST:,} kinds of steps", reason="too_large")
    return tuple(_steps(counted.items()))


def _entry(entry: Any) -> tuple[float, float, int]:
    numbers = list(entry) if isinstance(entry, tuple | list) and len(entry) == 3 else []
    if len(numbers) != 3 or not all(type(each) in (int, float) for each in numbers) or type(numbers[2]) is not int:
        raise UnreadableInput("an entry of the history is not (noise multiplier, sample rate, steps)")
    try:
        step = LedgerStep.model_validate(dict(zip(LedgerStep.model_fields, numbers, strict=True)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UnreadableInput(f"history: {first['loc'][0]}: {first['msg'].lower()}", reason="invalid_value") from error
    return step.noise_multiplier, step.sample_rate, step.steps


def _steps(counted: Iterable[tuple[tuple[float, float], int]]) -> Iterator[LedgerStep]:
    for (noise, rate), steps in counted:
        try:
            yield LedgerStep(noise_multiplier=noise, sample_rate=rate, steps=steps)
        except ValidationError as error:
            raise UnreadableInput("the history has more steps than any training", reason="invalid_value") from error


PARSER = Parser.of_blobs("opacus_checkpoint", _recognises, _examine)
