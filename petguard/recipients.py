"""Tells whether two names mean the same recipient, and which code a declaration beside it speaks of."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from petguard import catalog
from petguard.model import Location, Node, NodeKind

_WORD = re.compile(r"[^\W_]+")
# Words in the name of a recipient that do not tell who it is.
_GENERIC = frozenset(
    {
        *("ab", "ag", "api", "bv", "cloud", "corp", "gmbh", "inc", "inference", "limited", "llc", "llm", "ltd", "plc"),
        *("sarl", "sdk", "se", "service", "services", "system", "systems", "com", "io", "net", "org", "www", "app"),
    }
)
_DOMAIN = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,62}\.){1,10}[a-z]{2,24}")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "gov", "org"})
_FEW = 3  # letters of a country's own domains below these
# Folders that hold declarations about what stands beside them.
_BESIDE = frozenset(
    {
        *("bom", "compliance", "conf", "config", "configs", "configuration", "data-map", "datamap", "declarations"),
        *("deploy", "doc", "docs", "documentation", "fides", "gdpr", "governance", "legal", "manifests", "metadata"),
        *("policies", "policy", "privacy", "ropa", "sbom"),
    }
)


def known_as(node: Node) -> frozenset[str]:
    """The normal forms of every name that a recipient goes by; of an AI provider only its id. None for nobody."""
    if node.provider is not None and node.kind is NodeKind.AI_SERVICE:
        return frozenset({f"provider {node.provider}"})
    known = set(names(node.name)) | (set(names(node.endpoint)) if node.endpoint else set())
    if node.provider is not None:
        known |= {f"provider {node.provider}", *names(node.provider)}
    nameless = node.kind is NodeKind.AI_SERVICE and node.endpoint is None
    return frozenset() if nameless else frozenset(known)


@lru_cache(10_000)
def names(text: str) -> frozenset[str]:
    """`Mailhouse GmbH`, `mail_house` and `api.mailhouse.com` all mean `mailhouse`; a host also stands for itself."""
    lower = text.strip().lower().rstrip(".")
    provider = catalog.provider_by_host(lower) if "." in lower else catalog.provider(lower)
    told = {f"provider {provider.id}"} if provider is not None else set()
    if _DOMAIN.fullmatch(lower):
        return frozenset({*told, lower, _owner(lower)})
    words = [word for word in _WORD.findall(lower) if word not in _GENERIC]
    return frozenset({*told, *(["".join(words)] if words else [])})


def _owner(host: str) -> str:
    """The label of a host that somebody has registered."""
    *labels, last = host.split(".")
    if len(labels) > 1 and labels[-1] in _SECOND_LEVEL and len(last) < _FEW:
        labels.pop()
    return labels[-1].replace("-", "")


def home(path: str) -> str:
    """The folder that a declaration speaks of: its own, or the one around it where it stands in a folder of such."""
    parts = list(PurePosixPath(path).parts[:-1])
    while parts and (parts[-1].startswith(".") or parts[-1].lower() in _BESIDE):
        parts.pop()
    return "/".join(parts)


def places_of(locations: Iterable[Location]) -> tuple[Location, ...]:
    """Each line once, in (path, line) order."""
    by_line = {(place.path, place.line): place for place in sorted(locations, key=lambda each: -each.column)}
    return tuple(by_line[key] for key in sorted(by_line))
