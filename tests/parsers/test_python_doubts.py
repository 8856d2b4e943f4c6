"""Code that trains otherwise than the numbers of its engine say gets no verdict."""

from collections.abc import Callable, Mapping

import pytest

from petguard.model import Facts, Gap, Outcome, Reason
from petguard.parsers import Parser
from petguard.parsers.python import PARSER
from petguard.verifiers import judge_all
from tests.benches import bench

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
CODE = """\
{head}
from opacus import PrivacyEngine
from torch.utils.data import DataLoader


def train(data, model, optimizer, config):
    loader = DataLoader(data, batch_size=256{loader})
    engine = {engine}()
    model, optimizer, loader = engine.make_private(
        module=model, optimizer=optimizer, data_loader=loader, noise_multiplier=1.1, max_grad_norm=1.0{call}
    )
    {before}
    for epoch in range(10):
        for x, y in loader:
            {inner}
            optimizer.step()
        scheduler.step()
    return engine.get_epsilon(delta=1e-5)
"""
PLAIN = {"head": "", "loader": "", "engine": "PrivacyEngine", "call": "", "before": "pass", "inner": "pass"}


def _doubts(read: Read, **changed: str) -> tuple[str, ...]:
    facts, gaps = read(PARSER, {"train.py": CODE.format(**{**PLAIN, **changed})})
    assert not gaps
    return facts.claims[0].doubts


def test_a_plain_training_loop_raises_no_doubt(read: Read) -> None:
    """One loop over epochs, one over batches, the scheduler once per epoch."""
    assert _doubts(read) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"call": ", **config"}, "mapping"),
        ({"call": ", noise_generator=config.rng"}, "noise generator"),
        ({"call": ", clipping='ghost'"}, "clipping"),
        ({"loader": ", sampler=config.sampler"}, "sampler"),
        ({"head": "class Fake: ...", "engine": "Fake"}, "class of this file"),
        ({"head": "from config import *"}, "replace the constants"),
        ({"head": "from opacus.schedulers import ExponentialNoise"}, "scheduler"),
        ({"before": "optimizer.noise_multiplier = 0.01"}, "another noise_multiplier"),
        ({"inner": "optimizer.original_optimizer.step()"}, "without noise"),
        ({"inner": "for again in range(9): optimizer.step()"}, "more often"),
        ({"before": "while True: optimizer.step()"}, "more often"),
    ],
)
def test_what_may_change_the_numbers_is_a_doubt(read: Read, changed: dict[str, str], said: str) -> None:
    """Each of these can make the true epsilon larger than the one that the numbers give."""
    assert any(said in doubt for doubt in _doubts(read, **changed))


def test_a_doubt_keeps_a_claim_from_a_verdict(read: Read) -> None:
    """The numbers are shown, and neither verify nor refute."""
    facts, _ = read(PARSER, {"train.py": CODE.format(**{**PLAIN, "call": ", **config"})})
    (claim,) = facts.claims
    full = claim.statement.model_copy(update={"epsilon": 3.0, "dataset_size": 60000})
    (verdict,) = judge_all([claim.model_copy(update={"statement": full})], bench())
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.DYNAMIC_VALUE)
    assert verdict.interval is not None
