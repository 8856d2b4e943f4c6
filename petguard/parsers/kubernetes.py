"""Kubernetes manifests and the values of Helm charts: pods that run AI, and the objects that serve models."""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import read_yaml, yaml_parts
from petguard.errors import UnreadableInput
from petguard.model import Asset, Detail, Edge, EdgeKind, Facts, Gap, Node, Origin, State
from petguard.parsers import (
    Parser,
    _assets,
    _containers,
    _described,
    _infrastructure,
    _positions,
    _template,
    _variables,
    one_by_one,
)
from petguard.parsers._containers import Container
from petguard.parsers._described import Pointer
from petguard.parsers._source import Source, mappings, together
from petguard.telltales import told

_DEFINITION = re.compile(r"(?m)^kind:\s*CustomResourceDefinition")
_HUB_URI = re.compile(r"(?:hf|huggingface|ollama)://(?P<name>[\w.:/-]+)")
_URI_KEYS = frozenset(
    {"storageUri", "modelUri", "storage_uri", "uri", "url", "modelURL", "modelUrl", "model_url", "path"}
)
_INSTALLS = re.compile(r"(?m)^kind:[ \t]*(?:HelmRelease|HelmChart|Application|Kustomization)\b")
_LABELS = frozenset({"labels", "matchLabels", "annotations", "selector", "nodeSelector", "podLabels", "podAnnotations"})
_CONFIGURES = frozenset({"ConfigMap", "Secret"})
_PULLED = frozenset({"pull", "run", "load", "preload"})
_OTHER_FORMATS = re.compile(
    rb"AWSTemplateFormatVersion|(?m:^services:\s*$)|(?m:^jobs:\s*$)|(?m:^stages:\s*$)|(?m:^pipelines:\s*$)|(?m:^runs:\s*$)"
)


def _interest(candidate: Candidate) -> Interest:
    """Manifests, and every other YAML file with an image in it that no closer parser takes."""
    data = candidate.data
    if candidate.suffix not in (".yaml", ".yml") and not _is_template(candidate):
        return Interest.NONE
    manifest = b"kind:" in data and b"apiVersion:" in data
    values = (b"image" in data or candidate.name.startswith("values")) and not _OTHER_FORMATS.search(data)
    if not (manifest or values or _is_chart(candidate.path)):
        return Interest.NONE
    tells = candidate.told or _is_chart(candidate.path) or _INSTALLS.search(data.decode("utf-8", "replace"))
    return Interest.READ if tells else Interest.CLEAR


def _is_chart(path: str) -> bool:
    return path.rpartition("/")[2] in ("Chart.yaml", "requirements.yaml")


def _is_template(candidate: Candidate) -> bool:
    return candidate.suffix == ".tpl" and "/templates/" in f"/{candidate.path}"


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        for lines_above, part in yaml_parts(item.text):
            tells = _is_chart(item.path) or _INSTALLS.search(part) or told(part.encode("utf-8", "replace"))
            if tells and not _DEFINITION.search(part):
                yield from _part(item, part, lines_above)


def _part(item: Input, part: str, lines_above: int) -> Iterator[Facts | Gap]:
    """One document of a file. What is no YAML yet is read as the template it is; else it is a gap of its own."""
    try:
        source = Source(item.path, item.text, read_yaml(part).below(lines_above))
    except UnreadableInput as error:
        if "{{" in part:
            yield from _template.read(item, part, lines_above)
            return
        line = error.line + lines_above if error.line else lines_above + 1
        yield Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=line)
        return
    yield from one_by_one([item], lambda _: _read(source))
    yield from dict.fromkeys(source.gaps)


def _read(source: Source) -> Facts:
    document = source.document.value
    if not isinstance(document, dict):
        return Facts()
    kind, version = document.get("kind"), document.get("apiVersion")
    if isinstance(kind, str) and isinstance(version, str):
        return _object(source, document, kind, version, ())
    return together([_values(source, document), Facts(nodes=tuple(_charts(source, document)))])


def _object(source: Source, document: dict[str, Any], kind: str, version: str, pointer: Pointer) -> Facts:
    if kind == "List":
        items = enumerate(source.items(document.get("items"), *pointer, "items"))
        inner = [((*pointer, "items", index), item) for index, item in items if isinstance(item, dict)]
        return together(
            _object(source, item, str(item.get("kind")), str(item.get("apiVersion")), place) for place, item in inner
        )
    name = _name(document)
    known = _resource(kind, version)
    own = _serving(source, document, known, name, pointer) if known else Facts()
    settings = Facts(nodes=tuple(_settings(source, document, pointer))) if kind in _CONFIGURES else Facts()
    scripts = _scripts(source, document, name, pointer) if kind in _CONFIGURES else ()
    charts = Facts(nodes=tuple(_installed(source, document, pointer)))
    return together(
        [own, settings, charts, *scripts, *_pods(source, document, name, pointer, serves=known is not None)]
    )


def _name(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    found = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    return str(found or "unnamed")


def _resource(kind: str, version: str) -> catalog.Resource | None:
    """The catalogue's row for an object, by its group and kind or by its kind alone."""
    group = version.partition("/")[0]
    return catalog.resource("kubernetes", f"{group}/{kind}") or catalog.resource("kubernetes", kind)


def _pods(source: Source, document: dict[str, Any], name: str, pointer: Pointer, *, serves: bool) -> Iterator[Facts]:
    for place, value in _described.containers(document, pointer):
        found = _described.container(source, place, value, key=f"{source.path}#{name}", name=name)
        yield _containers.read(found, source.gaps)
    if serves:
        for place, value in _started(document, pointer):
            found = _described.container(source, place, value, key=f"{source.path}#{name}", name=name, serves=True)
            yield _containers.read(found, source.gaps)


def _started(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Mappings with arguments but without an image: the runtime brings its own."""
    for place, inner in mappings(value, pointer):
        if "image" not in inner and ("args" in inner or "env" in inner):
            yield place, inner


def _serving(source: Source, document: dict[str, Any], known: catalog.Resource, name: str, pointer: Pointer) -> Facts:
    """An object whose kind says that it serves models, and the models it names."""
    found = {model.id: (model, place) for model, place in _models(source, document, pointer, ("llm",))}
    node = _assets.managed(
        f"{source.path}#{document['kind']}/{name}", known, name, source.at(*pointer, "kind"), details=_details(document)
    )
    edges = tuple(
        Edge(kind=EdgeKind.USES, source=node.id, target=key, origin=Origin.DECLARED, location=source.at(*place))
        for key, (_, place) in found.items()
    )
    own = Facts(nodes=(node, *(model for model, _ in found.values())), edges=edges)
    return together([own, _infrastructure.handed(source, document, pointer, node)])


def _details(document: dict[str, Any]) -> dict[str, Detail]:
    """Which format the served model has and where its files come from."""
    details: dict[str, Detail] = {}
    for _, value in mappings(document, ()):
        form = value.get("modelFormat")
        if isinstance(form, dict) and isinstance(form.get("name"), str):
            details["format"] = form["name"]
        if isinstance(value.get("storageUri"), str):
            details["storage"] = value["storageUri"]
    return details


def _models(source: Source, value: Any, pointer: Pointer, company: Sequence[str]) -> Iterator[tuple[Node, Pointer]]:
    for place, inner in mappings(value, pointer):
        for key, text in inner.items():
            if isinstance(text, str) and not _LABELS.intersection(place):
                named = _model(key, _described.filled(text), (*company, *inner), place)
                if named is not None:
                    yield named.node(source.at(*place, key)), (*place, key)
            if key == "serveConfigV2" and isinstance(text, str):
                yield from _embedded(source, text, (*place, key), company)


def _model(key: str, text: str, company: Sequence[str], place: Pointer) -> _positions.Named | None:
    uri = _HUB_URI.fullmatch(text)
    if uri:
        return _positions.named("llm model", text.replace("huggingface://", "hf://"), company)
    if key in _URI_KEYS:
        hub = key.lower().startswith("model") and text.count("/") == 1
        return _positions.named("llm model", f"hf://{text}", company) if hub else None
    preset = key == "name" and place[-1:] == ("preset",)
    return _positions.named("llm model" if preset else key, text, company)


def _embedded(source: Source, text: str, pointer: Pointer, company: Sequence[str]) -> Iterator[tuple[Node, Pointer]]:
    """The configuration of a Ray application inside a block of text: its lines follow that of the key."""
    try:
        document = read_yaml("\n" * source.document.line(*pointer) + text)
    except UnreadableInput as error:
        source.doubt(f"serveConfigV2 is {error.detail}", *pointer, reason=error.reason)
        return
    inner = Source(source.path, source.text, document, source.gaps)
    yield from ((node, pointer) for node, _ in _models(inner, document.value, (), company))


def _settings(source: Source, document: dict[str, Any], pointer: Pointer) -> Iterator[Node]:
    """The variables that a ConfigMap or a Secret holds; those of a Secret are encoded, not hidden."""
    for section in ("data", "stringData"):
        found = list(_described.environment(source, (*pointer, section), document))
        encoded = section == "data" and document.get("kind") == "Secret"
        yield from _variables.nodes([replace(each, value=_decoded(each.value)) for each in found] if encoded else found)


def _scripts(source: Source, document: dict[str, Any], name: str, pointer: Pointer) -> Iterator[Facts]:
    """The scripts that a ConfigMap brings along."""
    files = document.get("data")
    for file, text in files.items() if isinstance(files, dict) else ():
        if file.endswith((".sh", ".bash")) and isinstance(text, str):
            script = _described.script_at(source, (*pointer, "data", file), text)
            box = Container(f"{source.path}#{name}", name, script.location, scripts=(script,))
            yield _containers.read(box, source.gaps)


def _decoded(value: str | None) -> str | None:
    try:
        return b64decode(value, validate=True).decode() if value else None
    except ValueError:
        return value


def _values(source: Source, document: dict[str, Any]) -> Facts:
    found = [
        _containers.read(
            _described.container(
                source, place, value, key=f"{source.path}#{'.'.join(map(str, place))}", name=source.path
            ),
            source.gaps,
        )
        for place, value in _described.containers(document)
    ]
    runs_ai = any(node.asset is Asset.AI_WORKLOAD for each in found for node in each.nodes)
    models = [node for node, _ in _models(source, document, (), ("llm",))] if runs_ai else []
    return together([*found, Facts(nodes=(*models, *(_pulled(source, document) if runs_ai else ())))])


def _pulled(source: Source, document: dict[str, Any]) -> Iterator[Node]:
    """Lists of models that a chart fetches when it starts: `models: {pull: [...]}`."""
    for place, value in mappings(document, ()):
        if place[-1:] == ("models",):
            for key in sorted(_PULLED & value.keys()):
                for index, text in enumerate(value[key] if isinstance(value[key], list) else ()):
                    named = _positions.named("llm model", text, ("llm",))
                    if named is not None:
                        yield named.node(source.at(*place, key, index))


def _charts(source: Source, document: dict[str, Any]) -> Iterator[Node]:
    """The charts of AI software that a chart depends on."""
    wanted = document.get("dependencies")
    for index, entry in enumerate(wanted if isinstance(wanted, list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str) and "repository" in entry:
            yield from _chart(source, entry, ("dependencies", index, "name"))


def _installed(source: Source, document: dict[str, Any], pointer: Pointer) -> Iterator[Node]:
    """The charts that Flux, Argo CD or Kustomize install, and the images that Kustomize puts in."""
    for place, value in mappings(document, pointer):
        name = value.get("chart")
        listed = place[-2:-1] == ("helmCharts",)
        if isinstance(value.get("name") if listed else name, str):
            yield from _chart(source, value, (*place, "name" if listed else "chart"))
        if place[-2:-1] == ("images",) and isinstance(value.get("name"), str):
            tag = value.get("newTag")
            reference = str(value.get("newName") or value["name"]) + (f":{tag}" if tag else "")
            image = _assets.image(reference, source.at(*place, "name"))
            yield from [image] if image else []


def _chart(source: Source, entry: dict[str, Any], pointer: Pointer) -> Iterator[Node]:
    """A chart that is called like the image it installs."""
    version = entry.get("version", entry.get("targetRevision"))
    name = str(entry[str(pointer[-1])]).rpartition("/")[2]
    node = _assets.chart(name, str(version) if version else None, source.at(*pointer))
    yield from [node] if node else []


PARSER = Parser.of_configs("kubernetes", _interest, _parse)
