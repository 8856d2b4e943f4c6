"""Reads what configurations of guardrails say: which of them there are, when they run, and what they do to which data.

LiteLLM, NeMo Guardrails, Amazon Bedrock (Terraform, CloudFormation, API), Presidio's analyzer and anonymizer, and
Guardrails AI. Each format is recognised by keys that no other has, wherever in the file they stand.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from petguard.documents import Document, Step, read_yaml
from petguard.errors import UnreadableInput
from petguard.verifiers._entities import entity

Pointer = tuple[Step, ...]

_BEFORE = "pre_call"
_NO_EFFECT = frozenset({"none", "keep", "noop", "detect", "log", "allow", "pass", "report"})
_EMBEDDED = re.compile(r"(?m)^\s*(?:guardrails|rails|litellm_settings)\s*:")
_MENTIONS = re.compile(r"(?i)\b(mask|redact|detect|check|block|filter)\b.*\b(sensitive data|pii|personal)\b")
_TELLING = re.compile(r"(?i)pii|redact|anonymi|deidentif|mask|dlp|presidio|sensitive")
_RECOGNIZERS = {
    "emailrecognizer": "email", "phonerecognizer": "phone", "ussnrecognizer": "ssn",
    "creditcardrecognizer": "card", "ibanrecognizer": "iban", "iprecognizer": "ipv4", "daterecognizer": "date_of_birth",
}  # fmt: skip


@dataclass(frozen=True)
class Guard:
    """One guardrail as its file states it.

    `idle` says why it does nothing for what is sent; `actions` what it does to each kind of data, where that is
    listed; `others` whether it does something to kinds that are not listed, None where the file leaves it open.
    Of a `split` one the other files of its folder may say the rest.
    """

    name: str
    line: int
    idle: str | None = None
    actions: Mapping[str, str] = field(default_factory=dict)
    others: bool | None = True
    split: bool = False

    def leaves(self, kind: str) -> str | None:
        """Why data of this kind passes unchanged; None when it does not, or when the file does not tell."""
        if self.idle is not None:
            return self.idle
        action = self.actions.get(kind)
        if action is None:
            return f"{kind} is not among what it is configured for" if self.others is False else None
        return f"its action for {kind} is {action}" if action.lower() in _NO_EFFECT else None


def guards(document: Document) -> list[Guard]:
    """Every guardrail of a document, in the order of the formats; none where it is of no known kind."""
    found: list[Guard] = []
    for pointer, value in _walk(document.value, ()):
        if isinstance(value, dict):
            found += [guard for read in _READERS for guard in read(document, pointer, value)]
        elif isinstance(value, str) and "\n" in value and _EMBEDDED.search(value):
            found += _inside(document.line(*pointer), value)
    return found


def _inside(line: int, text: str) -> list[Guard]:
    """A configuration inside a block of text, as in a Kubernetes ConfigMap: its lines follow that of the key."""
    try:
        return guards(read_yaml("\n" * line + text))
    except UnreadableInput:
        return []


def _walk(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    yield pointer, value
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _walk(inner, (*pointer, step))


def _entries(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [each for each in listed if isinstance(each, str)]


# --- LiteLLM


def _litellm(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Guard]:
    named = {
        name
        for entry in _entries(value.get("model_list"))
        for name in _texts((_inner(entry, "litellm_params")).get("guardrails"))
    }
    for index, entry in enumerate(value.get("guardrails") or () if isinstance(value.get("guardrails"), list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("guardrail_name"), str):
            line = document.line(*pointer, "guardrails", index, "guardrail_name")
            yield _of_gateway(entry["guardrail_name"], line, _inner(entry, "litellm_params"), named)
    settings = _inner(value, "litellm_settings")
    for entry in _entries(settings.get("guardrails")):
        for name, given in entry.items():
            yield _older(name, document.line(*pointer, "litellm_settings", "guardrails"), given)
    if "presidio" in _texts(settings.get("callbacks")):
        only_logs = "it masks only what is logged" if settings.get("presidio_logging_only") is True else None
        yield Guard("presidio", document.line(*pointer, "litellm_settings", "callbacks"), only_logs)


def _older(name: str, line: int, given: Any) -> Guard:
    """A name of one's own for some hooks, as they were written before there were modes."""
    said = given if isinstance(given, dict) else {}
    idle = None if "presidio" in _texts(said.get("callbacks")) else "it is no redactor"
    if idle is None and said.get("logging_only") is True:
        idle = "logging_only: it masks only what is logged"
    if idle is None and said.get("default_on") is not True:
        idle = "default_on is not true, so it runs only when a request asks for it"
    return Guard(name, line, idle)


def _inner(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _of_gateway(name: str, line: int, params: dict[str, Any], named: set[str]) -> Guard:
    listed = {entity(str(kind)): str(action) for kind, action in _inner(params, "pii_entities_config").items()}
    told = f"{name} {params.get('guardrail')}"
    no_redactor = not listed and not _TELLING.search(told) and params.get("mask_request_content") is not True
    return Guard(
        name=name,
        line=line,
        idle="it is no redactor" if no_redactor else _beside(params, on=name in named),
        actions=listed,
        others=not listed if params.get("guardrail") == "presidio" else (False if listed else None),
    )


def _beside(params: dict[str, Any], *, on: bool) -> str | None:
    """Why it does not stand between the prompt and the model."""
    mode = params.get("mode")
    modes = _texts(mode)
    if isinstance(mode, dict):
        return None  # it depends on the request, so nobody can say that it does nothing
    if _BEFORE not in modes:
        return _MODES.get(modes[0] if len(modes) == 1 else "", f"its mode is {', '.join(modes) or 'not stated'}")
    if params.get("default_on") is not True and not on:
        return "default_on is not true, so it runs only when a request asks for it"
    if params.get("presidio_filter_scope") == "output":
        return "presidio_filter_scope is output, so it looks only at what comes back"
    return None


_MODES = {
    "logging_only": "mode logging_only: it masks only what is logged",
    "during_call": "mode during_call: it runs beside the call, when the prompt has left",
    "post_call": "mode post_call: it looks only at what comes back",
}


# --- NeMo Guardrails


def _nemo(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Guard]:
    rails = value.get("rails")
    if not isinstance(rails, dict) or not {"input", "output", "config"} & rails.keys():
        return
    line = document.line(*pointer, "rails")
    detection = _inner(_inner(rails, "config"), "sensitive_data_detection")
    listed = _texts(_inner(detection, "input").get("entities"))
    before, after = (
        [flow for flow in _texts(_inner(rails, side).get("flows")) if _MENTIONS.search(flow)]
        for side in ("input", "output")
    )
    if not before and not after and not detection:
        return
    idle = None
    if not before:
        idle = "its flow stands only at the output" if after else "it is configured, and no flow runs it"
    elif all("sensitive data" in flow for flow in before) and not listed:
        idle = "its flow is told no entities of the input"
    actions = {entity(each): before[0].split()[0] if before else "none" for each in listed}
    masks = {kind: "mask" if action in {"detect", "check"} else action for kind, action in actions.items()}
    alone = bool(listed) and all("sensitive data" in flow for flow in before)  # other makers' flows have own lists
    yield Guard("sensitive data on input", line, idle, masks, others=False if alone else None, split=True)


# --- Amazon Bedrock


def _bedrock(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Guard]:
    for key, inner in value.items():
        if _plain(key) != "sensitiveinformationpolicyconfig":
            continue
        blocks = _entries(inner) or ([inner] if isinstance(inner, dict) else [])
        entries = [each for block in blocks for each in _under(block, "piientitiesconfig")]
        actions = {entity(str(_of(each, "type"))): _on_input(each) for each in entries if not _open(_of(each, "type"))}
        dynamic = any(_open(_of(each, "type")) for each in entries)
        name = value.get("name") or value.get("Name") or "guardrail"
        yield Guard(str(name), document.line(*pointer, key), None, actions, others=None if dynamic else False)


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _of(entry: dict[str, Any], name: str) -> Any:
    return next((value for key, value in entry.items() if _plain(key) == name), None)


def _under(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return _entries(_of(block, name)) or ([found] if isinstance(found := _of(block, name), dict) else [])


def _open(value: Any) -> bool:
    """A reference, or nothing."""
    return not isinstance(value, str) or "${" in value


def _on_input(entry: dict[str, Any]) -> str:
    """What happens to it in a prompt; what only a variable tells counts as something."""
    if _of(entry, "inputenabled") is False:
        return "none"
    action = _of(entry, "inputaction") or _of(entry, "action")
    return str(action) if not _open(action) else "set by a variable"


# --- Presidio


def _presidio(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Guard]:
    operators = value.get("anonymizers") or value.get("operators")
    if isinstance(operators, dict) and all(isinstance(each, dict) for each in operators.values()) and operators:
        actions = {entity(kind): str(_operator(each)) for kind, each in operators.items() if _operator(each)}
        default = actions.pop("default", "replace")
        if actions or "DEFAULT" in operators:
            key = "anonymizers" if "anonymizers" in value else "operators"
            idle = "its default operator keeps what it finds" if default in _NO_EFFECT and not actions else None
            yield Guard("anonymizer", document.line(*pointer, key), idle, actions, others=default not in _NO_EFFECT)
    if isinstance(value.get("recognizers"), list):
        yield _registry(document, pointer, value)


def _operator(value: dict[str, Any]) -> Any:
    return value.get("type") or value.get("operator_name")


def _registry(document: Document, pointer: Pointer, value: dict[str, Any]) -> Guard:
    """The recognizers that are loaded: a kind of data counts as left alone when all that look for it are off."""
    actions: dict[str, str] = {}
    for each in _entries(value["recognizers"]):
        kind = each.get("supported_entity") or _RECOGNIZERS.get(str(each.get("name")).lower())
        if isinstance(kind, str):
            off = each.get("enabled") is False
            actions[entity(kind)] = actions.get(entity(kind), "none") if off else "found"
    return Guard("recognizers", document.line(*pointer, "recognizers"), None, actions, others=None)


# --- Guardrails AI


def _validators(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Guard]:
    """A validator for personal data with what happens when it fails: `noop` only tells."""
    action = value.get("on_fail")
    name = next((str(value[key]) for key in ("id", "name", "validator", "type", "class") if key in value), "")
    if not isinstance(action, str) or not re.search(r"(?i)pii|presidio|anonymi|sensitive", name):
        return
    arguments = {**_inner(value, "kwargs"), **_inner(value, "parameters"), **value}
    listed = [entity(each) for key in ("entities", "pii_entities") for each in _texts(arguments.get(key))]
    idle = f"on_fail is {action}: what it finds passes" if action.lower() in {*_NO_EFFECT, "custom"} else None
    yield Guard(name, document.line(*pointer, "on_fail"), idle, dict.fromkeys(listed, action), others=not listed)


_READERS: tuple[Callable[[Document, Pointer, dict[str, Any]], Iterator[Guard]], ...] = (
    _litellm, _nemo, _bedrock, _presidio, _validators,
)  # fmt: skip
