"""The guardrails of a LiteLLM gateway: which of them every prompt passes before it leaves, and which only look on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from petguard.claims import Redaction
from petguard.documents import Step
from petguard.model import Claim, Detail, Location, Node, NodeKind, Origin
from petguard.parsers._names import host
from petguard.parsers._source import Source

Pointer = tuple[Step, ...]
Passed = Literal["prompts", "logs"]

_REDACTING = "presidio"  # `hide-secrets` takes out keys, not what is personal
_TELLING = ("pii", "redact", "anonymi", "deidentif", "mask", "dlp")  # how guards of other makers name what they do
_LOOKING = frozenset({"pre_call", "during_call", "post_call"})
_LONGEST = 1_000  # characters of a name that a claim may hold


@dataclass(frozen=True)
class Guard:
    """One guardrail, checked. `kind` is the service or library that does the work."""

    name: str
    kind: str
    modes: tuple[str, ...]
    default_on: bool
    location: Location
    entities: tuple[str, ...] = ()
    scope: str = "both"  # whether it looks at what goes out, at what comes back, or at both
    masks: bool = False  # its parameters name entities of personal data, or say that it masks what is asked
    address: str | None = None  # the host that does the work, where it is written out

    @property
    def redacts(self) -> bool:
        """Whether it takes personal data out; many guardrails look for attacks and let personal data pass."""
        told = f"{self.name} {self.kind}".lower()
        return self.masks or self.kind == _REDACTING or any(word in told for word in _TELLING)

    def aside(self, what: Passed, named: frozenset[str] = frozenset()) -> str | None:
        """Why it does not stand on the way of all prompts or logs; None when it does.

        `named` are the guardrails that the entry of a model asks for. One beside the call is no protection: the
        prompt has left when it speaks.
        """
        wanted = "pre_call" if what == "prompts" else "logging_only"
        if wanted not in self.modes:
            return f"its mode is {', '.join(self.modes) or 'not stated'}, and not {wanted}"
        if not self.default_on and self.name not in named:
            return "default_on is not true: it runs only when a request asks for it"
        if self.scope == "output":
            return "presidio_filter_scope is output: it looks only at what comes back"
        return None

    def asks(self, named: frozenset[str]) -> bool:
        """Whether it looks at every prompt at all, before, beside or after the call."""
        return (self.default_on or self.name in named) and not _LOOKING.isdisjoint(self.modes)

    def node(self, path: str, alias: str | None = None) -> Node:
        """The guardrail where a model's prompts pass it, or by itself, with the reason why none do."""
        aside = self.aside("prompts") if alias is None else None
        details: dict[str, Detail] = {
            "evidence": "declared",
            "guardrail": self.kind,
            "mode": self.modes,
            "default_on": self.default_on,
            "entities": self.entities,
            **({"aside": aside} if aside else {}),
        }
        return Node(
            id=f"protection:{path}#{self.name}" + (f"/{alias}" if alias is not None else ""),
            kind=NodeKind.PROTECTION,
            name=self.name,
            technique="redaction" if self.redacts else None,
            claim=self.claim(path).id if alias is not None and self.redacts else None,
            origin=Origin.DECLARED,
            locations=(self.location,),
            details=details,
        )

    def claim(self, path: str) -> Claim:
        """What the gateway's owner says: these entities do not leave."""
        return Claim(
            id=f"redaction:{path}:{self.location.line}:{self.location.column}",
            statement=Redaction(entities=self.entities, config=path if "pre_call" in self.modes else None),
            location=self.location,
            subject=f"{path}#{self.name}"[:_LONGEST],
            origin=Origin.DECLARED,
        )


def guards(source: Source, config: dict[str, Any], pointer: Pointer) -> Iterator[Guard]:
    """Every guardrail of a configuration, in the order in which they run; also those written in the older ways."""
    for index, entry in enumerate(source.items(config.get("guardrails"), *pointer, "guardrails")):
        place = (*pointer, "guardrails", index)
        found = _guard(source, source.mapping(entry, *place), place)
        yield from [found] if found else []
    settings_at = (*pointer, "litellm_settings")
    settings = source.mapping(config.get("litellm_settings"), *settings_at)
    listed = settings.get("guardrails")
    for index, entry in enumerate(source.items(listed, *settings_at, "guardrails")):
        place = (*settings_at, "guardrails", index)
        for name, given in source.mapping(entry, *place).items():
            yield _older(source, name, source.mapping(given, *place, name), (*place, name))
    yield from _as_callback(source, settings, settings_at)


def _guard(source: Source, entry: dict[str, Any], pointer: Pointer) -> Guard | None:
    name = source.string(entry.get("guardrail_name"), *pointer, "guardrail_name")
    if name is None:
        source.doubt("a guardrail without guardrail_name", *pointer, reason="unresolved")
        return None
    params_at = (*pointer, "litellm_params")
    params = source.mapping(entry.get("litellm_params"), *params_at)
    entities = source.mapping(params.get("pii_entities_config"), *params_at, "pii_entities_config")
    base = source.string(params.get("api_base"), *params_at, "api_base")
    return Guard(
        name=name,
        kind=source.string(params.get("guardrail"), *params_at, "guardrail") or "",
        modes=_modes(source, params.get("mode"), (*params_at, "mode")),
        default_on=_is_on(source, params.get("default_on"), (*params_at, "default_on")),
        location=source.at(*pointer, "guardrail_name"),
        entities=tuple(entity[:_LONGEST] for entity in entities if entity),
        scope=source.string(params.get("presidio_filter_scope"), *params_at, "presidio_filter_scope") or "both",
        masks=bool(entities) or params.get("mask_request_content") is True,
        address=host(base) if base and "://" in base else None,
    )


def _modes(source: Source, value: Any, pointer: Pointer) -> tuple[str, ...]:
    """The modes; where they depend on a request's tags, none is sure."""
    if isinstance(value, dict):
        source.doubt("the mode of a guardrail depends on the tags of a request", *pointer, reason="unresolved")
        return ("by tag",)
    return tuple(mode for mode, _ in source.strings(value, *pointer))


def _is_on(source: Source, value: Any, pointer: Pointer) -> bool:
    if value is not None and not isinstance(value, bool):
        source.doubt("default_on is neither true nor false", *pointer)
    return value is True


def _older(source: Source, name: str, given: dict[str, Any], pointer: Pointer) -> Guard:
    """An entry of `litellm_settings.guardrails`: a name of one's own for one or more hooks."""
    kinds = [kind for kind, _ in source.strings(given.get("callbacks"), *pointer, "callbacks")]
    return Guard(
        name=name,
        kind=" ".join(kinds),
        modes=("logging_only",) if given.get("logging_only") is True else ("pre_call",),
        default_on=_is_on(source, given.get("default_on"), (*pointer, "default_on")),
        location=source.at(*pointer),
        masks="presidio" in kinds,
    )


def _as_callback(source: Source, settings: dict[str, Any], pointer: Pointer) -> Iterator[Guard]:
    """Presidio among the callbacks masks every prompt, or with `presidio_logging_only` what is logged."""
    only_logs = settings.get("presidio_logging_only") is True
    for name, place in source.strings(settings.get("callbacks"), *pointer, "callbacks"):
        if name == "presidio":
            yield Guard(name, name, ("logging_only",) if only_logs else ("pre_call",), True, source.at(*place))
