"""The catalogue: AI providers, packages and hosts, read from `rules/catalog/`."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from petguard import _shipped
from petguard.documents import read_yaml
from petguard.model import Frozen

Kind = Literal["hosted", "aggregator", "local"]
Role = Literal["sdk", "framework", "vector_store", "runtime", "pet"]


class Provider(Frozen):
    """Somebody, or something, that runs models. `prefixes` are LiteLLM-style model prefixes."""

    id: str
    name: str
    kind: Kind
    jurisdiction: str | None = None
    hosts: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    model_prefixes: tuple[str, ...] = ()  # starts of the names of this provider's own models


class Package(Frozen):
    """An AI or PET package of one ecosystem. `modules` are its import names."""

    ecosystem: str
    name: str
    role: Role
    provider: str | None = None
    modules: tuple[str, ...] = ()


class _Catalog(Frozen):
    version: str
    providers: tuple[Provider, ...]
    packages: tuple[Package, ...]


@cache
def _catalog() -> _Catalog:
    rows: dict[str, object] = {}
    for path in _shipped.files("rules/catalog"):
        rows |= read_yaml(path.read_text("utf-8")).value
    return _Catalog.model_validate(rows)


@cache
def _by(field: Literal["hosts", "env", "prefixes"]) -> Mapping[str, Provider]:
    return {key: provider for provider in _catalog().providers for key in getattr(provider, field)}


@cache
def _modules() -> Mapping[str, Package]:
    return {name: package for package in reversed(_catalog().packages) for name in package.modules}


def providers() -> tuple[Provider, ...]:
    """Every provider, in the order of the catalogue."""
    return _catalog().providers


def packages() -> tuple[Package, ...]:
    """Every package, in the order of the catalogue."""
    return _catalog().packages


@cache
def provider(key: str) -> Provider | None:
    """The provider with this id."""
    return next((provider for provider in providers() if provider.id == key), None)


def provider_by_host(host: str) -> Provider | None:
    """The provider that answers at `host` (a name, without port; sub-domains count)."""
    labels = host.lower().rstrip(".").split(".")
    known = _by("hosts")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((known[parent] for parent in parents if parent in known), None) or _regional(labels, known)


def _regional(labels: list[str], known: Mapping[str, Provider]) -> Provider | None:
    """Cloud endpoints carry the region inside the name: `bedrock-runtime.eu-west-1.amazonaws.com`."""
    without_one = (".".join(labels[:drop] + labels[drop + 1 :]) for drop in range(1, len(labels) - 2))
    direct = next((known[name] for name in without_one if name in known), None)
    if direct is None and labels[0].endswith("-aiplatform"):
        return known.get(".".join(["aiplatform", *labels[1:]]))
    return direct


def provider_by_env(name: str) -> Provider | None:
    """The provider whose credentials or address this environment variable holds."""
    return _by("env").get(name)


def provider_by_prefix(prefix: str) -> Provider | None:
    """The provider behind a LiteLLM model prefix such as `azure` in `azure/gpt-4o`."""
    return _by("prefixes").get(prefix.lower())


def provider_by_model(name: str) -> Provider | None:
    """The provider whose own model this name is (`gpt-4o` is OpenAI's), or None when that is not sure."""
    lowered = name.lower()
    return next((each for each in providers() if each.model_prefixes and lowered.startswith(each.model_prefixes)), None)


@cache
def package(ecosystem: str, name: str) -> Package | None:
    """The package with this normalised name (`pypi`: PEP 503)."""
    return next((each for each in packages() if (each.ecosystem, each.name) == (ecosystem, name)), None)


def module(name: str) -> Package | None:
    """The Python package that is imported by this dotted name or one of its parents."""
    parts = name.split(".")
    parents = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((_modules()[parent] for parent in parents if parent in _modules()), None)
