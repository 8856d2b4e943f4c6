"""Terraform and OpenTofu: AI resources, who may call AI, and the models that variables and locals lead to.

The files of one folder are one module: a model may stand in the default of a variable, the region in a provider.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from petguard import catalog
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, Step, read_hcl, read_json
from petguard.errors import UnreadableInput
from petguard.model import Detail, Edge, EdgeKind, Facts, Gap, Node, Origin, State
from petguard.parsers import (
    Parser,
    _assets,
    _containers,
    _described,
    _infrastructure,
    _positions,
    one_by_one,
)
from petguard.parsers._names import HOLE
from petguard.parsers._source import Source, together
from petguard.telltales import Told, told

Pointer = tuple[Step, ...]

_NAMED = re.compile(r"\.(?:tf|tofu|tf\.json|tofu\.json|tfvars|tfvars\.json|hcl)$")
_VALUES = re.compile(r"\.tfvars(?:\.json)?$")
_AROUND = re.compile(rb"\b(?:variable|locals|provider)\b|=")
_REFERENCE = re.compile(r"\$\{\s*(?P<root>var|local|each)\.(?P<path>[\w-]+(?:\.[\w-]+|\[\"?[\w-]+\"?\])*)\s*\}")
_UNKNOWN = re.compile(r"\$\{[^{}]*\}")
_DEEPEST = 8  # locals that lead to locals
_MOST_INSTANCES = 50
_NOT_AI_KINDS = re.compile(r"(?i)bing\..*")
_REGIONS = ("location", "region")
# Registry modules that hold nothing but AI, by the name and provider of `namespace/name/provider`.
_MODULES = (
    (re.compile(r"(?:[\w-]+/)?(?:terraform-aws-)?bedrock[\w-]*(?:/aws)?"), "amazon-bedrock"),
    (re.compile(r"(?:[\w-]+/)?sagemaker[\w-]*/aws"), "amazon-sagemaker"),
    (re.compile(r"(?:[\w-]+/)?(?:azure-?)?open-?ai[\w-]*/azurerm"), "azure"),
    (re.compile(r"(?:[\w-]+/)?vertex-ai[\w-]*/google"), "google-vertex"),
)
_GIT_MODULE = re.compile(
    r"(?:git::)?(?:https://|ssh://git@)?(?:github\.com/)?[\w-]+/terraform-aws-bedrock[\w-]*(?:\.git)?(?:[/?].*)?"
)


@dataclass(frozen=True)
class _Scope:
    """What references in a module lead to."""

    variables: Mapping[str, Any]
    locals: Mapping[str, Any]
    each: Mapping[str, Any] = field(default_factory=dict)
    followed: dict[str, Any] = field(default_factory=dict)  # references that were followed before

    def filled(self, value: Any, depth: int = 0) -> Any:
        """The value with its references followed; what cannot be known here is a hole."""
        if isinstance(value, dict):
            return {key: self.filled(inner, depth) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, depth) for inner in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole is not None:
            return self._found(whole, depth)
        text = _REFERENCE.sub(lambda match: _infrastructure.piece(self._found(match, depth)), value)
        return _UNKNOWN.sub(HOLE, text)

    def _found(self, match: re.Match[str], depth: int) -> Any:
        name = match[0]
        if match["root"] == "each" or name not in self.followed:
            value = self._stated(match["root"], re.findall(r"[\w-]+", match["path"]))
            missing = value is None or depth > _DEEPEST
            found = HOLE if missing else _infrastructure.bounded(self.filled(value, depth + 1))
            if match["root"] == "each":
                return found
            self.followed[name] = found
        return self.followed[name]

    def _stated(self, root: str, path: list[str]) -> Any:
        value: Any = {"var": self.variables, "local": self.locals, "each": self.each}[root]
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def instances(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The body as it is for each item of `for_each`, or once."""
        items = self.filled(body.get("for_each"))
        pairs = list(items.items()) if isinstance(items, dict) else []
        pairs = [(str(item), item) for item in items] if isinstance(items, list) else pairs
        for key, value in pairs[:_MOST_INSTANCES] or [(None, None)]:
            scope = replace(self, each={"key": key, "value": value}) if key is not None else self
            yield scope.filled(body)


def _interest(candidate: Candidate) -> Interest:
    """Files that tell of AI, and those that hold what such a file may refer to."""
    if not _NAMED.search(candidate.path) or candidate.name == ".terraform.lock.hcl":
        return Interest.NONE
    if candidate.path.endswith(".hcl") and candidate.name != "terragrunt.hcl":
        return Interest.READ if candidate.told & {Told.RESOURCE} else Interest.CLEAR
    return Interest.READ if candidate.told or _AROUND.search(candidate.data) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    folders: dict[str, list[Input]] = defaultdict(list)
    for item in inputs:
        folders[item.path.rpartition("/")[0]].append(item)
    for folder in sorted(folders):
        telling = {item.path for item in folders[folder] if told(item.text.encode("utf-8", "replace"))}
        if telling:
            yield from _module(folder, folders[folder], telling)


def _module(folder: str, inputs: Sequence[Input], telling: set[str]) -> Iterator[Facts | Gap]:
    sources: dict[str, Source] = {}
    for item in inputs:
        try:
            document, broken = _document(item)
        except (UnreadableInput, RecursionError) as error:
            detail = error.detail if isinstance(error, UnreadableInput) else "nested too deeply"
            line = error.line if isinstance(error, UnreadableInput) else None
            yield Gap(path=item.path, state=State.FAILED, reason="parse_error", detail=detail, line=line)
            continue
        sources[item.path] = Source(item.path, item.text, document)
        if broken and item.path in telling:
            detail = f"{len(broken)} lines are not HCL and were left out"
            yield Gap(path=item.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=broken[0])
    scope = _scope(sources)
    regions = dict(_provider_regions(sources.values(), scope))
    for item in inputs:
        if item.path in sources:
            source = sources[item.path]
            yield from one_by_one([item], lambda _, source=source: _read(source, folder, scope, regions))  # type: ignore[misc]
            yield from dict.fromkeys(source.gaps)


def _document(item: Input) -> tuple[Document, tuple[int, ...]]:
    return (read_json(item.text), ()) if item.path.endswith(".json") else read_hcl(item.text)


def _scope(sources: Mapping[str, Source]) -> _Scope:
    variables: dict[str, Any] = {}
    names: dict[str, Any] = {}
    for path, source in sources.items():
        top = source.document.value if isinstance(source.document.value, dict) else {}
        if _VALUES.search(path):
            variables = top | variables
            continue
        for name, body in _labelled(top.get("variable")):
            if body.get("default") is not None:
                variables[name] = body["default"]
        for body in _bodies(top.get("locals")):
            names |= body
    return _Scope(variables, names)


def _bodies(value: Any) -> list[dict[str, Any]]:
    """One block or several of a kind, in both forms of the language."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _labelled(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, held in value.items() if isinstance(value, dict) else ():
        yield from ((name, body) for body in _bodies(held))


def _provider_regions(sources: Any, scope: _Scope) -> Iterator[tuple[str, str]]:
    """The region of each provider by its name, with its alias where it has one: `aws`, `aws.frankfurt`."""
    for source in sources:
        top = source.document.value if isinstance(source.document.value, dict) else {}
        for name, body in _labelled(top.get("provider")):
            region = scope.filled(body.get("region"))
            if isinstance(region, str) and HOLE not in region:
                yield (f"{name}.{body['alias']}" if isinstance(body.get("alias"), str) else name), region


def _read(source: Source, folder: str, scope: _Scope, regions: Mapping[str, str]) -> Facts:
    top = source.document.value
    if not isinstance(top, dict):
        return Facts()
    parts = [
        *(_blocks(source, folder, scope, regions, "resource")),
        *(_blocks(source, folder, scope, regions, "data")),
        Facts(nodes=tuple(_modules(source, folder, scope))),
        Facts(nodes=tuple(_defaults(source))),
    ]
    return together(parts)


def _blocks(source: Source, folder: str, scope: _Scope, regions: Mapping[str, str], section: str) -> Iterator[Facts]:
    for type_, named in _labelled(source.document.value.get(section)):
        for name, held in named.items():
            several = isinstance(held, list)
            for index, body in enumerate(_bodies(held)):
                pointer: Pointer = (section, type_, name, *((index,) if several else ()))
                address = f"{'data.' if section == 'data' else ''}{type_}.{name}"
                yield from _resource(source, _Block(folder, type_, address, pointer, body), scope, regions)


@dataclass(frozen=True)
class _Block:
    """A resource or a data source."""

    folder: str
    type: str
    address: str
    pointer: Pointer
    body: dict[str, Any]


def _resource(source: Source, block: _Block, scope: _Scope, regions: Mapping[str, str]) -> Iterator[Facts]:
    known = catalog.resource("terraform", block.type)
    for body in scope.instances(block.body):
        filled = _infrastructure.unpacked(body)
        if known is not None:
            yield _managed(source, block, known, filled, regions)
        yield Facts(nodes=tuple(_beside(source, block, filled)))
        for place, value in _described.containers(filled, block.pointer):
            key = f"{block.folder}#{block.address}"
            yield _containers.read(_described.container(source, place, value, key=key, name=block.address), source.gaps)


def _managed(
    source: Source, block: _Block, known: catalog.Resource, body: dict[str, Any], regions: Mapping[str, str]
) -> Facts:
    kind = body.get("kind") if block.type == "azurerm_cognitive_account" else None
    if isinstance(kind, str) and _NOT_AI_KINDS.fullmatch(kind):
        return Facts()
    company = ("llm",)
    inside = {key: value for key, value in body.items() if not (key == "model_name" and "sagemaker" in block.type)}
    models = list(_infrastructure.models(source, inside, block.pointer, company))
    node = _assets.managed(
        f"{block.folder}#{block.address}",
        known,
        block.address,
        source.at(*block.pointer),
        region=_region(block, body, regions),
        details=_details(body, kind),
    )
    if isinstance(kind, str) and HOLE not in kind:
        node = node.model_copy(update={"provider": _infrastructure.azure_provider(kind, node.provider)})
    edges = tuple(
        Edge(kind=EdgeKind.USES, source=node.id, target=each.id, origin=Origin.DECLARED, location=each.locations[0])
        for each in models
    )
    own = Facts(nodes=(node, *models), edges=edges)
    return together([own, _infrastructure.handed(source, body, block.pointer, node)])


def _details(body: dict[str, Any], kind: Any) -> dict[str, Detail]:
    sku = next((each.get("name") for each in _bodies(body.get("sku"))), body.get("sku_name"))
    said = {"kind": kind, "sku": sku}
    return {name: value for name, value in said.items() if isinstance(value, str) and HOLE not in value}


def _region(block: _Block, body: dict[str, Any], regions: Mapping[str, str]) -> str | None:
    stated = next((body[key] for key in _REGIONS if isinstance(body.get(key), str)), None)
    if stated is not None:
        return None if HOLE in stated else stated
    provider = block.type.partition("_")[0]
    chosen = block.body.get("provider")
    alias = chosen.removeprefix("${").removesuffix("}") if isinstance(chosen, str) else provider
    return regions.get(alias)


def _beside(source: Source, block: _Block, body: dict[str, Any]) -> Iterator[Node]:
    """What any resource may say: rights, variables, an image to pull, a chart to install."""
    yield from _infrastructure.rights(source, body, block.pointer)
    yield from _infrastructure.environments(source, body, block.pointer)
    name = body.get("chart") if block.type == "helm_release" else body.get("name")
    if block.type == "helm_release" and isinstance(name, str):
        version = body.get("version")
        chart = _assets.chart(
            name.rpartition("/")[2], str(version) if version else None, source.at(*block.pointer, "chart")
        )
        yield from [chart] if chart else []
    if block.type == "docker_image" and isinstance(name, str):
        image = _assets.image(name, source.at(*block.pointer, "name"))
        yield from [image] if image else []


def _modules(source: Source, folder: str, scope: _Scope) -> Iterator[Node]:
    """Calls of modules that hold nothing but AI, and the models that any module is given."""
    for name, body in _labelled(source.document.value.get("module")):
        pointer = ("module", name)
        wanted = str(body.get("source") or "")
        path = wanted.split("//", maxsplit=1)[0] if "://" not in wanted else wanted
        provider = next((provider for shape, provider in _MODULES if shape.fullmatch(path)), None)
        provider = provider or ("amazon-bedrock" if _GIT_MODULE.fullmatch(wanted) else None)
        filled = scope.filled(body)
        if provider is not None:
            row = catalog.Resource(dialect="terraform", type="module", name=wanted, provider=provider)
            details: dict[str, Detail] = {"source": wanted}
            key = f"{folder}#module.{name}"
            yield _assets.managed(key, row, f"module.{name}", source.at(*pointer, "source"), details=details)
        yield from _infrastructure.models(source, filled, pointer, ("llm",) if provider else ())
        yield from _infrastructure.environments(source, filled, pointer)
        yield from _infrastructure.rights(source, filled, pointer)


def _defaults(source: Source) -> Iterator[Node]:
    """Models in defaults of variables, in locals and in files of values, by the names they have there."""
    top = source.document.value
    if _VALUES.search(source.path):
        yield from _infrastructure.models(source, top, (), ())
    for name, body in _labelled(top.get("variable")):
        if isinstance(body.get("default"), str):
            found = _positions.named(name, body["default"], ())
            if found is not None:
                yield found.node(source.at("variable", name, "default"))
    held = top.get("locals")
    for index, body in enumerate(_bodies(held)):
        pointer: Pointer = ("locals", index) if isinstance(held, list) else ("locals",)
        yield from _infrastructure.models(source, body, pointer, ())


PARSER = Parser.of_configs("terraform", _interest, _parse)
