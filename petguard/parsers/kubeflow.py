"""Kubeflow pipelines, as the SDK compiles them: which task gets which data, and which of them train a model.

A task whose component gives out a model and gets an artifact or an address of data is a training.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_yaml_all
from petguard.model import Edge, Facts, Gap, Node, NodeKind, Origin, SinkKind
from petguard.parsers import Parser
from petguard.parsers._declared import flow, named_place
from petguard.parsers._model_file import shown
from petguard.parsers._names import categories_of_path
from petguard.parsers._source import Source, each

Pointer = tuple[Step, ...]
Values = Mapping[str, str | None]  # what the parameters of a graph are known to be
Makers = Mapping[str, Sequence[str]]  # the nodes that make the artifacts that a graph is given

_KEYS = (b"deploymentSpec:", b"executorLabel:", b"componentRef:")
_DATA = re.compile(r"(?:Dataset|Table)$")
_MODEL = re.compile(r"(?:^|\.)\w*Model$")
_PLACE = re.compile(
    r"(?:s3|gs|bq|abfss?|wasbs?|hdfs|https?)://[^\s{]{1,1000}|"
    r"[\w./-]{1,300}\.(?:csv|tsv|parquet|jsonl?|xlsx|avro|orc|txt)",
    re.I,
)
_DEEPEST = 12  # graphs within graphs
_MOST_TASKS = 5_000


def _interest(candidate: Candidate) -> Interest:
    wanted = candidate.suffix in (".yaml", ".yml") and all(key in candidate.data for key in _KEYS)
    return Interest.READ if wanted else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    top = source.document.value
    if not isinstance(top, dict) or "deploymentSpec" not in top or "root" not in top:
        return Facts()  # the settings of a platform, which follow the pipeline
    pipeline = _Pipeline(source, source.mapping(top.get("components"), "components"), _executors(source, top))
    root = source.mapping(top.get("root"), "root")
    given = _parameters(source, root, ("root",))
    values = {name: _text(source.mapping(each, "root").get("defaultValue")) for name, each in given.items()}
    _Graph(pipeline, root, ("root",), "", values, {}).follow()
    return Facts(nodes=tuple(pipeline.nodes.values()), edges=tuple(dict.fromkeys(pipeline.edges)))


def _executors(source: Source, top: dict[str, Any]) -> dict[str, Any]:
    spec = source.mapping(top.get("deploymentSpec"), "deploymentSpec")
    return source.mapping(spec.get("executors"), "deploymentSpec", "executors")


def _parameters(source: Source, component: dict[str, Any], place: Pointer) -> dict[str, Any]:
    definitions = source.mapping(component.get("inputDefinitions"), *place, "inputDefinitions")
    return source.mapping(definitions.get("parameters"), *place, "inputDefinitions", "parameters")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


@dataclass
class _Pipeline:
    """One document, and what is found in it."""

    source: Source
    components: dict[str, Any]
    executors: dict[str, Any]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    tasks: int = 0


@dataclass
class _Graph:
    """One graph of tasks, with what it is given from outside; `made` holds the nodes of each task that was followed."""

    pipeline: _Pipeline
    component: dict[str, Any]
    place: Pointer
    path: str
    values: Values
    makers: Makers
    depth: int = 0
    made: dict[str, list[str]] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def follow(self) -> list[str]:
        """Go through all tasks; the nodes of those whose artifacts the graph gives out, of all where none is told."""
        tasks = self._tasks()
        for name in tasks:
            self._task(name)
        every = [key for keys in self.made.values() for key in keys]
        dag = self.pipeline.source.mapping(self.component.get("dag"), *self.place, "dag")
        outputs = self.pipeline.source.mapping(dag.get("outputs"), *self.place, "dag", "outputs")
        selected = {match for match in _selected(outputs.get("artifacts")) if match in self.made}
        return [key for name in sorted(selected) for key in self.made[name]] or every

    def _tasks(self) -> dict[str, Any]:
        dag = self.pipeline.source.mapping(self.component.get("dag"), *self.place, "dag")
        return self.pipeline.source.mapping(dag.get("tasks"), *self.place, "dag", "tasks")

    def _task(self, name: str) -> list[str]:
        """Follow one task after those whose artifacts it gets; one that waits for itself is followed once."""
        if name in self.made or name in self._open:
            return self.made.get(name, [])
        source, at = self.pipeline.source, (*self.place, "dag", "tasks", name)
        task = self._tasks().get(name)
        if task is None:
            source.doubt(f"there is no task {shown(name)} in this graph", *self.place, reason="unresolved")
            return []
        self.pipeline.tasks += 1
        if self.pipeline.tasks > _MOST_TASKS:
            source.doubt(f"more than {_MOST_TASKS:,} tasks", *self.place, reason="too_many")
            return []
        self._open.add(name)
        self.made[name] = self._followed(name, source.mapping(task, *at), at)
        return self.made[name]

    def _followed(self, name: str, task: dict[str, Any], at: Pointer) -> list[str]:
        source = self.pipeline.source
        reference = source.mapping(task.get("componentRef"), *at, "componentRef").get("name")
        inputs = source.mapping(task.get("inputs"), *at, "inputs")
        given = source.mapping(inputs.get("artifacts"), *at, "inputs", "artifacts")
        makers = {key: self._makers(each, (*at, "inputs", "artifacts", key)) for key, each in given.items()}
        stated = source.mapping(inputs.get("parameters"), *at, "inputs", "parameters")
        values = {key: self._value(each, (*at, "inputs", "parameters", key)) for key, each in stated.items()}
        if not isinstance(reference, str) or reference not in self.pipeline.components:
            source.doubt(f"the component of {shown(name)} is not in this file", *at, reason="unresolved")
            return []
        component = source.mapping(self.pipeline.components[reference], "components", reference)
        path = f"{self.path}{name}"
        if "dag" not in component:
            return [self._leaf(component, path, at, values, makers)]
        if self.depth >= _DEEPEST:
            source.doubt("graphs within graphs, too deep to be followed", *at, reason="too_deep")
            return []
        place = ("components", reference)
        inner = _Graph(self.pipeline, component, place, f"{path}/", values, makers, self.depth + 1)
        return inner.follow()

    def _makers(self, artifact: Any, at: Pointer) -> list[str]:
        """The nodes that make an artifact: those of other tasks, or of the graph around this one."""
        entry = self.pipeline.source.mapping(artifact, *at)
        made = self.pipeline.source.mapping(entry.get("taskOutputArtifact"), *at, "taskOutputArtifact")
        producer, outside = made.get("producerTask"), entry.get("componentInputArtifact")
        if isinstance(producer, str):
            return self._task(producer)
        return list(self.makers.get(outside, ())) if isinstance(outside, str) else []

    def _value(self, parameter: Any, at: Pointer) -> str | None:
        """The text of a parameter, where it is a constant or a default."""
        entry = self.pipeline.source.mapping(parameter, *at)
        constant = self.pipeline.source.mapping(entry.get("runtimeValue"), *at, "runtimeValue").get("constant")
        outside = entry.get("componentInputParameter")
        return self.values.get(outside) if isinstance(outside, str) else _text(constant)

    def _leaf(self, component: dict[str, Any], path: str, at: Pointer, values: Values, makers: Makers) -> str:
        """A task that runs something, or an importer, which only names data."""
        source = self.pipeline.source
        label = component.get("executorLabel")
        executor = self.pipeline.executors.get(label) if isinstance(label, str) else None
        importer = executor.get("importer") if isinstance(executor, dict) else None
        uri = _imported(importer, values) if isinstance(importer, dict) else None
        texts = [uri] if uri else [text for text in values.values() if text and _PLACE.fullmatch(text)]
        places = [text for text in texts if "{{" not in text]
        inputs = [key for keys in makers.values() for key in keys]
        trains = bool(inputs or places) and importer is None and _trains(component)
        node = Node(
            id=f"code:kubeflow/{source.path}#{path}",
            kind=NodeKind.CODE,
            name=f"task {path}",
            sink=SinkKind.TRAINING if trains else None,
            origin=Origin.DECLARED,
            locations=(source.at(*at),),
        )
        self.pipeline.nodes[node.id] = node
        for text in places:
            data = self._data(text, at)
            self.pipeline.nodes.setdefault(data.id, data)
            inputs.append(data.id)
        self.pipeline.edges += (flow(key, node.id, source.at(*at)) for key in dict.fromkeys(inputs))
        return node.id

    def _data(self, text: str, at: Pointer) -> Node:
        text = secrets.mask_in(text)
        return named_place(text, self.pipeline.source.at(*at), categories=categories_of_path(text))


def _imported(importer: dict[str, Any], values: Values) -> str | None:
    """The address of what an importer brings in: a constant, or the value of a parameter of its task."""
    uri = importer.get("artifactUri")
    uri = uri if isinstance(uri, dict) else {}
    name = uri.get("runtimeParameter")
    return (values.get(name) if isinstance(name, str) else None) or _text(uri.get("constant"))


def _trains(component: dict[str, Any]) -> bool:
    """Whether a component makes a model: one that already gets one needs data as well, or only passes it on."""
    given, got = _titles(component, "outputDefinitions"), _titles(component, "inputDefinitions")
    return any(map(_MODEL.search, given)) and (not any(map(_MODEL.search, got)) or any(map(_DATA.search, got)))


def _titles(component: dict[str, Any], side: str) -> list[str]:
    """The types of the artifacts that a component gets or gives."""
    definitions = component.get(side)
    artifacts = definitions.get("artifacts") if isinstance(definitions, dict) else None
    entries = artifacts.values() if isinstance(artifacts, dict) else ()
    kinds = [entry.get("artifactType") for entry in entries if isinstance(entry, dict)]
    titles = [kind.get("schemaTitle") for kind in kinds if isinstance(kind, dict)]
    return [title for title in titles if isinstance(title, str)]


def _selected(artifacts: Any) -> Iterator[str]:
    """The tasks whose artifacts a graph gives out."""
    for entry in artifacts.values() if isinstance(artifacts, dict) else ():
        selectors = entry.get("artifactSelectors") if isinstance(entry, dict) else None
        for selector in selectors if isinstance(selectors, list) else ():
            if isinstance(selector, dict) and isinstance(selector.get("producerSubtask"), str):
                yield selector["producerSubtask"]


PARSER = Parser.of_configs("kubeflow", _interest, _parse)
