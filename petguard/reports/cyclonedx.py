"""The CycloneDX 1.7 report: the inventory as a bill of materials, for registers, auditors and supply-chain tools.

Models are components of type `machine-learning-model` with a model card, providers are services with their endpoints
and what flows to them, data sets are data, and everything carries the places where it was found. References, order
and serial number depend on the content alone, and there is no time stamp, so equal trees give equal bytes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from petguard import catalog, untrusted
from petguard.model import Asset, Detail, EdgeKind, Location, Origin, Trait
from petguard.report import AssetRow, Flow, Report
from petguard.reports import Format

_Object = dict[str, Any]

_HUB_MODEL = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SCHEME = re.compile(r"^\w+://")
_IN_CARD = frozenset({"architecture", "task"})


def render(report: Report) -> str:
    """The inventory as one BOM; what was left unchecked makes its composition incomplete."""
    services = [row for row in report.inventory if _is_service(row)]
    components = [row for row in report.inventory if not _is_service(row)]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": _metadata(report),
        "components": [_component(row) for row in components],
        "services": [_service(row, report.flows) for row in services],
        "dependencies": _dependencies(report),
        "compositions": [{"aggregate": "unknown" if report.execution_status == "complete" else "incomplete"}],
    }
    serial = uuid5(NAMESPACE_URL, untrusted.json_text(document))
    return untrusted.json_text(document | {"serialNumber": f"urn:uuid:{serial}"})


def _is_service(row: AssetRow) -> bool:
    """What answers at an address of somebody else."""
    return row.kind is Asset.AI_SERVICE or (row.kind is Asset.MCP_SERVER and Trait.EXTERNAL in row.traits)


def _metadata(report: Report) -> _Object:
    petguard = {"type": "application", "name": report.tool.name, "version": report.tool.version}
    return {
        "tools": {"components": [petguard]},
        "component": {"type": "application", "bom-ref": _ROOT, "name": report.scope.root},
        "properties": _properties(
            execution_status=report.execution_status,
            gaps=len(report.coverage.gaps),
            rules_digest=report.tool.rules_digest,
        ),
    }


_ROOT = "scanned"


def _component(row: AssetRow) -> _Object:
    made: _Object = {"type": _TYPES.get(row.kind, "application"), "bom-ref": row.id, "name": row.name}
    made |= {"version": row.version} if row.version else {}
    made |= {"supplier": {"name": _provider_name(row)}} if row.provider else {}
    purl = _purl(row)
    made |= {"purl": purl} if purl else {}
    digest = row.details.get("sha256")
    made |= {"hashes": [{"alg": "SHA-256", "content": digest}]} if digest else {}
    made |= _PARTS[row.kind](row) if row.kind in _PARTS else {}
    return made | {"evidence": _evidence(row.locations), "properties": _row_properties(row)}


def _model_card(row: AssetRow) -> _Object:
    sets = [{"ref": each.to} for each in row.relations if each.kind is EdgeKind.TRAINED_ON]
    parameters: _Object = {"datasets": sets} if sets else {}
    if architecture := row.details.get("architecture"):
        parameters["modelArchitecture"] = str(architecture)
    if task := row.details.get("task"):
        parameters["task"] = str(task)
    card: _Object = {"bom-ref": f"{row.id}#card"}
    return {"modelCard": card | ({"modelParameters": parameters} if parameters else {})}


def _as_data(kind: str) -> Callable[[AssetRow], _Object]:
    return lambda row: {"data": [{"type": kind, "name": row.name}]}


def _as_credential(_row: AssetRow) -> _Object:
    return {
        "cryptoProperties": {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {"type": "credential"},
        }
    }


_TYPES: Mapping[Asset, str] = {
    Asset.AI_SDK: "library",
    Asset.VECTOR_STORE: "library",
    Asset.PET: "library",
    Asset.MODEL: "machine-learning-model",
    Asset.MODEL_FILE: "machine-learning-model",
    Asset.DATASET: "data",
    Asset.PROMPT: "data",
    Asset.ASSISTANT_CONFIG: "data",
    Asset.CREDENTIAL: "cryptographic-asset",
    Asset.AI_WORKLOAD: "container",
}
_PARTS: Mapping[Asset, Callable[[AssetRow], _Object]] = {
    Asset.MODEL: _model_card,
    Asset.MODEL_FILE: _model_card,
    Asset.DATASET: _as_data("dataset"),
    Asset.PROMPT: _as_data("definition"),
    Asset.ASSISTANT_CONFIG: _as_data("configuration"),
    Asset.CREDENTIAL: _as_credential,
}


def _service(row: AssetRow, flows: Iterable[Flow]) -> _Object:
    made: _Object = {"bom-ref": row.id, "name": row.name}
    made |= {"provider": {"name": _provider_name(row)}} if row.provider else {}
    made |= {"endpoints": endpoints} if (endpoints := _endpoints(row)) else {}
    made |= {"x-trust-boundary": Trait.EXTERNAL in row.traits}
    made |= {"data": data} if (data := _data(row, flows)) else {}
    places = list(dict.fromkeys(f"{place.path}:{place.line}" for place in row.locations))
    return made | {"properties": [*_row_properties(row), *_named("location", places)]}


def _endpoints(row: AssetRow) -> list[str]:
    known = catalog.provider(row.provider) if row.provider else None
    # Of a provider with several hosts nobody has seen which one is called.
    hosts = (
        [_SCHEME.sub("", row.endpoint)]
        if row.endpoint
        else list(known.hosts)
        if known and len(known.hosts) == 1
        else []
    )
    plain = Trait.PLAIN_HTTP in row.traits or Trait.LOCAL in row.traits
    return [untrusted.uri("http" if plain else "https", host) for host in hosts]


def _data(row: AssetRow, flows: Iterable[Flow]) -> list[_Object]:
    """The personal data that was found to reach a service, one entry a category.

    What was only declared is left out: a bill that is kept would come to prove its own entries.
    """
    reaching = [flow for flow in flows if flow.sink.name == row.name and flow.origin is Origin.DETECTED]
    categories = sorted({category for flow in reaching for category in flow.categories})
    return [{"flow": "inbound", "classification": "personal data", "name": category} for category in categories]


def _evidence(places: Iterable[Location]) -> _Object:
    occurrences = [
        {"location": place.path, "line": place.line} | ({"additionalContext": place.evidence} if place.evidence else {})
        for place in places
    ]
    return {"occurrences": occurrences}


def _dependencies(report: Report) -> list[_Object]:
    """What leads to what; everything is something that the scanned project depends on."""
    held = {row.id for row in report.inventory}
    every = [{"ref": _ROOT, "dependsOn": sorted(held)}]
    for row in report.inventory:
        on = sorted({each.to for each in row.relations} & held - {row.id})
        every.append({"ref": row.id} | ({"dependsOn": on} if on else {}))
    return every


def _purl(row: AssetRow) -> str | None:
    from packageurl import PackageURL  # noqa: PLC0415 - only this report needs it

    kind, _, rest = row.id.partition(":")
    ecosystem, slash, name = rest.partition("/")
    if slash and ecosystem in _ECOSYSTEMS:
        namespace, _, last = (name.replace(":", "/") if ecosystem == "maven" else name).rpartition("/")
        return PackageURL(ecosystem, namespace or None, last, row.version).to_string()
    if kind in (Asset.AI_WORKLOAD, Asset.VECTOR_STORE) and ecosystem == "image":
        namespace, _, last = name.rpartition("/")
        return PackageURL("docker", namespace or None, last, row.version).to_string()
    if row.kind is Asset.MODEL and _HUB_MODEL.fullmatch(row.name) and row.provider in (None, "huggingface"):
        namespace, _, last = row.name.rpartition("/")
        return PackageURL("huggingface", namespace, last, row.version).to_string()
    return None


_ECOSYSTEMS = frozenset({"pypi", "npm", "maven", "golang", "nuget", "cargo", "gem", "composer", "pub", "swift"})


def _provider_name(row: AssetRow) -> str:
    known = catalog.provider(row.provider or "")
    return known.name if known else row.provider or ""


def _row_properties(row: AssetRow) -> list[_Object]:
    known: dict[str, Detail | None] = {
        "kind": row.kind,
        "source": row.source,
        "approved": {True: "yes", False: "no", None: "undecided"}[row.approved],
        "provider": row.provider,
        "region": row.region,
        "trait": tuple(str(trait) for trait in row.traits),
    }
    rest = {key: value for key, value in row.details.items() if key not in _IN_CARD | {"sha256"}}
    told = {f"detail:{key}" if key in known else key: value for key, value in rest.items()}  # Azure's accounts: a kind
    return _properties(**known, **told)


def _properties(**values: Detail | None) -> list[_Object]:
    return [entry for name, value in values.items() if value is not None for entry in _named(name, value)]


def _named(name: str, value: Detail | list[str]) -> list[_Object]:
    """A name may occur several times, once for each value."""
    values = value if isinstance(value, tuple | list) else (value,)
    return [{"name": f"petguard:{name}", "value": _text(each)} for each in values]


def _text(value: Detail) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


FORMAT = Format(name="cyclonedx", render=render)
