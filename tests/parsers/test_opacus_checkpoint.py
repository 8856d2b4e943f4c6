"""The ledger in Opacus checkpoints, read from files made here; nothing in them is ever run."""

import io
import os
import pickle
import tempfile
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.claims import DpSgd, LedgerStep
from petguard.collect import collect
from petguard.errors import NothingToScan
from petguard.model import Claim, Facts, Gap
from petguard.parsers._source import together
from petguard.parsers.opacus_checkpoint import PARSER


def _checkpoint(history: object, **more: object) -> dict[str, object]:
    """What `PrivacyEngine.save_checkpoint` saves, without numbers of a model."""
    state = OrderedDict(history=history, mechanism="prv")
    return {"module_state_dict": OrderedDict(), "privacy_accountant_state_dict": state, **more}


def _torch_zip(held: bytes) -> bytes:
    """A file as `torch.save` writes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("checkpoint/data.pkl", held)
        archive.writestr("checkpoint/byteorder", "little")
        archive.writestr("checkpoint/version", "3\n")
    return packed.getvalue()


def _examined(files: Mapping[str, bytes]) -> tuple[tuple[Claim, ...], list[Gap]]:
    assert PARSER.recognises is not None
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        try:
            found = collect([Path(folder)], {}, probes={PARSER.name: PARSER.recognises}).blobs[PARSER.name]
        except NothingToScan:
            return (), []
        results = list(PARSER.examine(found))
    facts = together(each for each in results if isinstance(each, Facts))
    assert [node.claim for node in facts.nodes] == [claim.id for claim in facts.claims]
    return facts.claims, [each for each in results if isinstance(each, Gap)]


def _ledger(content: bytes) -> tuple[LedgerStep, ...]:
    (claim,), gaps = _examined({"model.pt": content})
    assert gaps == []
    assert isinstance(claim.statement, DpSgd)
    assert claim.statement.checkpoint == claim.subject == "model.pt"
    return claim.statement.ledger


def _why(history: object) -> str:
    claims, (gap,) = _examined({"model.pt": _torch_zip(pickle.dumps(_checkpoint(history), 2))})
    assert claims == ()
    return gap.detail


_RUN = [(1.1, 0.0042, 3500), (1.3, 0.0042, 10)]
_STEPS = (
    LedgerStep(noise_multiplier=1.1, sample_rate=0.0042, steps=3500),
    LedgerStep(noise_multiplier=1.3, sample_rate=0.0042, steps=10),
)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_ledger_of_a_checkpoint_is_a_claim(protocol: int) -> None:
    """Every protocol, in an archive of PyTorch and as a bare pickle."""
    held = pickle.dumps(_checkpoint(_RUN), protocol)
    assert _ledger(_torch_zip(held)) == _ledger(held) == _STEPS


def test_the_ledger_of_the_older_form_of_pytorch() -> None:
    """There five pickles stand in a row before the numbers."""
    before = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    after = pickle.dumps([], 2) + bytes(range(256))
    assert _ledger(before + pickle.dumps(_checkpoint(_RUN), 2) + after) == _STEPS


def test_an_accountant_s_state_alone_is_a_claim() -> None:
    """`torch.save(engine.accountant.state_dict(), path)` leaves the same ledger."""
    assert _ledger(pickle.dumps(OrderedDict(history=_RUN, mechanism="rdp"), 2)) == _STEPS


def test_equal_steps_are_counted_together() -> None:
    """A loop that asks for the epsilon in between leaves the same pair several times."""
    assert _ledger(pickle.dumps(_checkpoint([_RUN[0], _RUN[1], _RUN[0]]))) == (
        LedgerStep(noise_multiplier=1.1, sample_rate=0.0042, steps=7000),
        _STEPS[1],
    )


def test_tensors_beside_the_ledger_do_not_matter() -> None:
    """What PyTorch would rebuild by its own functions is left alone."""
    tensor = (
        b"\x80\x02}(X\x11\x00\x00\x00module_state_dictctorch._utils\n_rebuild_tensor_v2\n"
        b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ"
        b"K\x00))\x89ccollections\nOrderedDict\n)RtR"
    )
    state = pickle.dumps(_checkpoint(_RUN)["privacy_accountant_state_dict"], 2)[2:-1]
    assert _ledger(_torch_zip(tensor + b"X\x1d\x00\x00\x00privacy_accountant_state_dict" + state + b"u.")) == _STEPS


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("petguard-was-run",)


def test_a_checkpoint_that_would_run_code_is_a_gap() -> None:
    """Its ledger stands there as well, and proves nothing; nothing is run."""
    claims, (gap,) = _examined({"model.pt": _torch_zip(pickle.dumps(_checkpoint(_RUN, extra=_Runs()), 2))})
    assert (claims, gap.reason) == ((), "runs_code")
    assert "mkdir" in gap.detail
    assert not Path("petguard-was-run").exists()


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([], "no step was accounted for"),
        ("often", "not a list"),
        ([(1.1, 0.01)], "not (noise multiplier, sample rate, steps)"),
        ([(1.1, 0.01, "10")], "not (noise multiplier, sample rate, steps)"),
        ([(1.1, 0.01, True)], "not (noise multiplier, sample rate, steps)"),
        ([(1.1, 0.01, 10.5)], "not (noise multiplier, sample rate, steps)"),
        ([(-1.0, 0.01, 10)], "noise_multiplier"),
        ([(float("nan"), 0.01, 10)], "noise_multiplier"),
        ([(float("inf"), 0.01, 10)], "noise_multiplier"),
        ([(1.0, 0.0, 10)], "sample_rate"),
        ([(1.0, 1.5, 10)], "sample_rate"),
        ([(1.0, 0.5, 0)], "steps"),
        ([(1.0, 0.5, 10**16)], "steps"),
        ([(1.0, 0.5, 10**15), (1.0, 0.5, 1)], "more steps than any training"),
        ([(1.0 + n / 1e6, 0.5, 1) for n in range(10_001)], "more than 10,000 kinds"),
    ],
)
def test_an_impossible_history_is_a_gap(history: object, words: str) -> None:
    """The detail says what is wrong; no claim is made of a part of it."""
    assert words in _why(history)


def test_an_accountant_nobody_knows_is_doubted() -> None:
    """The ledger of another library may mean something else by its numbers."""
    state = {"history": _RUN, "mechanism": "own"}
    (claim,), gaps = _examined({"m.pt": pickle.dumps({"privacy_accountant_state_dict": state})})
    assert gaps == []
    assert len(claim.doubts) == 1


@pytest.mark.parametrize("state", [None, [1], "state"])
def test_a_state_that_is_no_mapping_is_a_gap(state: object) -> None:
    """The key alone is no ledger."""
    claims, (gap,) = _examined({"m.pt": pickle.dumps({"privacy_accountant_state_dict": state})})
    assert (claims, gap.reason) == ((), "wrong_type")


def test_two_ledgers_are_a_gap() -> None:
    """Which of two runs made the model is not known."""
    both = {"a": _checkpoint(_RUN), "b": _checkpoint(_RUN)}
    claims, (gap,) = _examined({"m.pt": pickle.dumps(both)})
    assert (claims, gap.reason) == ((), "invalid_value")


@pytest.mark.parametrize("whole", [pickle.dumps(_checkpoint(_RUN), 2), _torch_zip(pickle.dumps(_checkpoint(_RUN), 2))])
def test_a_checkpoint_cut_off_in_the_middle_is_a_gap(whole: bytes) -> None:
    """What is left of the ledger is not believed."""
    claims, gaps = _examined({"model.pt": whole[: whole.index(b"mechanism") + 4]})
    assert claims == ()
    assert len(gaps) == 1


@pytest.mark.parametrize("held", [{"history": [1], "mechanism": "x", "w": 1}, {"loss": 1}, [1, 2]])
def test_other_pickles_are_nobody_s_ledger(held: object) -> None:
    """A history of something else is no privacy claim and no gap."""
    assert _examined({"m.pt": pickle.dumps(held), "m.zip": _torch_zip(pickle.dumps(held, 2))}) == ((), [])


def test_another_pickle_that_runs_code_is_no_gap_here() -> None:
    """Whether it may be loaded is for the rules about model files."""
    held = {"history": [1], "mechanism": "x", "o": _Runs()}
    assert _examined({"m.pkl": pickle.dumps(held, 2)}) == ((), [])


@given(cut=st.integers(0, 200), put=st.binary(max_size=12))
def test_damaged_checkpoints_end_as_they_should(cut: int, put: bytes) -> None:
    """Any damage gives a claim or a gap, never a crash."""
    whole = pickle.dumps(_checkpoint(_RUN), 4)
    for rest in (b"", whole[cut:], whole[cut + len(put) :]):
        _examined({"model.pt": whole[:cut] + put + rest})
