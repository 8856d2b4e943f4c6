"""Environment variables, as containers, jobs and functions are given them: AI keys, addresses and models."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petguard import catalog, secrets
from petguard.model import Location, Node, Origin, Trait
from petguard.parsers import _positions
from petguard.parsers._credentials import from_variable
from petguard.parsers._services import service_at

# `${{ secrets.NAME }}`, `${NAME}`, `${NAME:-default}`, `$NAME`, `$(NAME)`: the variable may be called otherwise inside.
_REFERRED = re.compile(r"(?:secrets|vars|env)\.([A-Za-z_]\w*)|\$[{(]?([A-Za-z_]\w*)")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")  # `V_MODEL_ID`, to be replaced by a script
_MOST_BESIDE = 100  # names that are looked at to tell whose settings these are
_ADDRESS = re.compile(r"(?i)https?://\S+")
_OF_AI = re.compile(
    r"(?i)(?:^|_)(?:OPENAI|ANTHROPIC|CLAUDE|GEMINI|MISTRAL|OLLAMA|VLLM|LITELLM|LLM|LLAMA|BEDROCK|GROQ|COHERE|EMBEDDINGS?|TGI)(?:_|$)"
)


@dataclass(frozen=True)
class Variable:
    """A name, the text it is given (None when that stands elsewhere), where, and the variables it is filled from."""

    name: str
    value: str | None
    location: Location
    refers: tuple[str, ...] = ()


def nodes(variables: Sequence[Variable], *, company: Sequence[str] = ()) -> Iterator[Node]:
    """What the variables of one place say about AI; `company` names what else stands there."""
    beside = [*company, *(each.name for each in variables[:_MOST_BESIDE])]
    if any(catalog.provider_by_env(each.name) or _OF_AI.search(each.name) for each in variables):
        beside.append("llm")
    for variable in variables:
        yield from _keys(variable)
        if variable.value is not None:
            yield from _address(variable, variable.value)
            model = _positions.named(variable.name, variable.value, beside)
            if model is not None and not _PLACEHOLDER.fullmatch(variable.value):
                yield model.node(variable.location)


def literal_secret(name: str, value: str | None) -> bool:
    """Whether a variable holds a credential in clear text."""
    if value is None or not (secrets.names_secret(name) or secrets.find(value)):
        return False
    return secrets.looks_secret(value, name=name)


def referred(text: str) -> tuple[str, ...]:
    """The variables and secrets that a value is filled from."""
    return tuple(dict.fromkeys(next(filter(None, names)) for names in _REFERRED.findall(text)))


def _keys(variable: Variable) -> Iterator[Node]:
    literal = literal_secret(variable.name, variable.value)
    named = from_variable(variable.name, variable.location, literal=literal)
    if named is not None:
        yield named
        return
    for name in variable.refers:
        node = from_variable(name, variable.location, literal=False)
        if node is not None:
            yield node


def _address(variable: Variable, value: str) -> Iterator[Node]:
    service = service_at(value) if _ADDRESS.fullmatch(value) else None
    if service is None:
        return
    named = _OF_AI.search(variable.name) or catalog.provider_by_env(variable.name)
    if named or (service.provider is not None and Trait.LOCAL not in service.traits):  # a port alone tells nothing
        yield service.node(variable.location, Origin.DECLARED)
