"""Differential privacy in the configurations of federated frameworks: FedML and NVFlare."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser, fedml, nvflare

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_FEDML = """\
common_args:
  training_type: "cross_silo"

train_args:
  client_id_list:
  client_num_in_total: 1000
  client_num_per_round: 2
  comm_round: 5 # for a quick check

dp_args:
  enable_dp: true
  dp_solution_type: cdp
  epsilon: 0.5
  delta: 1e-5
  sensitivity: 1
  mechanism_type: gaussian
  max_grad_norm: 1
"""


def _one(read: Read, parser: Parser, files: dict[str, str]) -> Claim:
    facts, gaps = read(parser, files)
    assert gaps == []
    (claim,) = facts.claims
    assert [node.claim for node in facts.nodes] == [claim.id]
    return claim


def _fedml(read: Read, old: str = "", new: str = "") -> Claim:
    assert old in _FEDML
    return _one(read, fedml.PARSER, {"config/fedml_config.yaml": _FEDML.replace(old, new, 1)})


def _hazards(claim: Claim) -> list[Hazard]:
    return [danger.hazard for danger in claim.dangers]


def test_a_fedml_run_is_a_claim(read: Read) -> None:
    """Its epsilon is that of a round; who takes part follows from the number of the round."""
    claim = _fedml(read)
    assert (claim.technique, claim.location.line, claim.dangers, claim.stated) == ("federated_dp", 12, (), {})
    assert claim.parameters == {
        "unit": "user",
        "mechanism": "gaussian",
        "clients_per_round": 2,
        "clients_total": 1000,
        "rounds": 5,
        "sampling": "none",
        "clipping_norm": 1.0,
        "sensitivity": 1.0,
        "round_epsilon": 0.5,
        "round_delta": 1e-5,
    }


def test_fedml_switched_off(read: Read) -> None:
    """An epsilon beside `enable_dp: false` protects nobody."""
    claim = _fedml(read, "enable_dp: true", "enable_dp: false")
    assert [(danger.hazard, danger.location.line) for danger in claim.dangers] == [(Hazard.DP_SWITCHED_OFF, 11)]


@pytest.mark.parametrize(
    ("old", "new", "hazards"),
    [
        ("  max_grad_norm: 1\n", "", [Hazard.UNBOUNDED_CONTRIBUTION]),
        ("type: cdp", "type: ldp", [Hazard.UNBOUNDED_CONTRIBUTION]),
        ("type: cdp", "type: nbafl", [Hazard.SENSITIVITY_TOO_SMALL]),
        ("type: cdp", "type: dp_clip", [Hazard.LIBRARY_TRAP]),
        ("type: gaussian", "type: Laplace", [Hazard.NAIVE_FLOATING_POINT]),
        ("common_args:\n", "common_args:\n  random_seed: 0\n", [Hazard.LIBRARY_TRAP]),
        ("common_args:\n", "common_args:\n  ml_engine: jax\n", [Hazard.LIBRARY_TRAP]),
        ("common_args:\n", "common_args:\n  ml_engine: torch\n", []),
    ],
)
def test_traps_of_fedml(read: Read, old: str, new: str, hazards: list[Hazard]) -> None:
    """Each follows from the library's source."""
    assert _hazards(_fedml(read, old, new)) == hazards


def test_noise_of_each_client_is_local(read: Read) -> None:
    """The server sees every noisy update, and FedML clips none."""
    claim = _fedml(read, "type: cdp", "type: ldp")
    assert (claim.technique, claim.parameters["protocol"]) == ("local_dp", "gaussian")
    assert "clipping_norm" not in claim.parameters


@pytest.mark.parametrize("value", ["-1", "0", ".nan", ".inf", "[1]", "high", "true"])
def test_an_impossible_fedml_epsilon_is_a_gap_or_nothing(read: Read, value: str) -> None:
    """No claim has it; a list is no plain value, and so says nothing."""
    facts, gaps = read(fedml.PARSER, {"f.yaml": _FEDML.replace("epsilon: 0.5", f"epsilon: {value}")})
    assert [(gap.reason, gap.line) for gap in gaps] == ([] if value == "[1]" else [("invalid_value", 13)])
    assert all("round_epsilon" not in claim.parameters for claim in facts.claims)


def test_a_switch_that_is_neither_on_nor_off_is_a_gap(read: Read) -> None:
    """Whether there is noise at all is not known."""
    facts, (gap,) = read(fedml.PARSER, {"f.yaml": _FEDML.replace("enable_dp: true", "enable_dp: 3")})
    assert (facts.claims, gap.line) == ((), 11)


def test_another_yaml_is_no_run(read: Read) -> None:
    """The words in a comment state nothing."""
    assert read(fedml.PARSER, {"f.yaml": "# enable_dp, dp_solution_type\na: 1\n"}) == (Facts(), [])


def _client(*filters: tuple[str, dict[str, object]]) -> str:
    """A client's configuration as the examples of NVFlare have it, one key a line."""
    listed = [{"path": f"nvflare.app_common.filters.x.{name}", "args": args} for name, args in filters]
    config = {"format_version": 2, "task_result_filters": [{"tasks": ["train"], "filters": listed}], "components": []}
    return json.dumps(config, indent=1)


_SERVER = '{"workflows": [\n{"path": "nvflare.app_common.workflows.ScatterAndGather", "args": {"num_rounds": 3}}]}'
_JOB = "job/app/config/config_fed_client.json"


def test_a_sparse_vector_filter_is_a_claim(read: Read) -> None:
    """What it is not told is the library's default; the rounds are those that the server says."""
    text = _client(("ExcludeVars", {}), ("SVTPrivacy", {"fraction": 0.2, "epsilon": 0.5}))
    claim = _one(read, nvflare.PARSER, {_JOB: text, "job/app/config/config_fed_server.json": _SERVER})
    assert claim.parameters == {
        "unit": "user",
        "mechanism": "svt",
        "rounds": 3,
        "selection_epsilon": 0.5,
        "noise_var": 0.1,
        "fraction": 0.2,
        "replace": True,
    }
    assert claim.stated_in == {"rounds": "job/app/config/config_fed_server.json:2"}
    assert claim.dangers == ()


def test_the_server_may_be_another_application_of_the_job(read: Read) -> None:
    """As it is where each site has its own; of two servers neither is taken."""
    files = {_JOB: _client(("SVTPrivacy", {})), "job/app_server/config/config_fed_server.json": _SERVER}
    assert _one(read, nvflare.PARSER, files).parameters["rounds"] == 3
    files["job/other/config/config_fed_server.json"] = _SERVER
    assert "rounds" not in _one(read, nvflare.PARSER, files).parameters


def test_percentile_filters_add_no_noise(read: Read) -> None:
    """The filter is called privacy, and is refuted by what it does not do."""
    claim = _one(read, nvflare.PARSER, {_JOB: _client(("PercentilePrivacy", {"percentile": 10}))})
    assert [(danger.hazard, danger.location.line) for danger in claim.dangers] == [(Hazard.NO_NOISE, 10)]


def test_a_percentile_filter_before_noise_is_no_claim_of_its_own(read: Read) -> None:
    """What leaves the client has passed both."""
    claim = _one(read, nvflare.PARSER, {_JOB: _client(("PercentilePrivacy", {}), ("SVTPrivacy", {}))})
    assert (claim.parameters["mechanism"], claim.dangers) == ("svt", ())


def test_the_policy_of_a_site_filters_as_well(read: Read) -> None:
    """It has a list of filters for each scope."""
    text = json.dumps({"scopes": [{"name": "a"}, {"name": "b", **json.loads(_client(("PercentilePrivacy", {})))}]})
    claim = _one(read, nvflare.PARSER, {"site/privacy.json": text})
    assert [danger.hazard for danger in claim.dangers] == [Hazard.NO_NOISE]


def test_what_a_server_filters_has_left_the_clients(read: Read) -> None:
    """It is no protection against the server."""
    text = _client(("SVTPrivacy", {}))[:-1] + ', "num_rounds": 3}'
    assert read(nvflare.PARSER, {"job/app/config/config_fed_server.json": text}) == (Facts(), [])


def test_leaving_out_variables_claims_nothing(read: Read) -> None:
    """ExcludeVars states no differential privacy."""
    assert read(nvflare.PARSER, {_JOB: _client(("ExcludeVars", {}))}) == (Facts(), [])


@pytest.mark.parametrize("value", [0, -1, 1e999, "much", [1], True])
def test_an_impossible_filter_is_a_gap(read: Read, value: object) -> None:
    """It is named with its line."""
    facts, (gap,) = read(nvflare.PARSER, {_JOB: _client(("SVTPrivacy", {"epsilon": value}))})
    assert (facts.claims, gap.reason) == ((), "invalid_value") or gap.reason == "parse_error"


@given(cut=st.integers(0, 420), put=st.text(max_size=6) | st.sampled_from(["{}", "[1]", "null", "- a"]))
def test_damaged_configurations_end_as_they_should(read: Read, cut: int, put: str) -> None:
    """A configuration cut off or damaged gives claims or gaps, never a crash."""
    client = _client(("SVTPrivacy", {}))
    for rest in ("", "x"):
        read(fedml.PARSER, {"f.yaml": _FEDML[:cut] + put + (_FEDML[cut:] if rest else "")})
        read(nvflare.PARSER, {_JOB: client[:cut] + put + (client[cut:] if rest else "")})
