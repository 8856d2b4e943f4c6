"""The catalogue: AI providers, packages and hosts, read from `rules/catalog/`."""

from functools import cache
from typing import Literal

from petguard.model import Frozen


class Provider(Frozen):
    """Somebody, or something, that runs models. `prefixes` are LiteLLM-style model prefixes."""

    id: str
    name: str
    kind: Literal["hosted", "aggregator", "local"]
    jurisdiction: str | None = None
    hosts: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    model_prefixes: tuple[str, ...] = ()  # starts of the names of this provider's own models


class Package(Frozen):
    """An AI or PET package of one ecosystem. `modules` are its import names."""

    ecosystem: str
    name: str
    role: Literal["sdk", "framework", "vector_store", "runtime", "pet"]
    provider: str | None = None
    modules: tuple[str, ...] = ()


def provider(key: str) -> Provider | None:
    """The provider with this id."""
    raise NotImplementedError


def provider_by_host(host: str) -> Provider | None:
    """The provider that answers at `host` (a name, without port; sub-domains count)."""
    raise NotImplementedError


def provider_by_prefix(prefix: str) -> Provider | None:
    """The provider behind a LiteLLM model prefix such as `azure` in `azure/gpt-4o`."""
    raise NotImplementedError


def provider_by_model(name: str) -> Provider | None:
    """The provider whose own model this name is (`gpt-4o` is OpenAI's), or None when that is not sure."""
    raise NotImplementedError


def package(ecosystem: str, name: str) -> Package | None:
    """The package with this normalised name (`pypi`: PEP 503)."""
    raise NotImplementedError


def module(name: str) -> Package | None:
    """The Python package that is imported by this dotted name or one of its parents."""
    raise NotImplementedError
