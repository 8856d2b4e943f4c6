"""Containers as documents describe them: compose services, pods, tasks and chart values write nearly alike."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

from petguard.documents import Step
from petguard.parsers import _command
from petguard.parsers._containers import Container, Text
from petguard.parsers._names import HOLE
from petguard.parsers._source import Source
from petguard.parsers._variables import Variable, literal_secret, referred

Pointer = tuple[Step, ...]

_IMAGES = ("image", "Image")
_COMMANDS = (
    *("entrypoint", "entryPoint", "EntryPoint", "command", "Command"),
    *("args", "arguments", "extraArgs", "extra_args", "cmd"),
)
_ENVIRONMENTS = ("environment", "Environment", "env", "envVars", "extraEnv", "extraEnvVars", "secrets", "variables")
_MOUNTS = ("volumes", "volumeMounts", "mountPoints", "MountPoints")
_MOUNTED = ("source", "mountPath", "containerPath", "ContainerPath")
_TEMPLATED = re.compile(r"\{\{(?:(?!\{\{|\}\}).)*+\}\}")
_DEFAULT = re.compile(
    rf"(?<!\$){_TEMPLATED.pattern}" r"|\$\{\w+:?[-](?P<default>[^${}]*)\}|\$\{[^{}]*\}|\$\(\w+\)|\$\w+"
)
_COUNTED = re.compile(r"\$\(\([^()\n]*\)\)")  # arithmetic of a shell: a hole in it would be no number
_BLOCK = re.compile(r"[|>][-+\d]*\s*(?:#.*)?$")
_SHELL_OPTION = re.compile(r"-[a-z]*c")
_SHELLS = frozenset({"sh", "bash", "zsh", "ash", "dash"})


def container(
    source: Source, pointer: Pointer, value: dict[str, Any], *, key: str, name: str, serves: bool = False
) -> Container:
    """A container out of a mapping with some of the usual keys."""
    words = tuple(word for section in _COMMANDS for word in _words(source, (*pointer, section), value.get(section)))
    script = _script(words)
    own = _is_image(value)
    at = next((each for each in _IMAGES if each in value), "image")
    return Container(
        key=key,
        name=name,
        location=source.at(*pointer),
        image=image(source, pointer if own else (*pointer, at), value if own else value.get(at)),
        words=() if script else words,
        scripts=(script,) if script else (),
        variables=tuple(each for section in _ENVIRONMENTS for each in environment(source, (*pointer, section), value)),
        mounts=tuple(text for section in _MOUNTS for text in _mounts(source, (*pointer, section), value)),
        serves=serves,
    )


def _mounts(source: Source, pointer: Pointer, value: dict[str, Any]) -> Iterator[Text]:
    """What is mounted: `outside:inside` in one text, a mapping with a source, or the path inside a pod."""
    section = value.get(str(pointer[-1]))
    for index, item in enumerate(section if isinstance(section, list) else ()):
        keys = [key for key in _MOUNTED if isinstance(item, dict) and isinstance(item.get(key), str)]
        if isinstance(item, str):
            yield Text(filled(item), source.at(*pointer, index))
        yield from (Text(filled(item[key]), source.at(*pointer, index, key)) for key in keys)


def containers(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Every mapping that has an image, at any depth."""
    if isinstance(value, dict) and (any(_has_image(value.get(key)) for key in _IMAGES) or _is_image(value)):
        yield pointer, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if isinstance(inner, dict | list):
            yield from containers(inner, (*pointer, step))


def image(source: Source, pointer: Pointer, value: Any) -> Text | None:
    """An image reference: one text, or what charts take apart into registry, repository, tag and digest."""
    if isinstance(value, dict):
        parts = {part: str(value.get(part) or "") for part in ("registry", "repository", "tag", "digest")}
        name = "/".join(filter(None, (parts["registry"], parts["repository"])))
        tag, digest = parts["tag"], parts["digest"]
        reference = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
        return Text(filled(reference), source.at(*pointer, "repository")) if name else None
    return Text(filled(value.strip()), source.at(*pointer)) if isinstance(value, str) and value.strip() else None


def environment(source: Source, pointer: Pointer, value: dict[str, Any]) -> Iterator[Variable]:
    """The variables of a section: a mapping, a list of `NAME=value`, or a list of names with values."""
    section = value.get(str(pointer[-1]))
    for name, given, place in _pairs(section, pointer):
        raw = str(given) if isinstance(given, str | int | float) else ""
        text = filled(raw) or None
        if literal_secret(name, text):
            source.hidden.add(str(text))
        yield Variable(name, text, source.at(*place), referred(raw))


def filled(text: str) -> str:
    """A text with the defaults of its variables put in; a variable without one, and what a template adds, is a hole."""
    text = _COUNTED.sub(lambda found: _TEMPLATED.sub("0", found[0]), text)
    return _DEFAULT.sub(lambda found: found["default"] or HOLE, text)


def script_at(source: Source, pointer: Pointer, text: str) -> Text:
    """A shell text, with the place of its first line: a block begins below its key."""
    place = source.at(*pointer)
    below = _BLOCK.search(source.raw(*pointer)[-20:]) is not None
    return Text(text, place.model_copy(update={"line": place.line + 1}) if below else place)


def _has_image(value: Any) -> bool:
    return (isinstance(value, str) and bool(value)) or _is_image(value)


def _is_image(value: Any) -> bool:
    """Whether a mapping is an image that is taken apart; a chart also has a `repository`, but no tag."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("repository"), str)
        and not value.keys().isdisjoint({"tag", "digest", "pullPolicy", "registry"})
    )


def _pairs(section: Any, pointer: Pointer) -> Iterator[tuple[str, Any, Pointer]]:
    if isinstance(section, dict):
        yield from ((name, _plain(given), (*pointer, name)) for name, given in section.items())
    for index, item in enumerate(section if isinstance(section, list) else ()):
        if isinstance(item, str):
            name, equals, given = item.partition("=")
            yield name, given if equals else None, (*pointer, index)
        elif isinstance(item, dict) and isinstance(item.get("name") or item.get("Name"), str):
            lower = {str(key).lower(): (key, inner) for key, inner in item.items()}
            key, given = lower.get("value", ("name", None))
            yield str(lower["name"][1]), given, (*pointer, index, key)
            yield from _referred(item, (*pointer, index))


def _plain(given: Any) -> Any:
    return given.get("value") if isinstance(given, dict) else given


def _referred(item: dict[str, Any], pointer: Pointer) -> Iterator[tuple[str, Any, Pointer]]:
    """The key of a secret that a variable of another name is filled from."""
    origin = item.get("valueFrom")
    secret = origin.get("secretKeyRef") if isinstance(origin, dict) else None
    if isinstance(secret, dict) and isinstance(secret.get("key"), str) and secret["key"] != item.get("name"):
        yield secret["key"], None, (*pointer, "valueFrom", "secretKeyRef", "key")


def _words(source: Source, pointer: Pointer, value: Any) -> Iterator[Text]:
    if isinstance(value, str):
        place = source.at(*pointer)
        yield from (Text(word, place) for word in _split(filled(value)))
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str | int | float) and not isinstance(item, bool):
            yield script_at(source, (*pointer, index), filled(str(item)))


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _script(words: tuple[Text, ...]) -> Text | None:
    """What a shell is given to read, when the command is one."""
    if len(words) < 3 or _command.program([words[0].value]) not in _SHELLS:
        return None
    after = next((index for index, word in enumerate(words) if _SHELL_OPTION.fullmatch(word.value)), None)
    return words[after + 1] if after is not None and after + 1 < len(words) else None
