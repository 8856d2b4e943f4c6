"""Numbers of one claim that stand in several files: what is joined, what is a conflict, and what stays missing."""

from typing import Any

import pytest

from petguard.claims import DpQuery, DpSgd, LedgerStep, Statement
from petguard.hazards import Hazard
from petguard.joins import joined
from petguard.model import Asset, Claim, Danger, Facts, Location, Node, NodeKind, Origin, Setting

_LEDGER = (LedgerStep(noise_multiplier=1.1, sample_rate=0.01, steps=100),)


def _claim(path: str, statement: Statement, *, declared: bool = False, **more: Any) -> Claim:
    return Claim(
        id=f"{statement.technique}:{path}",
        statement=statement,
        location=Location(path=path, line=4),
        subject=more.pop("subject", path if declared else f"{path}:main"),
        origin=Origin.DECLARED if declared else Origin.DETECTED,
        **more,
    )


def _code(path: str = "src/train.py", **more: Any) -> Claim:
    return _claim(path, DpSgd(noise_multiplier=1.1, batch_size=256, epochs=15), **more)


def _card(path: str = "README.md", **fields: Any) -> Claim:
    return _claim(path, DpSgd(**{"epsilon": 3.0, "delta": 1e-5, **fields}), declared=True)


def _ledger(path: str = "model.pt") -> Claim:
    return _claim(path, DpSgd(checkpoint=path, ledger=_LEDGER), subject=path)


def _setting(field: str, value: float, path: str, key: str = "") -> Setting:
    return Setting(field=field, key=key or field, value=value, location=Location(path=path, line=7))


def _joined(*claims: Claim, settings: tuple[Setting, ...] = (), nodes: tuple[Node, ...] = ()) -> tuple[Claim, ...]:
    facts = joined([Facts(claims=claims, settings=settings, nodes=nodes)])
    assert not any(part.settings for part in facts)
    return tuple(claim for part in facts for claim in part.claims)


def test_the_card_of_a_project_states_the_epsilon_of_its_code() -> None:
    """One claim is left, with the place of what the card says."""
    (claim,) = _joined(_code(), _card())
    assert claim.stated == {"epsilon": 3.0, "delta": 1e-5}
    assert claim.stated_in == {"epsilon": "README.md:4", "delta": "README.md:4"}
    assert claim.origin is Origin.DETECTED


def test_a_card_that_contradicts_the_code_is_a_conflict() -> None:
    """The code's value is judged."""
    (claim,) = _joined(_code(), _card(noise_multiplier=1.5))
    assert claim.conflicts == {"noise_multiplier": {"found": 1.1, "stated": 1.5, "stated_in": "README.md:4"}}


def test_what_a_card_could_not_say_keeps_the_joined_claim_from_a_verdict() -> None:
    """A unit that the vocabulary has no word for does not get lost on the way."""
    card = _card().model_copy(update={"unresolved": {"unit": "document-level"}})
    (claim,) = _joined(_code(), card)
    assert claim.unresolved == {"unit": "document-level"}


def test_two_trainings_in_a_project_are_not_those_of_its_card() -> None:
    """Which of them the card speaks of is not guessed."""
    assert len(_joined(_code("a.py"), _code("b.py"), _card())) == 3


def test_two_cards_of_a_project_do_not_speak_of_its_code() -> None:
    """Nor are two cards of one folder."""
    assert len(_joined(_code(), _card(), _card("MODEL_CARD.md", epsilon=8.0))) == 3


def test_the_nearest_card_is_the_project_s() -> None:
    """A repository of several models has a card for each."""
    first, second, *rest = _joined(_code("a/src/t.py"), _code("b/t.py"), _card("a/README.md"), _card("b/README.md"))
    assert (rest, first.stated_in["epsilon"], second.stated_in["epsilon"]) == ([], "a/README.md:4", "b/README.md:4")


def test_a_card_of_another_folder_is_another_project() -> None:
    """It lies beside the code, not above it."""
    assert len(_joined(_code("src/t.py"), _card("docs/README.md"))) == 2


def test_the_protection_of_a_card_that_was_joined_is_no_other() -> None:
    """The inventory has it once."""
    card = _card()
    node = Node(
        id="pet:card", kind=NodeKind.PROTECTION, asset=Asset.PET, name="x", claim=card.id, origin=Origin.DECLARED,
        locations=(card.location,),
    )  # fmt: skip
    assert all(node not in part.nodes for part in joined([Facts(claims=(_code(), card), nodes=(node,))]))
    assert any(node in part.nodes for part in joined([Facts(claims=(card,), nodes=(node,))]))


def test_a_stated_checkpoint_brings_its_ledger() -> None:
    """What is stated about the file is judged by what the accountant recorded."""
    stated = _claim("petguard.yaml", DpSgd(epsilon=3.0, delta=1e-5, checkpoint="model.pt"), declared=True, subject="x")
    (claim,) = _joined(_ledger(), stated)
    assert isinstance(claim.statement, DpSgd)
    assert (claim.statement.ledger, claim.stated) == (_LEDGER, {"epsilon": 3.0, "delta": 1e-5})


def test_the_checkpoint_of_code_is_its_own_ledger() -> None:
    """The claim in the code gets it, with its place, and the checkpoint is no second claim."""
    code = _claim("t.py", DpSgd(noise_multiplier=1.1, checkpoint="model.pt"))
    (claim,) = _joined(_ledger(), code)
    assert isinstance(claim.statement, DpSgd)
    assert (claim.statement.ledger, claim.stated_in, claim.conflicts) == (_LEDGER, {"ledger": "model.pt:4"}, {})


def test_a_ledger_with_other_noise_is_a_conflict() -> None:
    """What was trained with is in the ledger."""
    (claim,) = _joined(_ledger(), _claim("t.py", DpSgd(noise_multiplier=2.0, checkpoint="model.pt")))
    assert claim.conflicts == {"noise_multiplier": {"found": 2.0, "stated": 1.1, "stated_in": "model.pt:4"}}


def test_a_checkpoint_that_nobody_names_is_a_claim_of_its_own() -> None:
    """It is not known to be that of the code beside it."""
    assert len(_joined(_ledger(), _code())) == 2


def test_a_configuration_gives_what_the_code_reads_by_its_name() -> None:
    """Whole numbers count, and the place is kept."""
    unresolved = {"steps": "args.max_steps is not a constant", "sample_rate": "cfg['sample_rate'] is not a constant"}
    (claim,) = _joined(
        _code(unresolved=unresolved),
        settings=(
            _setting("steps", 100.0, "config/a.yaml", "max_steps"),
            _setting("sample_rate", 0.01, "config/a.yaml"),
            _setting("delta", 1e-5, "config/a.yaml", "target_delta"),
        ),
    )
    assert isinstance(claim.statement, DpSgd)
    assert (claim.statement.steps, claim.statement.sample_rate, claim.statement.delta) == (100, 0.01, 1e-5)
    assert claim.stated_in == dict.fromkeys(("steps", "sample_rate", "delta"), "config/a.yaml:7")
    assert claim.unresolved == {}


@pytest.mark.parametrize(
    "settings",
    [
        (_setting("steps", 100, "a.yaml", "num_steps"),),  # the code has another name
        (_setting("steps", 100, "a.yaml", "max_steps"), _setting("steps", 100, "b.yaml", "max_steps")),
        (_setting("steps", -1, "a.yaml", "max_steps"),),
        (_setting("steps", 0.5, "a.yaml", "max_steps"),),
        (_setting("steps", 100, "src/train.py", "max_steps"),),
        (),
    ],
)
def test_what_is_not_plain_stays_unresolved(settings: tuple[Setting, ...]) -> None:
    """Another name, two files, and numbers that cannot be."""
    (claim,) = _joined(_code(unresolved={"steps": "args.max_steps is not a constant"}), settings=settings)
    assert ("steps" in claim.unresolved, claim.stated_in) == (True, {})


def test_the_nearest_configuration_is_the_project_s() -> None:
    """One further up is that of another."""
    near, far = _setting("dataset_size", 60000, "src/data/README.md"), _setting("dataset_size", 5, "other/README.md")
    (claim,) = _joined(_code(), settings=(near, far))
    assert claim.parameters["dataset_size"] == 60000


def test_the_configuration_of_another_project_is_not_taken() -> None:
    """It lies in the folder of a claim of its own."""
    first, second = _joined(
        _code("a/t.py"), _code("b/t.py"), settings=(_setting("dataset_size", 60000, "b/README.md"),)
    )
    assert ("dataset_size" in first.parameters, second.parameters["dataset_size"]) == (False, 60000)


def test_what_code_does_not_speak_of_is_not_looked_for_by_chance() -> None:
    """A number of steps in some configuration is not that of a training which counts epochs."""
    (claim,) = _joined(_code(), settings=(_setting("steps", 100, "a.yaml"),))
    assert "steps" not in claim.parameters


def test_metadata_goes_to_the_claim_that_opens_the_table() -> None:
    """Its hazards stand beside the epsilon; a claim of another library is not spoken of."""
    danger = Danger(hazard=Hazard.GROUP_KEYS, location=Location(path="m.yaml", line=9), detail="d")
    metadata = _claim("m.yaml", DpQuery(unit="user", contributions=3), declared=True, dangers=(danger,))
    code = _claim("q.py", DpQuery(epsilon=1.0))
    assert len(_joined(code, metadata)) == 2
    node = Node(
        id="pet:q", kind=NodeKind.PROTECTION, name="smartnoise-sql", claim=code.id, origin=Origin.DETECTED,
        locations=(code.location,),
    )  # fmt: skip
    (claim,) = _joined(code, metadata, nodes=(node,))
    assert (claim.parameters, claim.dangers) == ({"unit": "user", "contributions": 3}, (danger,))


def test_metadata_that_nobody_opens_says_nothing() -> None:
    """It holds no epsilon and, without a hazard, nothing to judge."""
    assert _joined(_claim("m.yaml", DpQuery(unit="user"), declared=True)) == ()
