"""Kubeflow pipelines: which task gets which data, and which of them train a model."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, SinkKind, State
from petguard.parsers import Parser, kubeflow

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_PIPELINE = """\
# PIPELINE DEFINITION
components:
  comp-importer:
    executorLabel: exec-importer
    outputDefinitions: {artifacts: {artifact: {artifactType: {schemaTitle: system.Dataset}}}}
  comp-clean:
    executorLabel: exec-clean
    inputDefinitions: {artifacts: {raw: {artifactType: {schemaTitle: system.Dataset}}}}
    outputDefinitions: {artifacts: {out: {artifactType: {schemaTitle: system.Dataset}}}}
  comp-train:
    executorLabel: exec-train
    inputDefinitions: {artifacts: {data: {artifactType: {schemaTitle: system.Dataset}}}}
    outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}
  comp-upload:
    executorLabel: exec-upload
    inputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: system.Model}}}}
    outputDefinitions: {artifacts: {model: {artifactType: {schemaTitle: google.VertexModel}}}}
  comp-condition-1:
    dag:
      outputs:
        artifacts:
          out: {artifactSelectors: [{producerSubtask: clean, outputArtifactKey: out}]}
      tasks:
        clean:
          componentRef: {name: comp-clean}
          inputs: {artifacts: {raw: {componentInputArtifact: from-outside}}}
deploymentSpec:
  executors:
    exec-importer: {importer: {artifactUri: {runtimeParameter: uri}}}
    exec-clean: {container: {image: 'python:3.11'}}
    exec-train: {container: {image: 'python:3.11'}}
    exec-upload: {container: {image: 'python:3.11'}}
pipelineInfo: {name: triage}
root:
  dag:
    tasks:
      train:
        componentRef: {name: comp-train}
        inputs:
          artifacts: {data: {taskOutputArtifact: {producerTask: condition-1, outputArtifactKey: out}}}
      importer:
        componentRef: {name: comp-importer}
        inputs: {parameters: {uri: {componentInputParameter: source}}}
      condition-1:
        componentRef: {name: comp-condition-1}
        inputs:
          artifacts: {from-outside: {taskOutputArtifact: {producerTask: importer, outputArtifactKey: artifact}}}
      upload:
        componentRef: {name: comp-upload}
        inputs:
          artifacts: {model: {taskOutputArtifact: {producerTask: train, outputArtifactKey: model}}}
  inputDefinitions:
    parameters:
      source: {defaultValue: 'gs://bucket/medical_records.csv', parameterType: STRING}
schemaVersion: 2.1.0
sdkVersion: kfp-2.14.3
"""


def _ways(facts: Facts) -> list[list[str]]:
    return [[hop.node.name for hop in flow.hops] for flow in SystemGraph([facts]).flows()]


def test_data_goes_through_tasks_and_graphs_into_the_training(read: Read) -> None:
    """The default of a parameter is imported, cleaned within a condition, and ends where a model is made."""
    facts, gaps = read(kubeflow.PARSER, {"pipeline.yaml": _PIPELINE})
    assert gaps == []
    assert _ways(facts) == [
        ["gs://bucket/medical_records.csv", "task importer", "task condition-1/clean", "task train"],
    ]
    sinks = {node.name: node.sink for node in facts.nodes if node.sink}
    assert sinks == {"task train": SinkKind.TRAINING}


def test_a_constant_and_a_path_name_data_too(read: Read) -> None:
    """A task that gets a path as a text reads that file; where it trains, the data end there."""
    text = _PIPELINE.replace("{componentInputParameter: source}", "{runtimeValue: {constant: data/diagnosis.csv}}")
    facts, _ = read(kubeflow.PARSER, {"p.yaml": text})
    assert _ways(facts)[0][0] == "data/diagnosis.csv"
    assert any(node.id == "data:file/data/diagnosis.csv" for node in facts.nodes)


def test_what_only_the_run_knows_is_no_data(read: Read) -> None:
    """A placeholder is no address."""
    text = _PIPELINE.replace("gs://bucket/medical_records.csv", "gs://{{$.x}}/diagnosis.csv")
    assert _ways(read(kubeflow.PARSER, {"p.yaml": text})[0]) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("componentRef: {name: comp-train}", "componentRef: {name: comp-gone}"),
        ("producerTask: train", "producerTask: gone"),
        ("components:\n", "components: 5\nx:\n"),
        ("inputs: {parameters: {uri: {componentInputParameter: source}}}", "inputs: 7"),
        ("componentInputArtifact: from-outside", "componentInputArtifact: 3, taskOutputArtifact: 4"),
    ],
)
def test_what_cannot_be_read_is_a_gap(read: Read, old: str, new: str) -> None:
    """A component or a task that is not there, and another type, are named."""
    assert old in _PIPELINE
    _, gaps = read(kubeflow.PARSER, {"p.yaml": _PIPELINE.replace(old, new)})
    assert gaps
    assert {(gap.path, gap.state) for gap in gaps} == {("p.yaml", State.PARTIAL)}


def test_tasks_that_wait_for_each_other_end(read: Read) -> None:
    """A circle is gone through once, also one of graphs that hold each other."""
    circle = _PIPELINE.replace("producerTask: importer", "producerTask: train")
    read(kubeflow.PARSER, {"p.yaml": circle})
    nested = _PIPELINE.replace("componentRef: {name: comp-clean}", "componentRef: {name: comp-condition-1}")
    _, gaps = read(kubeflow.PARSER, {"p.yaml": nested})
    assert {gap.reason for gap in gaps} == {"too_deep"}


def test_other_files_say_nothing(read: Read) -> None:
    """The settings of a platform follow a pipeline as a document of their own."""
    facts, gaps = read(kubeflow.PARSER, {"p.yaml": f"{_PIPELINE}---\nplatforms: {{kubernetes: {{}}}}\n"})
    assert gaps == []
    assert _ways(facts)
    assert read(kubeflow.PARSER, {"p.yaml": "components: {}\nroot: {}\n"}) == (Facts(), [])


def test_a_cut_off_file_is_a_gap(read: Read) -> None:
    """A file that ends in the middle is named."""
    _, gaps = read(kubeflow.PARSER, {"p.yaml": _PIPELINE[: _PIPELINE.index("defaultValue: 'gs") + 20]})
    assert [(gap.path, gap.state) for gap in gaps] == [("p.yaml", State.FAILED)]


@given(cut=st.integers(0, 2600), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:", "5"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a pipeline crashes nothing, and every edge has two ends."""
    for damaged in (_PIPELINE[:cut] + put, _PIPELINE[:cut] + put + _PIPELINE[cut:]):
        SystemGraph([read(kubeflow.PARSER, {"p.yaml": damaged})[0]]).flows()


def test_too_many_tasks_are_a_gap(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs that hold each other many times are not followed without end."""
    monkeypatch.setattr(kubeflow, "_MOST_TASKS", 2)
    _, gaps = read(kubeflow.PARSER, {"p.yaml": _PIPELINE})
    assert {gap.reason for gap in gaps} == {"too_many"}
