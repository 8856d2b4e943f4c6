"""The way of a prompt through a LiteLLM gateway: the guardrails it passes, and everybody who gets a copy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from petguard import catalog
from petguard.documents import Step
from petguard.model import Claim, Edge, Facts, Location, Node, NodeKind, Origin, SinkKind, Trait
from petguard.parsers._declared import flow, recipient
from petguard.parsers._litellm_guards import Guard, Passed, guards
from petguard.parsers._names import is_local
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]

_LISTS = ("callbacks", "success_callback", "failure_callback", "input_callback")
# Hooks that count, limit, route or warn, and send no prompt anywhere; and guardrails, which are read as such.
_QUIET = frozenset(
    [
        *("prometheus", "lago", "openmeter", "cloudzero", "pagerduty", "smtp_email", "resend_email", "sendgrid_email"),
        *("dynamic_rate_limiter", "dynamic_rate_limiter_v3", "anthropic_cache_control_hook", "dotprompt", "bitbucket"),
        *("vector_store_pre_call_hook", "bedrock_vector_store", "batch_redis_requests", "blocked_user_check"),
        *("banned_keywords", "detect_prompt_injection", "presidio", "hide_secrets", "llamaguard_moderations"),
        *("llmguard_moderations", "cache", "gitlab"),
    ]
)
_SINKS = {
    **dict.fromkeys(("s3", "s3_v2", "gcs_bucket", "azure_storage"), SinkKind.FILE),
    **dict.fromkeys(("dynamodb", "supabase"), SinkKind.DATABASE),
    **dict.fromkeys(("otel", "mlflow", "custom_api", "generic_api", "aws_sqs", "gcs_pubsub"), SinkKind.LOG),
}
# Hooks and guardrails that show every prompt to somebody else's service, by what the service is called.
_SHOWN_TO = {
    "openai_moderations": "openai",
    "openai_moderation": "openai",
    "google_text_moderation": "google",
    "bedrock": "amazon-bedrock",
    "lakera_prompt_injection": "lakera",
    "lakera_v2": "lakera",
    "aporia_prompt_injection": "aporia",
    **dict.fromkeys(("azure_content_safety", "azure/prompt_shield", "azure/text_moderations"), "azure-content-safety"),
    **{name: name for name in ("lakera", "aporia", "aim", "pangea", "lasso", "pillar", "javelin", "noma")},
    **{name: name for name in ("prompt_security", "panw_prisma_airs", "zscaler_ai_guard", "cato_networks")},
}
_MOST = 50_000  # guards and listeners on the ways of all models together


@dataclass(frozen=True)
class Listener:
    """Somebody who gets a copy of every prompt."""

    node: Node
    location: Location
    prompts: bool  # False where only the numbers of a call are sent


@dataclass(frozen=True)
class Gateway:
    """What stands between the name of a model and those who answer for it."""

    path: str
    guards: Sequence[Guard] = ()
    listeners: Sequence[Listener] = ()

    def alone(self) -> Facts:
        """The guardrails and the recipients by themselves: also those that nothing flows to."""
        aside = [guard.node(self.path) for guard in self.guards if guard.aside("prompts")]
        return Facts(nodes=(*aside, *(each.node for each in self.listeners)))

    def way(self, alias: Node, services: Sequence[Node], location: Location, named: frozenset[str]) -> Facts:
        """From the name of a model through the guardrails to its service and to everybody who listens."""
        passed = _Way(self.path, alias, location)
        for guard in self.guards:
            if guard.aside("prompts", named) is None:
                passed.shown_to(guard)
                passed.through(guard, "prompts")
        for guard in self.guards:
            if guard.aside("prompts", named) is not None and guard.asks(named):
                passed.shown_to(guard)
        listening = [each.node for each in self.listeners if each.prompts]
        for service in services or ([_nobody(alias)] if passed.begun or listening else ()):
            passed.to(service)
        for guard in self.guards if listening else ():
            if guard.aside("logs", named) is None:
                passed.through(guard, "logs")
        for node in listening:
            passed.to(node)
        return passed.facts()


class _Way:
    """Edges in a row; every model has protections of its own, lest one model's data seem to reach another's."""

    def __init__(self, path: str, alias: Node, location: Location) -> None:
        self.here = alias.id
        self._path, self._alias, self._location = path, alias.name, location
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []
        self._claims: dict[str, Claim] = {}

    @property
    def begun(self) -> bool:
        """Whether anything stands on it."""
        return bool(self._edges)

    def to(self, end: Node) -> None:
        """Data gets to `end` from where this way has come to."""
        self._nodes.append(end)
        self._edges.append(flow(self.here, end.id, self._location))

    def shown_to(self, guard: Guard) -> None:
        """The service that does a guard's work sees what has come this far."""
        name = guard.address if guard.address else _SHOWN_TO.get(guard.kind)
        if name is not None and not (guard.address and is_local(guard.address)):
            self.to(recipient(name, guard.location, endpoint=guard.address))

    def through(self, guard: Guard, what: Passed) -> None:
        """Go on behind the guard."""
        node = guard.node(self._path, self._alias if what == "prompts" else f"{self._alias}/logs")
        self.to(node)
        self.here = node.id
        if node.claim is not None:
            self._claims[node.claim] = guard.claim(self._path)

    def facts(self) -> Facts:
        """All of it."""
        return Facts(nodes=tuple(self._nodes), edges=tuple(self._edges), claims=tuple(self._claims.values()))


def _nobody(alias: Node) -> Node:
    """The unknown one who answers, apart from the name: what is on the way there stands before it."""
    return Node(
        id=f"{alias.id}/unknown",
        kind=NodeKind.MODEL,
        name=alias.name,
        origin=Origin.DECLARED,
        traits=(Trait.UNRESOLVED,),
        locations=alias.locations,
    )


def gateway(source: Source, config: dict[str, Any], pointer: Pointer, models: int) -> Gateway:
    """The guardrails and listeners of a configuration with so many models."""
    found = tuple(guards(source, config, pointer))
    listening = tuple(_listeners(source, config, pointer))
    if (len(found) + len(listening)) * models > _MOST:
        detail = f"{len(found)} guardrails and {len(listening)} callbacks for {models} models: none of them is counted"
        source.doubt(detail, *pointer, reason="too_large")
        return Gateway(source.path)
    return Gateway(source.path, found, listening)


def _listeners(source: Source, config: dict[str, Any], pointer: Pointer) -> Iterator[Listener]:
    settings_at = (*pointer, "litellm_settings")
    settings = source.mapping(config.get("litellm_settings"), *settings_at)
    own = source.mapping(config.get("callback_settings"), *pointer, "callback_settings")
    for name, place in _callbacks(source, settings, settings_at).items():
        node = _listener(name, source.at(*place), source.path)
        quiet = settings.get("turn_off_message_logging") is True or _is_silenced(name, settings, own)
        if quiet:
            node = node.model_copy(update={"details": {"messages": "left out: message logging is turned off"}})
        yield Listener(node, node.locations[0], prompts=not quiet)


def _callbacks(source: Source, settings: dict[str, Any], pointer: Pointer) -> dict[str, Pointer]:
    """Every callback that may send prompts, with its first place; those of one team get what that team sends."""
    teams = source.items(settings.get("default_team_settings"), *pointer, "default_team_settings")
    places = [
        (settings, pointer),
        *((team, (*pointer, "default_team_settings", index)) for index, team in enumerate(teams)),
    ]
    found: dict[str, Pointer] = {}
    for given, place in places:
        entry = source.mapping(given, *place)
        for key in _LISTS:
            for name, where in source.strings(entry.get(key), *place, key):
                if name not in _QUIET:
                    found.setdefault(name, where)
    return found


def _is_silenced(name: str, settings: dict[str, Any], own: dict[str, Any]) -> bool:
    """Whether the settings of this one callback keep the prompts from it."""
    each = (own.get(name), settings.get(f"{name}_params"))
    return any(
        isinstance(given, dict)
        and (given.get("message_logging") is False or given.get("turn_off_message_logging") is True)
        for given in each
    )


def _listener(name: str, location: Location, path: str) -> Node:
    """Who a callback sends to; one that is code of the project's own sends nobody knows where."""
    if name in _SHOWN_TO:
        return recipient(_SHOWN_TO[name], location)
    own_code = "." in name
    known = catalog.provider(name.removesuffix("_otel"))
    return Node(
        id=f"system:{path}#{name}" if own_code else f"system:{name}",
        kind=NodeKind.SYSTEM,
        name=name,
        provider=known.id if known else None,
        sink=None if own_code else _SINKS.get(name, SinkKind.THIRD_PARTY),
        traits=(Trait.UNRESOLVED,) if own_code else (),
        origin=Origin.DECLARED,
        locations=(location,),
    )
