"""Literals that give AI use away in any language or format, looked for in one pass over the bytes of a file.

This is a filter, not a finding: a file that holds none of them need not be looked at again, and one that holds some
may still turn out to have nothing to do with AI.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from functools import cache

from ahocorasick_rs import BytesAhoCorasick

from petguard import catalog


class Told(Enum):
    """What kind of literal was met."""

    HOST = auto()  # of a provider
    KEY_NAME = auto()  # an environment variable of a provider
    IMPORT = auto()  # a package, as some language imports it
    MODEL = auto()  # the beginning of a well-known model's name
    RUNTIME = auto()  # the command or container image of a local runtime
    RESOURCE = auto()  # a cloud resource or cluster object that is AI
    STEP = auto()  # an action of a CI system, or an assistant that is started without a human


_TELLING_ANYWHERE = frozenset({Told.HOST, Told.KEY_NAME, Told.IMPORT})
_WORD = re.compile(rb"\w")
# What follows the telling part of a cloud's host: the region, written out or to be filled in.
_CLOUD = re.compile(rb"[^\s\"']*?(?:amazonaws|aliyuncs)")
_REGION = 80
_COMMON_PORTS = 10_000
# Permissions to call AI, and the beginning of what Azure calls its AI resources, in the case in which it is written.
_RIGHTS = (
    *("bedrock:", "sagemaker:Invoke", "roles/aiplatform", "Cognitive Services OpenAI", "::Bedrock::", "::SageMaker::"),
    *("Microsoft.CognitiveServices/", "Microsoft.MachineLearningServices/", "cognitive-services/account"),
)
# Assistants as they are started without a human, by their command or their package.
_ASSISTANTS = (
    *(
        "claude -p",
        "claude --print",
        "claude --dangerously",
        "codex exec",
        "gemini -p",
        "gemini --prompt",
        "gemini --yolo",
    ),
    *("aider --", "copilot -p", "copilot --prompt", "cursor-agent", "opencode run", "goose run", "gh models run"),
    *(
        "@anthropic-ai/claude-code",
        "@openai/codex",
        "@google/gemini-cli",
        "@github/copilot",
        "qwen -p",
        "amp -x",
        "droid exec",
    ),
)
_SHORTEST = 4  # characters of a model's or image's name: `o1` stands in every second file


def told(data: bytes) -> frozenset[Told]:
    """The kinds of literals that a file holds."""
    return frozenset(kind for kind, _, _ in _matches(data))


def first(data: bytes) -> tuple[str, int] | None:
    """The first literal that means AI use in any language, and its line: a host, a key's name or an import."""
    met = [(start, literal) for kind, start, literal in _matches(data) if kind in _TELLING_ANYWHERE]
    if not met:
        return None
    start, literal = min(met)
    return literal.decode(), data.count(b"\n", 0, start) + 1


def _matches(data: bytes) -> Iterator[tuple[Told, int, bytes]]:
    automaton, literals = _automaton()
    for index, start, end in automaton.find_matches_as_indexes(data, overlapping=True):
        literal, kind = literals[index]
        if kind is Told.IMPORT:
            told_ = not _in_a_word(data, start, end, literal)
        else:
            told_ = kind is not Told.HOST or not literal.endswith(b".") or bool(_CLOUD.match(data, end, end + _REGION))
        if told_:
            yield kind, start, literal


def _in_a_word(data: bytes, start: int, end: int, literal: bytes) -> bool:
    """Whether what was met is only a part of a longer name: `watch::` is not `tch::`."""
    before, after = data[max(start - 1, 0) : start], data[end : end + 1]
    begins = start > 0 and _WORD.match(literal) and _WORD.match(before)
    return bool(begins or (_WORD.match(literal[-1:]) and _WORD.match(after)))


@cache
def _automaton() -> tuple[BytesAhoCorasick, tuple[tuple[bytes, Told], ...]]:
    found: dict[bytes, Told] = {}
    for kind, texts in _literals():
        found |= {text.encode(): kind for text in texts if text}
    return BytesAhoCorasick(list(found)), tuple(found.items())


def _literals() -> Iterator[tuple[Told, Iterable[str]]]:
    known = catalog.shipped()
    yield Told.MODEL, of_models()
    yield Told.RUNTIME, (word for each in known.images for word in each.repository.split("*") if len(word) > _SHORTEST)
    yield Told.RUNTIME, of_ports()
    yield Told.RUNTIME, ("/chat/completions",)  # what speaks OpenAI's protocol, wherever it runs
    yield Told.RUNTIME, (form for each in known.runtimes for command in each.commands for form in _started(command))
    yield Told.RESOURCE, (_written(each) for each in known.resources)
    yield Told.RESOURCE, _RIGHTS
    yield Told.STEP, (each.uses.partition("*")[0] for each in known.actions)
    yield Told.STEP, _ASSISTANTS
    for package in known.packages:
        forms = _IMPORTS[package.ecosystem]
        yield Told.IMPORT, (form for module in package.modules for form in forms(module))
    yield Told.KEY_NAME, (name for each in known.providers for name in each.env)
    yield Told.HOST, (_telling_part(host) for each in known.providers for host in each.hosts)


def of_models() -> Iterator[str]:
    """How the names of well-known models begin."""
    yield from (start for each in catalog.providers() for start in each.model_prefixes if len(start) >= _SHORTEST)
    yield "@cf/"


def of_ports() -> Iterator[str]:
    """The ports of local runtimes, as addresses write them.

    Lower ones are everybody's: no web application is about AI because it listens on 8080.
    """
    ports = (port for each in catalog.shipped().runtimes for port in each.ports)
    yield from (f":{port}" for port in ports if port > _COMMON_PORTS)


def _started(command: str) -> tuple[str, ...]:
    """A command as shell text and as the first word of a list."""
    return f"{command} ", f'"{command}"', f"'{command}'", f"- {command}\n", f"[{command},"


def _written(resource: catalog.Resource) -> str:
    """The telling part of a resource's type as files write it: Kubernetes puts group and kind on different lines."""
    start = resource.type.partition("*")[0]
    group, slash, kind = start.partition("/")
    return f"kind: {kind or group}" if start and resource.dialect == "kubernetes" and (kind or not slash) else start


def _telling_part(host: str) -> str:
    """The host up to where some clouds put the region: `bedrock-runtime.eu-west-1.amazonaws.com`."""
    return next(
        (host.removesuffix(end) + "." for end in (".amazonaws.com", ".aliyuncs.com") if host.endswith(end)), host
    )


def _quoted(module: str) -> tuple[str, ...]:
    return f'"{module}"', f"'{module}'", f"`{module}`", f'"{module}/', f"'{module}/"


def _npm(module: str) -> tuple[str, ...]:
    """Also as Deno and browsers write it: `npm:openai@4`, `https://esm.sh/openai`."""
    return (*_quoted(module), f"npm:{module}", f"esm.sh/{module}", f"esm.run/{module}", f"/npm/{module}")


def _python(module: str) -> tuple[str, ...]:
    parent, _, name = module.rpartition(".")
    return f"import {module}", f"from {module}", f"from {parent} import {name}" if parent else ""


_IMPORTS: Mapping[str, Callable[[str], tuple[str, ...]]] = {
    "pypi": _python,
    "npm": _npm,
    "maven": lambda module: (f"import {module}", f"import static {module}"),
    "golang": _quoted,
    "nuget": lambda module: (f"using {module}", f"using static {module}", f"open {module}", f"Imports {module}"),
    "cargo": lambda module: (f"{module}::", f"use {module}", f"extern crate {module}"),
    "gem": _quoted,
    "composer": lambda module: (f"{module}\\",),
    "pub": lambda module: (f"package:{module}/",),
    "swift": lambda module: (f"import {module}",),
}
