"""Numbers and hazards of private runs in configurations: settings, SmartNoise metadata, and both sides of a PSI."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.hazards import Hazard
from petguard.model import Facts, Gap, Origin
from petguard.parsers import Parser, dp_settings, dpca_psi, smartnoise_metadata

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_TABLE = """\
engine: csv
forum:
  posts:
    words:
      author:
        private_id: true
        type: string
      censor_dims: false
      clamp_columns: true
      clamp_counts: false
      max_ids: 500
      length:
        lower: 0
        type: int
        upper: 100
      row_privacy: false
      rows: 500000
      sample_max_ids: false
"""


def _settings(read: Read, path: str, text: str) -> dict[str, float]:
    facts, gaps = read(dp_settings.PARSER, {path: text})
    assert (gaps, facts.claims) == ([], ())
    return {setting.field: setting.value for setting in facts.settings}


def test_a_run_s_configuration_gives_its_numbers(read: Read) -> None:
    """In whatever section; also 1e-5, which YAML leaves a text."""
    text = (
        "privacy:\n  noise_multiplier: 1.1\n  target_delta: 1e-5\n"
        "train:\n  batch_size: 256\n  num_epochs: 15\n  lr: 0.1\n"
    )
    assert _settings(read, "config.yaml", text) == {
        "noise_multiplier": 1.1,
        "delta": 1e-5,
        "batch_size": 256,
        "epochs": 15,
    }


def test_a_setting_has_its_place(read: Read) -> None:
    """The line of the key, under the name that it has there."""
    facts, _ = read(dp_settings.PARSER, {"c.json": '{\n "noise_multiplier": 1.1,\n "n_epochs": 3}'})
    (_, epochs) = facts.settings
    assert (epochs.field, epochs.key, epochs.location.line) == ("epochs", "n_epochs", 3)


def test_a_flower_app_gives_its_rounds(read: Read) -> None:
    """Of pyproject.toml the app's configuration alone counts."""
    text = (
        "[project]\nname = 'x'\n\n[tool.other]\nepochs = 9\n\n[tool.flwr.app.config]\nnum-server-rounds = 3\n"
        "noise-multiplier = 0.2\nclipping-norm = 10\nnum-sampled-clients = 20\nnum-shares = 7\n"
        "reconstruction-threshold = 4\ntarget-delta = 1e-5\n"
    )
    assert _settings(read, "pyproject.toml", text) == {
        "rounds": 3,
        "noise_multiplier": 0.2,
        "clipping_norm": 10,
        "clients_per_round": 20,
        "num_shares": 7,
        "reconstruction_threshold": 4,
        "delta": 1e-5,
    }


@pytest.mark.parametrize(
    "text",
    [
        "noise_multiplier: 1\nbatch_size: 32\nnoise:\n  batch_size: 64\n",
        "noise_multiplier: 1\nbatch_size: [32]\n",
        "noise_multiplier: 1\nbatch_size: many\n",
        "noise_multiplier: 1\nbatch_size: true\n",
    ],
)
def test_two_values_or_none_give_nothing(read: Read, text: str) -> None:
    """Which one counts, or what it is, is not guessed."""
    assert _settings(read, "config.yml", text) == {"noise_multiplier": 1}


def test_other_configurations_give_nothing(read: Read) -> None:
    """A batch size without privacy beside it is that of any training, and epsilon may be anything."""
    assert _settings(read, "config.yaml", "epsilon: 0.1\nbatch_size: 32\n") == {}
    assert _settings(read, "pyproject.toml", "[project]\nx = 1\n[tool.a]\nnoise_multiplier = 1\n") == {}
    assert _settings(read, "list.yaml", "- noise_multiplier: 1\n") == {}


def test_a_broken_configuration_is_a_gap(read: Read) -> None:
    """Its numbers are not read by halves."""
    facts, (gap,) = read(dp_settings.PARSER, {"c.json": '{"noise_multiplier": 1.1,'})
    assert (facts, gap.path) == (Facts(), "c.json")


def test_metadata_names_the_unit_and_what_is_switched_off(read: Read) -> None:
    """Only what matters for privacy: clamping counts does not."""
    facts, gaps = read(smartnoise_metadata.PARSER, {"meta.yaml": _TABLE})
    (claim,) = facts.claims
    assert (gaps, claim.origin, claim.location.line, claim.about) == ([], Origin.DECLARED, 4, ("forum.posts.words",))
    assert claim.parameters == {"unit": "user", "contributions": 500}
    assert [(danger.hazard, danger.location.line) for danger in claim.dangers] == [
        (Hazard.UNBOUNDED_CONTRIBUTION, 18),
        (Hazard.GROUP_KEYS, 8),
    ]


def test_private_rows_are_examples(read: Read) -> None:
    """There a person is one row."""
    text = '"":\n  S:\n    T:\n      row_privacy: True\n      clamp_columns: False\n      age:\n        type: int\n'
    (claim,) = read(smartnoise_metadata.PARSER, {"m.yml": text})[0].claims
    assert claim.parameters == {"unit": "example"}
    assert [danger.hazard for danger in claim.dangers] == [Hazard.SENSITIVITY_TOO_SMALL]


@pytest.mark.parametrize(
    "text", ["max_ids: 3\n", "a:\n  max_ids: 3\n", "- max_ids\n", "a: {b: {c: {max_ids: 3}}}\n", "max_ids"]
)
def test_other_yaml_is_no_metadata(read: Read, text: str) -> None:
    """It has a database, a schema, a table, and columns with types."""
    assert read(smartnoise_metadata.PARSER, {"m.yaml": text}) == (Facts(), [])


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "10000000000000000"])
def test_an_impossible_contribution_is_a_gap(read: Read, value: str) -> None:
    """It is named with its line."""
    text = _TABLE.replace("max_ids: 500", f"max_ids: {value}", 1)
    facts, (gap,) = read(smartnoise_metadata.PARSER, {"m.yaml": text})
    assert (facts.claims, gap.reason, gap.line) == ((), "invalid_value", 11)


def test_a_switch_of_the_wrong_type_is_a_gap(read: Read) -> None:
    """Whether it is off is not known."""
    _, (gap,) = read(smartnoise_metadata.PARSER, {"m.yaml": _TABLE.replace("censor_dims: false", "censor_dims: 'off'")})
    assert (gap.reason, gap.line) == ("wrong_type", 8)


_PSI = """\
{"common": {"ids_num": 3, "is_sender": false}, "paillier_params": {}, "dp_params": {
  "epsilon": 2.0,
  "maximum_queries": 10,
  "use_precomputed_tau": true,
  "precomputed_tau": 1440,
  "input_dp": true}}
"""


def test_two_parties_that_agree_are_no_conflict(read: Read) -> None:
    """Neither are those of two folders, or files that are not named after the party."""
    other = _PSI.replace("1440", "722")
    files = {"a/sender.json": _PSI, "a/receiver.json": _PSI, "b/sender.json": other, "a/x.json": other}
    facts, _ = read(dpca_psi.PARSER, files)
    assert [claim.conflicts for claim in facts.claims] == [{}, {}, {}, {}]


def test_two_parties_that_disagree_are_a_conflict(read: Read) -> None:
    """Each carries what the other says; dummies of which only one party knows are not those of the proof."""
    facts, _ = read(dpca_psi.PARSER, {"sender_a.json": _PSI, "receiver_a.json": _PSI.replace("1440", "722")})
    sender, receiver = facts.claims
    assert sender.conflicts == {"precomputed_tau": {"found": 1440, "stated": 722, "stated_in": "receiver_a.json:2"}}
    assert receiver.conflicts == {"precomputed_tau": {"found": 722, "stated": 1440, "stated_in": "sender_a.json:2"}}


@pytest.mark.parametrize(("switch", "line"), [("use_precomputed_tau", 4), ("input_dp", 6)])
def test_dummies_that_are_switched_off_are_a_hazard(read: Read, switch: str, line: int) -> None:
    """It stands beside the claim, at the line of the switch."""
    (claim,) = read(dpca_psi.PARSER, {"p.json": _PSI.replace(f'"{switch}": true', f'"{switch}": false')})[0].claims
    assert [(danger.hazard, danger.location.line) for danger in claim.dangers] == [(Hazard.DP_SWITCHED_OFF, line)]


@given(cut=st.integers(0, 420), put=st.text(max_size=6) | st.sampled_from(["{}", "[1]", "null", "- a", ": "]))
def test_damaged_configurations_end_as_they_should(read: Read, cut: int, put: str) -> None:
    """A file cut off or damaged gives facts or gaps, never a crash."""
    for rest in ("", _TABLE[cut:]):
        read(smartnoise_metadata.PARSER, {"m.yaml": _TABLE[:cut] + put + rest})
        read(dp_settings.PARSER, {"c.yaml": f"noise_multiplier: 1\n{_TABLE[:cut]}{put}{rest}"})
