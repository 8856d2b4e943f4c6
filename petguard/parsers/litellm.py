"""LiteLLM proxy configurations: which alias in the code stands for which model at which provider."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from petguard import catalog, secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_yaml, read_yaml_all
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers import Parser
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._litellm_way import Gateway, gateway
from petguard.parsers._names import host, is_local
from petguard.parsers._source import Source, each, together

Pointer = tuple[Step, ...]

_MENTIONED = re.compile(r"(?m)^[^#\n]*\bmodel_list\b")
_VARIABLE = re.compile(r"(?:os\.environ/|\$\{?)(?P<name>\w+)")
_REGION = re.compile(r"(?<![a-z0-9])(?:us|eu|ap|sa|ca|me|af|il|cn|mx)(?:-gov)?-[a-z]+-?\d(?![a-z0-9])")
_REGION_KEYS = ("aws_region_name", "vertex_location", "region_name", "watsonx_region_name")
# These prefixes only name a protocol; who answers is decided by `api_base`.
_PROTOCOLS = frozenset({"openai", "text-completion-openai", "custom_openai", "litellm_proxy", "openai_like"})


def _interest(candidate: Candidate) -> Interest:
    named = candidate.suffix in (".yaml", ".yml")
    sniffed = named and b"model_list" in candidate.data and b"litellm_params" in candidate.data
    return Interest.READ if sniffed else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return each(inputs, read_yaml_all, _read)


def _read(source: Source) -> Facts:
    homes = list(_homes(source.document.value))
    embedded = list(_texts(source.document.value))
    if not homes and not embedded and _MENTIONED.search(source.text) and source.document.value is not None:
        source.doubt("mentions a model_list that could not be read", reason="unresolved")
    found = [_config(source, home, pointer) for pointer, home in homes]
    return together([*found, *(_embedded(source, pointer, text) for pointer, text in embedded)])


def _embedded(source: Source, pointer: Pointer, text: str) -> Facts:
    """A configuration inside a block of text, as in a Kubernetes ConfigMap: its lines follow that of the key."""
    document = read_yaml("\n" * source.document.line(*pointer) + text)
    inner = Source(source.path, source.text, document, source.gaps)
    return together(_config(inner, home, place) for place, home in _homes(document.value))


def _homes(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Every mapping with a `model_list`: at the top, or under `proxy_config` and the like in Helm values."""
    for place, inner in _walk(value, pointer):
        if isinstance(inner, dict) and "model_list" in inner:
            yield place, inner


def _texts(value: Any) -> Iterator[tuple[Pointer, str]]:
    for place, inner in _walk(value, ()):
        if isinstance(inner, str) and re.search(r"(?m)^\s*model_list\s*:", inner):
            yield place, inner


def _walk(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    yield pointer, value
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _walk(inner, (*pointer, step))


def _config(source: Source, config: dict[str, Any], pointer: Pointer) -> Facts:
    entries = list(_entries(source, config, pointer, "model_list"))
    through = gateway(source, config, pointer, len(entries))
    models = [_model(source, source.mapping(entry, *place), place, through) for place, entry in entries]
    keys = [
        key
        for section in config.keys() - {"model_list"}
        for place, inner in _walk(config[section], (*pointer, section))
        if isinstance(inner, dict)
        for key in _keys(source, inner, place, None)
    ]
    found = together([*models, through.alone(), Facts(nodes=tuple(sorted(keys, key=lambda key: key.id)))])
    claims = {claim.id: claim for claim in found.claims}  # a guardrail on the ways of several models claims once
    return found.model_copy(update={"claims": tuple(claims.values())})


def _entries(source: Source, config: dict[str, Any], pointer: Pointer, key: str) -> Iterator[tuple[Pointer, Any]]:
    for index, entry in enumerate(source.items(config.get(key), *pointer, key)):
        yield (*pointer, key, index), entry


def _model(source: Source, entry: dict[str, Any], pointer: Pointer, through: Gateway) -> Facts:
    params_at = (*pointer, "litellm_params")
    params = source.mapping(entry.get("litellm_params"), *params_at)
    alias = source.string(entry.get("model_name"), *pointer, "model_name")
    model = source.string(params.get("model"), *params_at, "model")
    if alias is None or model is None:
        source.doubt("an entry of model_list lacks model_name or litellm_params.model", *pointer, reason="unresolved")
        return Facts()
    provider, deployed = _deployed(model)
    _hide(source, params)
    service = _service(source, params, params_at, provider)
    address = params.get("api_base")
    wandering = isinstance(address, str) and _VARIABLE.match(address) and (not provider or _is_open(provider, model))
    doubtful = service is None or bool(wandering)
    answering = service.provider if service else None
    node = _node(source, alias, pointer, answering, doubtful=doubtful)
    keys = _keys(source, params, params_at, answering)
    asked = frozenset(name for name, _ in source.strings(params.get("guardrails"), *params_at, "guardrails"))
    way = through.way(node, [service] if service else [], source.at(*params_at), asked)
    others, related = [], []
    if deployed != alias:
        others.append(_node(source, deployed, (*params_at, "model"), answering, doubtful=False))
        related.append(_edge(source, EdgeKind.DERIVED_FROM, node, others[-1], (*params_at, "model")))
    return together([Facts(nodes=(node,)), way, Facts(nodes=(*others, *keys), edges=tuple(related))])


def _deployed(model: str) -> tuple[catalog.Provider | None, str]:
    """The provider and its own name for the model."""
    prefix, slash, rest = model.partition("/")
    provider = catalog.provider_by_prefix(prefix) if slash else None
    return (provider, rest) if provider else (catalog.provider_by_model(model), model)


def _is_open(provider: catalog.Provider, model: str) -> bool:
    """Whether only the address tells who answers."""
    return provider.kind == "local" or model.partition("/")[0] in _PROTOCOLS


def _node(source: Source, name: str, pointer: Pointer, provider: str | None, *, doubtful: bool) -> Node:
    place = (*pointer, "model_name") if pointer[-1] != "model" else pointer
    return Node(
        id=f"model:{name}",
        kind=NodeKind.MODEL,
        asset=Asset.MODEL,
        name=name,
        provider=provider,
        origin=Origin.DECLARED,
        traits=(Trait.UNRESOLVED,) if doubtful else (),
        locations=(source.at(*place),),
    )


def _service(
    source: Source, params: dict[str, Any], pointer: Pointer, provider: catalog.Provider | None
) -> Node | None:
    """Who answers: the host of a literal `api_base` where that is not the provider's own, else the provider."""
    base = source.string(params.get("api_base") or params.get("base_url"), *pointer, "api_base")
    address = host(base) if base and not _VARIABLE.match(base) else None
    known = catalog.provider_by_host(address) if address else None
    at_home = address is None or known is not None or (is_local(address) and provider and provider.kind == "local")
    answering = known or (provider if at_home else None)
    if answering is None and address is None:
        return None
    local = is_local(address) if address and not known else answering is not None and answering.kind == "local"
    regions = (source.string(params.get(key), *pointer, key) for key in _REGION_KEYS)
    in_address = _REGION.search(address or "")
    return Node(
        id=f"ai_service:{answering.id if answering else address}",
        kind=NodeKind.AI_SERVICE,
        asset=Asset.AI_SERVICE,
        sink=SinkKind.AI_SERVICE,
        name=answering.name if answering else str(address),
        provider=answering.id if answering else None,
        region=next((region for region in regions if region), in_address[0] if in_address else None),
        endpoint=secrets.mask_in(base) if address and base else None,
        origin=Origin.DECLARED,
        traits=(Trait.LOCAL,) if local else (Trait.EXTERNAL,),
        locations=(source.at(*pointer, "model"),),
    )


def _hide(source: Source, params: dict[str, Any]) -> None:
    literals = (value for name, value in params.items() if isinstance(value, str) and _is_literal(name, value))
    source.hidden.update(literals)


def _is_literal(name: str, value: str) -> bool:
    return not _VARIABLE.match(value) and secrets.looks_secret(value, name=name)


def _keys(source: Source, params: dict[str, Any], pointer: Pointer, provider: str | None) -> Iterator[Node]:
    _hide(source, params)
    for name, value in params.items():
        if not isinstance(value, str) or not secrets.names_secret(name):
            continue
        place = source.at(*pointer, name)
        variable = _VARIABLE.match(value)
        if variable:
            known = from_variable(variable["name"], place, literal=False)
            yield known or credential(variable["name"], variable["name"], place, provider=provider, literal=False)
        elif _is_literal(name, value):
            key = f"{source.path}:{place.line}"
            yield credential(key, secrets.mask(value), place, provider=provider, literal=True)


def _edge(source: Source, kind: EdgeKind, start: Node, end: Node, pointer: Pointer) -> Edge:
    return Edge(kind=kind, source=start.id, target=end.id, origin=Origin.DECLARED, location=source.at(*pointer))


PARSER = Parser.of_configs("litellm", _interest, _parse)
