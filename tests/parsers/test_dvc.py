"""DVC: pipelines as flows, models that they train, and the remotes that store the data."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Asset, EdgeKind, Facts, Gap, Node, SinkKind, State, Trait
from petguard.parsers import Parser, dvc

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_PIPELINE = """\
artifacts:
  people: {path: data/medical_records.csv, type: dataset}
stages:
  prepare:
    cmd: python prepare.py
    deps: [data/medical_records.csv, prepare.py]
    outs:
      - data/prepared
  train:
    cmd: python train.py
    deps: [data/prepared, train.py]
    outs:
      - clf.joblib
      - metrics.json: {cache: false}
"""
_CONFIG = """\
[core]
    remote = store
['remote "store"']
    url = s3://bucket/data
['remote "near"']
    url = /mnt/data
"""


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


def _ends(facts: Facts) -> set[tuple[str, str]]:
    return {(flow.source.id, flow.target.id) for flow in SystemGraph([facts]).flows()}


def _related(facts: Facts, kind: EdgeKind) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in facts.edges if edge.kind is kind}


def test_data_reaches_the_stage_that_trains(read: Read) -> None:
    """Health data goes through a first stage into the training of a model; code and metrics are no data of people."""
    facts, gaps = read(dvc.PARSER, {"ml/dvc.yaml": _PIPELINE})
    nodes = _nodes(facts)
    assert gaps == []
    assert _ends(facts) == {("data:file/ml/data/medical_records.csv", "code:dvc/ml/dvc.yaml#train")}
    assert nodes["code:dvc/ml/dvc.yaml#train"].sink is SinkKind.TRAINING
    assert nodes["code:dvc/ml/dvc.yaml#prepare"].sink is None
    assert nodes["data:file/ml/data/medical_records.csv"].asset is Asset.DATASET
    assert _related(facts, EdgeKind.TRAINED_ON) == {("model_file:ml/clf.joblib", "data:file/ml/data/prepared")}
    assert ("data:file/ml/data/prepared", "data:file/ml/data/medical_records.csv") in _related(
        facts, EdgeKind.DERIVED_FROM
    )
    assert not any(key.endswith(".py") for key in nodes)


def test_the_cache_goes_to_the_default_remote(read: Read) -> None:
    """What is tracked or cached is pushed; what is not cached stays, and another remote gets what names it."""
    tracked = "outs:\n- path: medical_records.csv\n- path: dna.csv\n  remote: near\n- path: ssn.csv\n  push: false\n"
    files = {".dvc/config": _CONFIG, "data/x.dvc": tracked, "dvc.yaml": _PIPELINE}
    facts, gaps = read(dvc.PARSER, files)
    stored = {pair for pair in _related(facts, EdgeKind.FLOWS_TO) if pair[1].startswith("system:")}
    assert gaps == []
    assert stored == {
        ("data:file/data/medical_records.csv", "system:s3://bucket/data"),
        ("data:file/data/prepared", "system:s3://bucket/data"),
        ("data:file/data/dna.csv", "system:/mnt/data"),
    }
    nodes = _nodes(facts)
    assert (nodes["system:s3://bucket/data"].sink, nodes["system:s3://bucket/data"].traits) == (
        SinkKind.FILE,
        (Trait.EXTERNAL,),
    )
    assert nodes["system:/mnt/data"].traits == (Trait.LOCAL,)


def test_a_login_in_a_remote_is_masked(read: Read) -> None:
    """A password in the address of a remote is shown nowhere."""
    facts, _ = read(dvc.PARSER, {".dvc/config": '[remote "x"]\nurl = https://me:Tr0ub4dor3x@host.example/x\n'})
    assert facts.nodes
    assert "Tr0ub4dor3x" not in facts.model_dump_json()


def test_foreach_is_written_out(read: Read) -> None:
    """Each item of a list or a mapping makes a stage of its own."""
    text = "stages:\n  a:\n    foreach: [dna, ssn]\n    do: {cmd: x, deps: ['${item}.csv']}\n"
    text += "  b:\n    foreach: {eu: {file: genome.csv}}\n    do: {cmd: x, wdir: '${key}', deps: ['${item.file}']}\n"
    facts, gaps = read(dvc.PARSER, {"dvc.yaml": text})
    assert gaps == []
    assert _related(facts, EdgeKind.FLOWS_TO) == {
        ("data:file/dna.csv", "code:dvc/dvc.yaml#a@dna"),
        ("data:file/ssn.csv", "code:dvc/dvc.yaml#a@ssn"),
        ("data:file/eu/genome.csv", "code:dvc/dvc.yaml#b@eu"),
    }


def test_a_path_out_of_a_variable_is_a_gap(read: Read) -> None:
    """What a parameter names is not known here."""
    text = "stages:\n  a:\n    cmd: x\n    deps:\n      - ${data.path}\n"
    _, gaps = read(dvc.PARSER, {"dvc.yaml": text})
    assert [(gap.line, gap.reason, gap.state) for gap in gaps] == [(2, "unresolved", State.PARTIAL)]


def test_too_many_items_are_a_gap(read: Read) -> None:
    """A loop of thousands is not written out, and that is said."""
    items = ", ".join(map(str, range(2000)))
    _, gaps = read(dvc.PARSER, {"dvc.yaml": f"stages:\n  a:\n    foreach: [{items}]\n    do: {{cmd: x, deps: [x]}}\n"})
    assert [(gap.line, gap.reason) for gap in gaps] == [(3, "too_many")]


def test_a_pickle_of_features_is_no_model(read: Read) -> None:
    """Only the name tells a pickled data set from a pickled model."""
    text = "stages:\n  featurize:\n    cmd: x\n    deps: [dna.csv]\n    outs: [features.pkl, data/model_input.pkl]\n"
    facts, _ = read(dvc.PARSER, {"dvc.yaml": text.replace(", data/model_input.pkl", "")})
    assert _related(facts, EdgeKind.TRAINED_ON) == set()
    assert _ends(facts) == set()


def test_an_address_is_data_of_its_own(read: Read) -> None:
    """An external dependency keeps its address."""
    text = "stages:\n  train:\n    cmd: x\n    deps: ['s3://bucket/medical_records.csv']\n    outs: [model.pt]\n"
    facts, _ = read(dvc.PARSER, {"dvc.yaml": text})
    assert _ends(facts) == {("data:uri/s3://bucket/medical_records.csv", "code:dvc/dvc.yaml#train")}


def test_wrong_types_are_gaps(read: Read) -> None:
    """Each part of another type is named with its line; the rest counts."""
    text = "stages:\n  a: 1\n  b:\n    deps: {}\n  c:\n    cmd: x\n    deps: [7, dna.csv]\n"
    facts, gaps = read(dvc.PARSER, {"dvc.yaml": text, "x.dvc": "outs: 5\n"})
    assert {(gap.path, gap.line) for gap in gaps} == {
        ("dvc.yaml", 2),
        ("dvc.yaml", 4),
        ("dvc.yaml", 7),
        ("x.dvc", 1),
    }
    assert "data:file/dna.csv" in _nodes(facts)


@pytest.mark.parametrize("path", ["config", "a.dvc/config", "src/config"])
def test_other_configs_are_not_read(read: Read, path: str) -> None:
    """Only the folder `.dvc` makes a file called `config` one of DVC."""
    assert read(dvc.PARSER, {path: _CONFIG})[0].nodes == ()


@given(cut=st.integers(0, 500), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:", "foreach: 1"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, no file of DVC crashes anything, and every edge has two ends."""
    loop = "stages:\n  a:\n    foreach: [{x: 1}]\n    do: {deps: ['${item.x}'], outs: [{a: {cache: false}}]}\n"
    for text in (_PIPELINE, loop):
        for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
            config = _CONFIG[:cut] + put + _CONFIG[cut:]
            facts, _ = read(dvc.PARSER, {"dvc.yaml": damaged, ".dvc/config": config, "d.dvc": "outs:\n" + damaged})
            SystemGraph([facts]).flows()
