"""Files that people write by hand (policy, rules, frameworks) become models here; every slip names its place.

A key that nobody knows is an error, not a remark: a misspelt key in a policy would silently allow what it was meant
to forbid.
"""

import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from petguard.documents import Document
from petguard.errors import ConfigurationError, UnreadableInput

M = TypeVar("M", bound=BaseModel)
Pointer = tuple[str | int, ...]


def mistake(path: str, document: Document, pointer: Pointer, text: str) -> ConfigurationError:
    """The error for what `pointer` leads to, in the form `file:line: key: text`."""
    return ConfigurationError(f"{path}:{document.line(*pointer)}: {_dotted(pointer) or 'the file'}: {text}")


def unambiguous(document: Document, path: str) -> Document:
    """The document itself; a key that stands twice in a mapping, of which only one would count, is an error."""
    for key, line in document.repeated:
        raise ConfigurationError(f"{path}:{line}: {key}: stands there twice; keep one of them")
    return document


def unreadable(path: str, error: UnreadableInput) -> ConfigurationError:
    """A hand-written file that is not even YAML or TOML is a configuration error, not a gap."""
    return ConfigurationError(f"{path}:{error.line or 1}: {error.detail}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word: the closest known one, or all of them when none is close."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"


def validated(kind: type[M], document: Document, path: str, *inside: str) -> M:
    """The part of `document` below `inside` as a model; the first mistake is raised as a ConfigurationError."""
    value = unambiguous(document, path).value
    for key in inside:
        value = value[key]
    try:
        return kind.model_validate({} if value is None else value)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        # A misspelt key is also a missing one; the misspelling is what the author can see.
        first = next((each for each in mistakes if each["type"] == "extra_forbidden"), mistakes[0])
        pointer = _written(value, first["loc"])
        raise mistake(path, document, (*inside, *pointer), _explained(kind, pointer, first)) from error


def _written(value: Any, pointer: Pointer) -> Pointer:
    """The part of a pointer that an author knows: what follows a plain value names an alternative of its type."""
    kept: list[str | int] = []
    for step in pointer:
        if not isinstance(value, dict | list):
            break
        kept.append(step)
        inside = dict(enumerate(value)) if isinstance(value, list) else value
        value = inside.get(step)
    return tuple(kept)


def _explained(kind: type[BaseModel], pointer: Pointer, error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return f"no such key; {nearest(str(pointer[-1]), _keys_at(kind, pointer[:-1]))}"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "enum" or error["type"] == "literal_error":
        expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f"{error['input']!r} is not possible; {nearest(str(error['input']), expected)}"
    if error["type"] == "tuple_type":
        return "a list is needed here, such as [a, b]"
    text = str(error["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _keys_at(kind: type[BaseModel], pointer: Pointer) -> list[str]:
    """The keys that the model at `pointer` below `kind` knows."""
    here: Any = kind
    for step in pointer:
        known = [_fields(model)[step] for model in _models(here) if step in _fields(model)]
        here = known[0] if known else _element(here)
    return [str(key) for model in _models(here) for key in _fields(model)]


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [each for each in _parts(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def _fields(kind: type[BaseModel]) -> dict[str | int, Any]:
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _parts(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, without their metadata."""
    if get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each)
    else:
        yield annotation


def _element(annotation: Any) -> Any:
    """What a mapping or a tuple holds."""
    holders = [get_args(each) for each in _parts(annotation) if get_origin(each) in (dict, tuple, list)]
    inner = [each for arguments in holders for each in arguments if each is not Ellipsis]
    return inner[-1] if inner else object


def _dotted(pointer: Pointer) -> str:
    return ".".join(str(step) for step in pointer)
