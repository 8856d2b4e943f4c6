"""Configurations of PSI and MPC frameworks: what each states, contradictions in them, and files that are broken."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import (
    Parser,
    all_parsers,
    crypten_config,
    dpca_psi,
    mp_spdz,
    paillier_params,
    petace_setops,
    secretflow_psi,
    spu_config,
)

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
_DP = frozenset({"dp_psi", "dp_query", "dp_sgd", "dp_composition", "local_dp", "mpc_dual_dp", "federated_dp"})


def _petace(*, sender: bool, scheme: str = "ecdh", network: int = 1, **sections: Any) -> str:
    ports = {"local_port": 1, "remote_port": 2} if sender else {"local_port": 2, "remote_port": 1}
    common = {"ids_num": 1, "is_sender": sender, "psi_scheme": scheme}
    return json.dumps({"network": {"scheme": network, **ports}, "common": common, **sections}, indent=1)


def _one(read: Read, parser: Parser, name: str, text: str) -> Claim:
    facts, gaps = read(parser, {name: text})
    assert gaps == []
    (claim,) = facts.claims
    assert facts.nodes[0].claim == claim.id
    return claim


def _hazards(claim: Claim) -> list[Hazard]:
    return [each.hazard for each in claim.dangers]


# --- PETAce ---------------------------------------------------------------------------------------------------------


def test_a_configuration_of_petace_names_its_scheme(read: Read) -> None:
    """Alone it does not say whether the other party learns the result, too."""
    claim = _one(read, petace_setops.PARSER, "a.json", _petace(sender=True, ecdh_params={"obtain_result": True}))
    assert claim.parameters == {"framework": "PETAce-SetOps", "scheme": "ecdh", "config": "a.json"}
    assert (claim.stated, _hazards(claim)) == ({}, [])


@pytest.mark.parametrize(("other", "result"), [(True, "both"), (False, "one")])
def test_both_files_tell_who_learns_the_result(read: Read, other: bool, result: str) -> None:
    """Sender and receiver in one folder, with their ports crossed."""
    files = {
        "run/a.json": _petace(sender=True, ecdh_params={"obtain_result": True}),
        "run/b.json": _petace(sender=False, ecdh_params={"obtain_result": other}),
        "else/b.json": _petace(sender=False, ecdh_params={"obtain_result": True}),
    }
    facts, _ = read(petace_setops.PARSER, files)
    told = {claim.subject: claim for claim in facts.claims}
    assert told["run/a.json"].stated == told["run/b.json"].stated == {"result_to": result}
    assert told["else/b.json"].stated == {}
    assert _hazards(told["run/a.json"]) == ([Hazard.RESULT_TO_BOTH] if other else [])


def test_the_epsilon_of_a_hash_table_is_no_claim(read: Read) -> None:
    """Neither here nor in the parser of differentially private PSI."""
    text = _petace(
        sender=True, scheme="kkrt", kkrt_psi_params={"epsilon": 1.27, "fun_num": 3, "sender_obtain_result": False}
    )
    claim = _one(read, petace_setops.PARSER, "a.json", text)
    assert "epsilon" not in {**claim.stated, **claim.parameters}
    assert claim.stated == {"result_to": "one"}
    assert read(dpca_psi.PARSER, {"a.json": text}) == (Facts(), [])


def test_parameters_of_another_scheme_are_a_contradiction(read: Read) -> None:
    """The published KKRT examples name ECDH."""
    text = _petace(sender=True, network=0, kkrt_psi_params={"sender_obtain_result": True})
    claim = _one(read, petace_setops.PARSER, "a.json", text)
    assert _hazards(claim) == [Hazard.PLAIN_CHANNEL, Hazard.CONTRADICTING_SETTINGS, Hazard.RESULT_TO_BOTH]


@pytest.mark.parametrize(("address", "later"), [("127.0.0.1", True), ("localhost", True), ("10.0.0.2", False)])
def test_a_plain_socket_on_one_machine_matters_later(read: Read, address: str, later: bool) -> None:
    """Nobody is on the way there; the published examples run both parties so."""
    config = {**json.loads(_petace(sender=True)), "network": {"scheme": 0, "address": address}}
    claim = _one(read, petace_setops.PARSER, "a.json", json.dumps(config))
    assert [("once it is another machine" in each.detail) for each in claim.dangers] == [later]


@pytest.mark.skipif(not _CORPUS.is_dir(), reason="the published files are not here")
@pytest.mark.parametrize("folder", ["petace", "privacygo"])
def test_published_configurations_are_read_whole(read: Read, folder: str) -> None:
    """Every file is a claim for the parser that it belongs to, and no file of PETAce is a claim of DP for any."""
    files = {f"{folder}/{path.name}": path.read_text("utf-8") for path in sorted((_CORPUS / folder).glob("*.json"))}
    claims: list[Claim] = []
    for parser in (each for each in all_parsers() if each.name not in {"python", "notebook"}):
        facts, gaps = read(parser, files)
        assert gaps == []
        claims += facts.claims
    wanted = {"petace": {"psi"}, "privacygo": {"dp_psi", "homomorphic_encryption"}}[folder]
    assert {claim.technique for claim in claims} == wanted
    for technique in wanted:
        assert {claim.location.path for claim in claims if claim.technique == technique} == set(files)
    assert folder != "petace" or not {claim.technique for claim in claims} & _DP


@pytest.mark.skipif(not _CORPUS.is_dir(), reason="the published files are not here")
def test_published_configurations_of_petace_have_their_hazards(read: Read) -> None:
    """Plain sockets everywhere; both parties learn the ECDH result; the KKRT files name another scheme."""
    files = {path.name: path.read_text("utf-8") for path in sorted((_CORPUS / "petace").glob("*.json"))}
    facts, _ = read(petace_setops.PARSER, files)
    plain, both, other = Hazard.PLAIN_CHANNEL, Hazard.RESULT_TO_BOTH, Hazard.CONTRADICTING_SETTINGS
    found = {claim.subject.partition("_")[0]: set(_hazards(claim)) for claim in facts.claims}
    assert found == {"circuit": {plain}, "ecdh": {plain, both}, "kkrt": {plain, both, other}}


# --- PrivacyGo ------------------------------------------------------------------------------------------------------


def test_the_length_of_a_paillier_modulus_is_read(read: Read) -> None:
    """From its section, whatever stands beside it."""
    claim = _one(read, paillier_params.PARSER, "a.json", '{"paillier_params": {"paillier_n_len": 1024}}')
    assert claim.parameters == {"scheme": "paillier", "modulus_bits": 1024}


# --- SecretFlow PSI -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        (
            {"psi_config": {"protocol_config": {"protocol": "PROTOCOL_RR22", "broadcast_result": True}}},
            ("PROTOCOL_RR22", "both", None),
        ),
        ({"protocolConfig": {"protocol": "PROTOCOL_ECDH", "broadcastResult": False}}, ("PROTOCOL_ECDH", "one", None)),
        ({"ub_psi_config": {"protocol_config": {"protocol": "PROTOCOL_KKRT"}}}, ("PROTOCOL_KKRT", "one", None)),
        (
            {"psi_type": "DP_PSI_2PC", "dppsi_params": {"bob_sub_sampling": 0.9, "epsilon": 3}},
            ("DP_PSI_2PC", "one", 3.0),
        ),
    ],
)  # fmt: skip
def test_configurations_of_secretflow_psi(read: Read, config: dict[str, Any], fields: tuple[Any, ...]) -> None:
    """Both versions, with both spellings of their names."""
    claim = _one(read, secretflow_psi.PARSER, "a.json", json.dumps(config))
    said: Any = claim.statement
    assert (said.scheme, said.result_to, said.epsilon_per_run) == fields
    assert _hazards(claim) == ([Hazard.RESULT_TO_BOTH] if fields[1] == "both" else [])


# --- CrypTen --------------------------------------------------------------------------------------------------------

_CRYPTEN = "mpc:\n  active_security: False\n  provider: {}\n  protocol: beaver\n"


def test_the_default_provider_of_crypten_is_a_mock(read: Read) -> None:
    """The first party makes the triples; a third party is another matter."""
    claim = _one(read, crypten_config.PARSER, "a.yaml", _CRYPTEN.format("TFP"))
    assert (claim.parameters["protocol"], _hazards(claim)) == ("TFP", [Hazard.MOCK_CRYPTO])
    claim = _one(read, crypten_config.PARSER, "a.yaml", _CRYPTEN.format("TTP"))
    assert (claim.parameters["protocol"], _hazards(claim)) == ("TTP", [])


def test_another_mapping_called_mpc_states_nothing(read: Read) -> None:
    """A model-predictive controller has a provider, too."""
    text = "mpc:\n  provider: acme\n  horizon: 5\nother:\n  protocol: http\n"
    assert read(crypten_config.PARSER, {"a.yaml": text})[0].claims == ()


# --- SPU ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "protocol", "hazards"),
    [
        ({"protocol": "ABY3", "field": "FM64"}, "ABY3", []),
        ({"protocol": "REF2K", "field": "FM64"}, "REF2K", [Hazard.MOCK_CRYPTO]),
        ({"protocol": "SEMI2K", "field": "FM128"}, "SEMI2K TrustedFirstParty", [Hazard.MOCK_CRYPTO]),
        ({"protocol": "SEMI2K", "field": "FM64", "beaver_type": "MultiParty"}, "SEMI2K MultiParty", []),
        ({"protocol": "ABY3", "field": "FM64", "enable_action_trace": True}, "ABY3", [Hazard.SECRETS_TRACED]),
        ({"protocol": "ABY3", "field": "FM64", "enable_hal_profile": True}, "ABY3", []),
    ],
)
def test_runtime_configurations_of_spu(
    read: Read, config: dict[str, Any], protocol: str, hazards: list[Hazard]
) -> None:
    """Where the triples come from is a part of the protocol; the nodes beside it are its parties."""
    around = {"devices": {"SPU": {"config": {"node_ids": ["a", "b", "c"], "runtime_config": config}}}}
    claim = _one(read, spu_config.PARSER, "a.json", json.dumps(around, indent=1))
    assert (claim.parameters["protocol"], claim.parameters["parties"], _hazards(claim)) == (protocol, 3, hazards)


# --- MP-SPDZ --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("./semi2k-party.x -N 3 -p 0 tutorial", {"protocol": "semi2k", "parties": 3}),
        ("PLAYERS=4 Scripts/mascot.sh tutorial", {"protocol": "mascot", "parties": 4}),
        (
            "./shamir-party.x -N 5 -T 2 -S 60 x",
            {"protocol": "shamir", "parties": 5, "threshold": 2, "statistical_security": 60},
        ),
        ("./rep4-ring-party.x --semi-honest x", {"protocol": "rep4-ring semi-honest", "parties": 4}),
        ("run_player replicated-ring-party.x $*", {"protocol": "replicated-ring", "parties": 3}),
    ],
)  # fmt: skip
def test_runs_of_mp_spdz(read: Read, line: str, fields: dict[str, Any]) -> None:
    """The name of the program or the script, and the options that it is given."""
    claim = _one(read, mp_spdz.PARSER, "run.sh", f"#!/bin/sh\ncd MP-SPDZ\n{line}\n")
    assert {**claim.parameters, **claim.stated} == {"framework": "MP-SPDZ", **fields}
    assert claim.location.line == 3


@pytest.mark.parametrize(
    "line",
    [
        "make -j8 mascot-party.x", "# ./semi-party.x x", "ARG machine=mascot-party.x", "Scripts/setup-ssl.sh 3",
        "./$1-ecdsa-party.x",
    ],
)  # fmt: skip
def test_what_is_built_or_commented_is_not_run(read: Read, line: str) -> None:
    """Nor is a script that runs no protocol, nor a program whose name is not known."""
    assert read(mp_spdz.PARSER, {"run.sh": f"cd MP-SPDZ\n{line}\n"})[0].claims == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CONFIG.mine", "MY_CFLAGS = -DINSECURE\n"),
        ("run.sh", "echo MY_CFLAGS += -DINSECURE >> CONFIG.mine\n./mascot-party.x x\n"),
        ("run.sh", "./Fake-Offline.x 2\n"),
    ],
)
def test_insecure_builds_and_made_up_preprocessing_are_mocks(read: Read, name: str, text: str) -> None:
    """They are for benchmarks."""
    assert _hazards(_one(read, mp_spdz.PARSER, name, text)) == [Hazard.MOCK_CRYPTO]


def test_a_comment_about_insecure_builds_builds_nothing(read: Read) -> None:
    """It may warn of them."""
    assert read(mp_spdz.PARSER, {"CONFIG.mine": "# never use -DINSECURE\nCXX = clang\n"})[0].claims == ()


# --- hostile files --------------------------------------------------------------------------------------------------

_BROKEN: list[tuple[Parser, str, str]] = [
    (petace_setops.PARSER, "a.json", '{"common": {"psi_scheme": 5}, "network": []}'),
    (petace_setops.PARSER, "a.json", '{"common": [], "psi_scheme": "ecdh"}'),
    (petace_setops.PARSER, "a.json", '{"common": {"psi_scheme": "ecdh"}, "ecdh_params": {"obtain_result": "yes"}}'),
    (petace_setops.PARSER, "a.json", '{"common": {"psi_scheme": "ecdh"'),
    (petace_setops.PARSER, "a.json", '{"common": {"psi_scheme": ' + "[" * 100_000),
    (secretflow_psi.PARSER, "a.json", '{"protocol_config": {"protocol": "PROTOCOL_ECDH"'),
    (secretflow_psi.PARSER, "a.json", '{"psi_type": "DP_PSI_2PC", "dppsi_params": {"epsilon": -1}}'),
    (secretflow_psi.PARSER, "a.json", '{"psi_type": "DP_PSI_2PC", "dppsi_params": {"epsilon": NaN}}'),
    (secretflow_psi.PARSER, "a.json", '{"psi_type": "DP_PSI_2PC", "dppsi_params": [3]}'),
    (crypten_config.PARSER, "a.yaml", "mpc:\n  provider: [TFP]\n  active_security: true\n"),
    (crypten_config.PARSER, "a.yaml", "mpc:\n  provider: TFP\n  active_security: [\n"),
    (spu_config.PARSER, "a.json", '{"runtime_config": {"protocol": "ABY3", "field": "FM64"'),
    (paillier_params.PARSER, "a.json", '{"paillier_params": {"paillier_n_len": "2048"}}'),
    (paillier_params.PARSER, "a.json", '{"paillier_params": {"paillier_n_len": 0}}'),
    (paillier_params.PARSER, "a.json", '{"paillier_params": ["paillier_n_len"]}'),
    (mp_spdz.PARSER, "a.sh", "./semi-party.x -N 0 x\n"),
]


@pytest.mark.parametrize(("parser", "name", "text"), _BROKEN)
def test_broken_files_are_gaps(read: Read, parser: Parser, name: str, text: str) -> None:
    """Cut off, of the wrong type, too deep or with impossible numbers."""
    _, gaps = read(parser, {name: text})
    assert gaps


@pytest.mark.parametrize(
    "text", ["[1, 2]", "3", "null", '{"common": null}', '{"psi_config": null, "protocol": "PROTOCOL_X"}']
)
def test_other_documents_state_nothing(read: Read, text: str) -> None:
    """Words that stand in them by chance are no configuration."""
    padded = f'{{"x": {text}, "common": {{"note": "psi_scheme"}}, "psi_scheme": "protocol_config"}}'
    for parser in (petace_setops.PARSER, secretflow_psi.PARSER, spu_config.PARSER, paillier_params.PARSER):
        assert read(parser, {"a.json": padded})[0].claims == ()
        assert read(parser, {"a.json": text})[0].claims == ()
