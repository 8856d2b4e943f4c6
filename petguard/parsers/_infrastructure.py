"""What infrastructure code says in every dialect: who may call AI, which models it names, what a function is given."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard.documents import Step, read_json
from petguard.errors import UnreadableInput
from petguard.model import Asset, Facts, Node, Origin
from petguard.parsers import _described, _handed_data, _positions, _variables
from petguard.parsers._declared import flow
from petguard.parsers._names import HOLE
from petguard.parsers._services import Service
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

_RIGHTS = (
    (
        re.compile(r"bedrock(?:-agentcore|-mantle)?:(?:\*|Invoke.*|Converse.*|Retrieve.*|CreateModelInvocation.*)"),
        "amazon-bedrock",
    ),
    (re.compile(r"sagemaker:(?:\*|Invoke.*)"), "amazon-sagemaker"),
    (
        re.compile(r"(?:roles/)?aiplatform(?:\.googleapis\.com|\.(?:user|admin|endpoints\.predict))"),
        "google-vertex",
    ),
    (re.compile(r"Cognitive Services OpenAI (?:User|Contributor)"), "azure"),
)
_ARN = re.compile(
    r"arn:aws[\w-]*:bedrock:(?P<region>[^:]*):[^:]*:(?P<kind>foundation-model|inference-profile|custom-model)/(?P<name>[\w.:/-]+)"
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_ENVIRONMENTS = (
    *("environment", "Environment", "env", "environment_variables", "variables", "Variables", "app_settings"),
    *("secret_environment_variables", "environmentVariables", "appSettings", "secrets", "EnvironmentVariables"),
)
_AZURE_KINDS = {"openai": "azure", "aiservices": "azure", "formrecognizer": "azure-document-intelligence"}
_LONGEST = 300  # characters that one reference may put into a text
_LARGEST = 2_000  # values that one reference may lead to
_HOLDERS = frozenset({"model", "models", "foundation_model", "modelName"})
_REFERENCE = re.compile(r"(?i)[_-]?(?:arns?|identifier)$")
_GIVES_NO_MODEL = frozenset({"model_data_url", "model_package_name", "modelPackageName", "ModelPackageName"})


def texts(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, str, dict[str, Any]]]:
    """Every text with its pointer and the mapping around it; in a list, the mapping around that."""
    yield from _texts(value, pointer, {})


def _texts(value: Any, pointer: Pointer, around: dict[str, Any]) -> Iterator[tuple[Pointer, str, dict[str, Any]]]:
    if isinstance(value, str):
        yield pointer, value, around
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*pointer, key), value)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*pointer, index), around)


def models(source: Source, value: Any, pointer: Pointer, company: Sequence[str]) -> Iterator[Node]:
    """The models that an AI resource names, with the version where one stands beside."""
    for place, text, around in texts(value, pointer):
        keys = [step for step in place if isinstance(step, str)]
        key = keys[-1] if keys else ""
        if key in _GIVES_NO_MODEL:
            continue
        inside = len(keys) > 1 and keys[-2] in _HOLDERS and key.lower() in ("name", "id", "model_id")
        found = _positions.named("llm model" if inside else _REFERENCE.sub("", key), text, (*company, *around))
        if found is not None and found.asset is Asset.MODEL:
            version = around.get("version") if inside else None
            yield found.node(source.at(*place)).model_copy(update={"version": str(version) if version else None})


def handed(source: Source, value: Any, pointer: Pointer, node: Node) -> Facts:
    """The data about people that an AI resource is pointed at: buckets, files and databases in its settings."""
    found = [
        data
        for place, text, _ in texts(value, pointer)
        if (data := _handed_data.personal(text, source.at(*place))) is not None
    ]
    return Facts(nodes=tuple(found), edges=tuple(flow(each.id, node.id, each.locations[0]) for each in found))


def rights(source: Source, value: Any, pointer: Pointer) -> Iterator[Node]:
    """The AI services that somebody is allowed to call, and the models that the permission names."""
    for place, text, around in texts(value, pointer):
        if str(around.get("Effect", around.get("effect", "Allow"))).lower() == "deny":
            continue
        if any(str(step) in ("not_actions", "NotAction") for step in place):
            continue
        provider = next((provider for shape, provider in _RIGHTS if shape.fullmatch(text)), None)
        if provider is not None:
            yield Service(provider).node(source.at(*place), Origin.DECLARED)
        yield from _from_arn(source, place, text)


def _from_arn(source: Source, place: Pointer, text: str) -> Iterator[Node]:
    found = _ARN.fullmatch(text)
    if found is None:
        return
    region = found["region"] if _REGION.fullmatch(found["region"]) else None
    yield Service("amazon-bedrock", region=region).node(source.at(*place), Origin.DECLARED)
    model = _positions.named("llm model", found["name"], ("llm",))
    if model is not None:
        yield model.node(source.at(*place))


def environments(source: Source, value: Any, pointer: Pointer) -> Iterator[Node]:
    """The variables that functions, services and tasks are given, at any depth."""
    if isinstance(value, dict):
        for section in _ENVIRONMENTS:
            yield from _variables.nodes(list(_described.environment(source, (*pointer, section), value)))
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if isinstance(inner, dict | list):
            yield from environments(source, inner, (*pointer, step))


def unpacked(value: Any) -> Any:
    """The same value, with JSON that stands in it as text (a policy, a container definition) as what it says."""
    if isinstance(value, dict):
        return {key: unpacked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpacked(inner) for inner in value]
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and '"' in value:
        try:
            return read_json(value).value
        except UnreadableInput:
            return value
    return value


def bounded(value: Any) -> Any:
    """A value that a reference leads to, or a hole where it is so large that references to it could stall the scan."""
    return value if _size(value) <= _LARGEST else HOLE


def piece(value: Any) -> str:
    """A value as a part of a text; a hole where it is none, or so long that many of it could fill the memory."""
    return str(value) if isinstance(value, str | int) and len(str(value)) <= _LONGEST else HOLE


def _size(value: Any) -> int:
    """Values and hundreds of characters, counted no further than to the limit."""
    todo, size = [value], 0
    while todo and size <= _LARGEST:
        each = todo.pop()
        size += 1 + (len(each) // 100 if isinstance(each, str) else 0)
        todo += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
    return size


def azure_provider(kind: str | None, otherwise: str | None) -> str | None:
    """Who answers at an Azure AI account: its type is the same for all of them, its kind tells."""
    return _AZURE_KINDS.get(kind.lower(), otherwise) if kind else otherwise
