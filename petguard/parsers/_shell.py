"""AI use in shell text, wherever it stands: scripts, Makefile recipes, Dockerfiles, CI steps, notebook cells."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from petguard import catalog, secrets, telltales
from petguard.errors import UnreadableInput
from petguard.model import Facts, Gap, Node, Origin, State
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._names import HOLE
from petguard.parsers._positions import named
from petguard.parsers._shell_here import documents
from petguard.parsers._shell_http import called, service_of
from petguard.parsers._shell_installs import installed
from petguard.parsers._shell_models import servers, used
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Assignment, Command, Doubt, Event, Reference, Word, events
from petguard.parsers._shell_words import calls, scripts
from petguard.parsers._source import together
from petguard.telltales import Told

_DEPTH = 4  # of shell text inside shell text
_ADDRESS = re.compile(
    r"(?i)(?:.*_)?(?:openai|llm|anthropic|ollama|ai|model)_(?:api_)?(?:base|url|endpoint|host)(?:_url)?"
)


_SPEAKS = re.compile(
    rb"\b(?:pip[\d.]*|uvx?|poetry|pdm|rye|pixi|pipenv|pipx|conda|mamba|npm|pnpm|yarn|bunx?|npx|go|cargo|gem|bundle|"
    rb"composer|dotnet|dart|flutter)\s[^\n]{0,200}\b(?:install|i|add|get|require|run|exec|dlx|create|inject|download)\b|"
    rb"\b(?:npx|bunx|uvx|claude|codex|gemini|qwen|aider|cursor-agent|opencode|goose|llm|aichat|sgpt|copilot|amp|crush|"
    rb"interpreter|openai|huggingface-cli|hf|bedrock[\w-]{0,20}|sagemaker[\w-]{0,20}|gcloud\s{1,9}ai|cognitiveservices|vllm|sglang|"
    rb"mlx_lm\S{0,20}|fastchat|llama[\w-]{0,20}|lmdeploy|xinference|ramalama|local-ai|litellm|trl|autotrain|text-\w{1,20}-(?:launcher|"
    rb"router)|ollama|lms|docker\s{1,9}model|gh\s{1,9}models)\s|huggingface\.co/|hf-mirror\.com/|hf\.co/|"
    rb"chat/completions|enerateContent|\b\w{0,40}(?i:model|dataset)\w{0,40}[\s=]"
)


def speaks(data: bytes, told: Collection[Told]) -> bool:
    """Whether shell text could use anything that is found here: the prefilter of everything that holds some."""
    return bool(told) or _SPEAKS.search(data) is not None


def commands(text: str, path: str, first_line: int = 1) -> Facts:
    """What shell text uses; `read` also says what was not understood, so prefer it where gaps can be passed on."""
    return together(found for found in read(text, path, first_line) if isinstance(found, Facts))


def read(text: str, path: str, first_line: int = 1) -> Iterator[Facts | Gap]:
    """The facts of shell text that starts at `first_line` of a file, and a gap for every part that was not understood.

    Only what is run counts: comments and printed text are mentions.
    """
    return read_at(Place(path, text, first_line), text, first_line)


def read_at(
    place: Place, text: str, first_line: int, variables: Mapping[str, str] | None = None, *, depth: int = 0
) -> Iterator[Facts | Gap]:
    """Like `read`, for text that is a part of what `place` shows; `variables` are set before it starts."""
    try:
        found = events(text, first_line, variables, lambda part: speaks(part, telltales.told(part)))
    except UnreadableInput as error:
        line = error.line or first_line
        yield Gap(path=place.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=line)
        return
    place.hidden |= _literal_keys(found)
    parts = [each for event in found for each in _found(event, place, depth)]
    yield Facts(nodes=tuple(_once(each for each in parts if isinstance(each, Node))))
    yield from (facts for facts in parts if isinstance(facts, Facts))
    yield from dict.fromkeys(each for each in parts if isinstance(each, Gap))


def started(command: Command, place: Place) -> Iterator[Facts | Gap]:
    """The same for a command that is given as a list of words, as containers are."""
    parts = list(_run(command, place, 0))
    yield Facts(nodes=tuple(_once(each for each in parts if isinstance(each, Node))))
    yield from (each for each in parts if not isinstance(each, Node))


def _once(nodes: Iterable[Node]) -> Iterator[Node]:
    """Loops and functions are gone through more than once; what they use stands there once."""
    seen: list[Node] = []
    places: dict[tuple[str, int], list[Node]] = {}
    for node in nodes:
        same = places.setdefault((node.id, node.locations[0].line), [])
        if node not in same:
            same.append(node)
            seen.append(node)
    return iter(seen)


def _literal_keys(found: Iterable[Event]) -> set[str]:
    given = ((each.name, each.value.text) for each in found if isinstance(each, Assignment) and each.value)
    return {value for name, value in given if _is_key(name, value)}


def _is_key(name: str, value: str) -> bool:
    return HOLE not in value and secrets.names_secret(name) and secrets.looks_secret(value, name=name)


def _found(event: Event, place: Place, depth: int) -> Iterator[Node | Facts | Gap]:
    match event:
        case Assignment():
            yield from assigned(event, place)
        case Reference(name, line):
            variable = from_variable(name, place.at(line), literal=False)
            if variable is not None:
                yield variable.model_copy(update={"origin": Origin.DETECTED})
        case Command():
            yield from _run(event, place, depth)
        case Doubt(detail, first, last):
            if telltales.told(place.lines(first, last).encode("utf-8", "replace")):
                yield Gap(path=place.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=first)


def assigned(event: Assignment, place: Place) -> Iterator[Node]:
    """A key, a model or an address that is given to a variable by its name."""
    here, value = place.at(event.line), event.value.text if event.value else ""
    key = from_variable(event.name, here, literal=_is_key(event.name, value))
    if key is not None:
        yield key.model_copy(update={"origin": Origin.DETECTED})
    elif event.value is not None:
        yield from _keys(event.value, place)
    found = named(event.name, value)
    if found is not None:
        yield found.node(here, origin=Origin.DETECTED)
    service = service_of(value)
    if service is not None:
        yield service.node(here)


def _run(command: Command, place: Place, depth: int) -> Iterator[Node | Facts | Gap]:
    for word in command.words:
        yield from _keys(word, place)
    chain = list(calls(command))
    for call in chain:
        if depth < _DEPTH:
            for text in scripts(call):
                yield from read_at(place, text.text, text.line, depth=depth + 1)
        yield from list(servers(call, place)) or installed(call, place)
        yield from used(call, place)
        yield from called(call, place)
    if chain:
        yield from documents(chain[-1], place, lambda text: read_at(place, text.text, text.line, depth=depth + 1))


def _keys(word: Word, place: Place) -> Iterator[Node]:
    """Keys whose shape says whose they are, in any word."""
    for issuer, masked in secrets.find(word.text):
        if catalog.provider(issuer) is not None:
            here = place.at(word.line)
            key = f"{place.path}:{word.line}"
            yield credential(key, f"{issuer} {masked}", here, provider=issuer, literal=True)
