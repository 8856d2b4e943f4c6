"""Bicep files and ARM templates: Azure's AI accounts, the models deployed in them, and the settings of applications."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, read_json
from petguard.model import Detail, Edge, EdgeKind, Facts, Gap, Node, Origin
from petguard.parsers import Parser, _assets, _bicep, _infrastructure, _positions, one_by_one
from petguard.parsers._names import HOLE
from petguard.parsers._source import Source, together

_TEMPLATE = re.compile(rb"deploymentTemplate\.json|DeploymentTemplate\.json")
_PARAMETER = re.compile(r"\[\s*(?P<what>parameters|variables)\('(?P<name>\w+)'\)\s*\]")
_EXPRESSION = re.compile(r"\$\{\s*(?P<name>\w+)(?P<path>(?:\.\w+)*)\s*\}")
_UNKNOWN = re.compile(r"\$\{[^{}]*\}|(?s:^\[.*\]$)")
_CONDITION = re.compile(r"\$\{[^?]*\?\s*'(?P<then>[^']*)'\s*:\s*'(?P<otherwise>[^']*)'\s*\}")
# Modules of Azure's own registry, by what they deploy.
_VERIFIED = re.compile(r"(?:br/public:|br:mcr\.microsoft\.com/bicep/)avm/(?:res|ptn)/(?P<name>[\w/-]+?)(?::[\w.-]+)?")
_VERIFIED_TYPES = {
    "cognitive-services/account": "Microsoft.CognitiveServices/accounts",
    "machine-learning-services/workspace": "Microsoft.MachineLearningServices/workspaces",
    "search/search-service": "Microsoft.Search/searchServices",
    "ai-ml/ai-foundry": "Microsoft.CognitiveServices/accounts",
}
_GENERATED = re.compile(r"\"_generator\"\s*:\s*\{\s*\"name\"\s*:\s*\"bicep\"")
_ACCOUNT = "microsoft.cognitiveservices/accounts"
_REFERRING = ("/diagnosticsettings", "/roleassignments", "/privateendpointconnections", "/connections")
_DEEPEST = 8


@dataclass(frozen=True)
class _Declared:
    """A resource of a template: its type without version, what it is called there, and where it stands."""

    type: str
    name: str
    body: dict[str, Any]
    pointer: tuple[Step, ...]
    starts: tuple[Step, ...] | None = None  # where the declaration itself stands, if elsewhere


def _interest(candidate: Candidate) -> Interest:
    bicep = candidate.suffix == ".bicep"
    if not bicep and not (candidate.suffix == ".json" and _TEMPLATE.search(candidate.data[:2_000])):
        return Interest.NONE
    return Interest.READ if candidate.told or (bicep and b"module " in candidate.data) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    sources = {item.path.removesuffix(".bicep") for item in inputs if item.path.endswith(".bicep")}
    for item in inputs:
        if _GENERATED.search(item.text[:2_000]) and item.path.removesuffix(".json") in sources:
            continue  # the compiled form of what stands beside it
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            read = _bicep_file if item.path.endswith(".bicep") else _template
            return read(item, gaps)

        yield from one_by_one([item], whole)
        yield from dict.fromkeys(gaps)


def _bicep_file(item: Input, gaps: list[Gap]) -> Facts:
    found = list(_bicep.declarations(item.text))
    known = _Values({each.name: each.value for each in found if each.what in ("param", "var")})
    source = Source(item.path, item.text, _document(found), gaps)
    parts = []
    for index, each in enumerate(found):
        if each.what == "param" and isinstance(each.value, str):
            parts.append(Facts(nodes=tuple(_default(source, each, index))))
        if each.what in ("resource", "module") and not each.existing:
            bodies = _several(each.value)
            parts += [_resource(source, _declared(each, (index, *place), body, known)) for place, body in bodies]
    return together(parts)


def _document(found: Sequence[_bicep.Declaration]) -> Document:
    """All declarations as one list."""
    lines = {(index, *place): line for index, each in enumerate(found) for place, line in each.lines.items()}
    starts: dict[tuple[Step, ...], int] = {(index,): each.line for index, each in enumerate(found)}
    return Document.of_lines([each.value for each in found], 1, {**starts, **lines})


def _declared(each: _bicep.Declaration, place: tuple[Step, ...], body: dict[str, Any], known: "_Values") -> _Declared:
    given = each.what == "module"
    value = known.filled(body.get("params", {}) if given else body)
    return _Declared(_type(each), each.name, value, (*place, "params") if given else place, place[:1])


def _default(source: Source, each: _bicep.Declaration, index: int) -> Iterator[Node]:
    """The model that a parameter names by default."""
    found = _positions.named(each.name, each.value, ())
    if found is not None:
        yield found.node(source.at(index))


def _several(value: Any) -> Iterator[tuple[tuple[Step, ...], dict[str, Any]]]:
    """The body, or the one that a loop repeats."""
    if isinstance(value, dict):
        yield (), value
    for index, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, dict):
            yield (index,), each


def _type(declaration: _bicep.Declaration) -> str:
    if declaration.what == "resource":
        return declaration.type.partition("@")[0]
    verified = _VERIFIED.fullmatch(declaration.type)
    return _VERIFIED_TYPES.get(verified["name"], "") if verified else ""


def _template(item: Input, gaps: list[Gap]) -> Facts:
    source = Source(item.path, item.text, read_json(item.text), gaps)
    top = source.mapping(source.document.value)
    return together(_resource(source, each) for each in _resources(source, top, ()))


def _resources(source: Source, top: dict[str, Any], pointer: tuple[Step, ...]) -> Iterator[_Declared]:
    """The resources of a template, those inside others, and those of templates inside it."""
    known = _Values(_arm_values(top))
    listed = top.get("resources")
    items = listed.items() if isinstance(listed, dict) else enumerate(listed) if isinstance(listed, list) else ()
    for step, entry in items:
        place = (*pointer, "resources", step)
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            continue
        name = known.filled(entry.get("name"))
        called = str(step) if isinstance(step, str) else str(name)
        yield _Declared(entry["type"], called.replace(HOLE, "*"), known.filled(entry), place)
        properties = entry.get("properties")
        inner = properties.get("template") if isinstance(properties, dict) else None
        if isinstance(inner, dict):
            yield from _resources(source, inner, (*place, "properties", "template"))
        if "resources" in entry:
            for child in _resources(source, {**top, "resources": entry["resources"]}, place):
                yield (
                    child
                    if child.type.startswith("Microsoft.")
                    else replace(child, type=f"{entry['type']}/{child.type}")
                )


def _arm_values(top: Mapping[str, Any]) -> dict[str, Any]:
    parameters, variables = top.get("parameters"), top.get("variables")
    found = dict(variables) if isinstance(variables, dict) else {}
    for name, body in parameters.items() if isinstance(parameters, dict) else ():
        if isinstance(body, dict) and "defaultValue" in body:
            found[name] = body["defaultValue"]
    return found


@dataclass(frozen=True)
class _Values:
    """The parameters and variables of a file, by their names."""

    given: Mapping[str, Any]
    followed: dict[str, Any] = field(default_factory=dict)  # references that were followed before

    def filled(self, value: Any, depth: int = 0) -> Any:
        """The value with parameters and variables put in; a hole for all that is computed."""
        if isinstance(value, dict):
            return {key: self.filled(inner, depth) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, depth) for inner in value]
        return self._text(value, depth) if isinstance(value, str) else value

    def _text(self, text: str, depth: int) -> Any:
        """A text, or what it refers to; of a condition the first text."""
        whole = _PARAMETER.fullmatch(text) or _EXPRESSION.fullmatch(text)
        if whole is not None:
            return self._found(whole, depth)
        condition = _CONDITION.fullmatch(text)
        if condition is not None:
            return condition["then"] or condition["otherwise"]
        if text.startswith("${") and text.endswith("}") and text.count("${") == 1:  # with braces of its own
            return HOLE
        return _UNKNOWN.sub(HOLE, _EXPRESSION.sub(lambda found: _infrastructure.piece(self._found(found, depth)), text))

    def _found(self, found: re.Match[str], depth: int) -> Any:
        steps = [found["name"], *(found.groupdict().get("path") or "").split(".")[1:]]
        name = ".".join(steps)
        if name not in self.followed:
            value: Any = self.given
            for step in steps:
                value = value.get(step, HOLE) if isinstance(value, Mapping) else HOLE
            self.followed[name] = _infrastructure.bounded(self.filled(value, depth + 1)) if depth < _DEEPEST else HOLE
        return self.followed[name]


def _resource(source: Source, declared: _Declared) -> Facts:
    beside = list(_infrastructure.environments(source, declared.body, declared.pointer))
    row = catalog.resource("azure", declared.type.lower()) if declared.type else None
    if row is None or _is_no_ai(declared):
        given = _infrastructure.models(source, declared.body, declared.pointer, ()) if not declared.type else ()
        return Facts(nodes=(*beside, *given))
    models = list(_infrastructure.models(source, declared.body, declared.pointer, ("llm",)))
    address = f"{declared.type}.{declared.name}"
    node = _assets.managed(
        f"{source.path}#{address}",
        row,
        address,
        source.at(*(declared.pointer if declared.starts is None else declared.starts)),
        region=_said(declared.body.get("location")),
        details=_details(declared.body),
    )
    kind = _said(declared.body.get("kind"))
    if declared.type.lower() == _ACCOUNT:
        node = node.model_copy(update={"provider": _infrastructure.azure_provider(kind, node.provider)})
    edges = tuple(
        Edge(kind=EdgeKind.USES, source=node.id, target=each.id, origin=Origin.DECLARED, location=each.locations[0])
        for each in models
    )
    return Facts(nodes=(node, *models, *beside), edges=edges)


def _is_no_ai(declared: _Declared) -> bool:
    """Bing's search is sold as an account of the same type; what only refers to an account is none."""
    kind = _said(declared.body.get("kind"))
    bing = kind is not None and kind.lower().startswith("bing.")
    return bing or declared.type.lower().endswith(_REFERRING)


def _details(body: dict[str, Any]) -> dict[str, Detail]:
    sku = body.get("sku")
    said = {"kind": _said(body.get("kind")), "sku": _said(sku.get("name") if isinstance(sku, dict) else sku)}
    return {name: value for name, value in said.items() if value is not None}


def _said(value: Any) -> str | None:
    return value if isinstance(value, str) and value and HOLE not in value else None


PARSER = Parser.of_configs("azure", _interest, _parse)
