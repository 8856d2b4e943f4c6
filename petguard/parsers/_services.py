"""Who answers: the AI service behind an address or a model's name."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from petguard import catalog
from petguard.model import Asset, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers._names import HOLE

IN_PROCESS = "transformers"  # the provider that is a library: the model runs in the program that asks it
UNRESOLVED = "unresolved"  # the end of the id of a service that nobody can name
_BARE_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?(?:/.*)?")
_TAG = re.compile(r"latest|(?:\d+x)?\d+(?:\.\d+)?[bm](?:-.*)?")  # `mistral:7b` is a model of Ollama with its size
_UNKNOWN_LABEL = "unknown-label"


@dataclass(frozen=True)
class Service:
    """Who answers a call: a provider of the catalogue, a host nobody knows, or nobody knows who (no provider)."""

    provider: str | None
    endpoint: str | None = None
    region: str | None = None
    model: str | None = None
    traits: tuple[Trait, ...] = ()
    in_process: bool = False  # the model runs inside the program: nobody answers, and nothing is a service

    @property
    def id(self) -> str:
        """The graph id of the service."""
        return f"ai_service:{self.provider or self.endpoint or UNRESOLVED}"

    def node(self, location: Location, origin: Origin = Origin.DETECTED) -> Node:
        """The service as a node of the graph."""
        known = catalog.provider(self.provider) if self.provider else None
        return Node(
            id=self.id,
            kind=NodeKind.AI_SERVICE,
            name=known.name if known else self.endpoint or "an AI service whose address is not in the code",
            origin=origin,
            locations=(location,),
            asset=None if self.in_process or self.provider == IN_PROCESS else Asset.AI_SERVICE,
            sink=SinkKind.AI_SERVICE,
            provider=self.provider,
            endpoint=self.endpoint,
            region=self.region,
            traits=self.traits or _traits(known),
        )


def _traits(known: catalog.Provider | None) -> tuple[Trait, ...]:
    if known is None:
        return (Trait.UNRESOLVED,)
    return (Trait.LOCAL,) if known.kind == "local" else (Trait.EXTERNAL,)


def service_at(url: str) -> Service | None:
    """Who answers at a URL; None when the host is not written out in it."""
    host, port = _host(url)
    if host is None:
        return None
    known = catalog.provider_by_host(host)
    if known is not None:
        return Service(known.id, endpoint=host.replace(_UNKNOWN_LABEL, "*"))
    if _UNKNOWN_LABEL in host:
        return None
    if _is_here(host):
        runtime = catalog.provider_by_port(port) if port else None
        return Service(runtime.id if runtime else None, endpoint=host, traits=(Trait.LOCAL,))
    return Service(None, endpoint=host, traits=(Trait.EXTERNAL,))


def is_host(text: str) -> bool:
    """Whether a text without a scheme can only be a host: `localhost:11434`, `api.example.com/v1`."""
    return _BARE_HOST.fullmatch(text) is not None


def _host(url: str) -> tuple[str | None, int | None]:
    authority = url.partition("://")[2].partition("/")[0]
    # `https://{resource}.openai.azure.com`: the unknown label does not change who answers.
    try:
        parts = urlsplit(f"//{authority.replace(HOLE, _UNKNOWN_LABEL)}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None, None
    return host or None, port


def _is_here(host: str) -> bool:
    if host in {"localhost", "host.docker.internal"} or host.endswith(".local") or "." not in host:
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def routed(model: str | None) -> Service:
    """Who answers for a model named in LiteLLM's way, `provider/name` or a well-known name."""
    if model is None:
        return Service(None)
    tagged = ":" in model and "/" not in model and _TAG.fullmatch(model.partition(":")[2]) is not None
    routes = "/" not in model and not tagged
    prefix, slash, name = model.replace(":", "/", 1).partition("/") if routes else model.partition("/")
    by_prefix = catalog.provider_by_prefix(prefix) if slash else None
    if by_prefix is not None:
        return Service(by_prefix.id, model=name)
    by_name = catalog.provider_by_model(model)
    return Service(by_name.id if by_name else None, model=model)
