"""Dockerfiles: which images a build starts from, what it installs, and which model the container is started with."""

import json
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser, _containers, one_by_one
from petguard.parsers._containers import Container, Text
from petguard.parsers._lines import Lines, starts
from petguard.parsers._names import HOLE
from petguard.parsers._source import together
from petguard.parsers._variables import Variable, literal_secret
from petguard.telltales import told

_NAMED = re.compile(r"(?i)(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-][\w.-]+)?")
_NOT_ONE = re.compile(r"(?i)\.(?:md|rst|txt|py|js|ts|go|json|ya?ml|toml|html?|sh|snap|png|svg)$|dockerignore$")
_INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)\s+(?P<rest>.*)", re.S)
_OPTION = re.compile(r"\s*--[a-z]+(?:=\S*)?(?:\s+|$)")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_REFERENCE = re.compile(r"\$\{(\w+)(?::?[-+]([^}]{0,400}))?\}|\$(\w+)")
_MOST_LINES = 200  # of a command, in which its words are looked for
_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*+)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:\\.|\S)*)")


@dataclass(frozen=True)
class _Instruction:
    name: str
    rest: str  # with its line feeds
    line: int


@dataclass(frozen=True)
class _Stage:
    """What stands between one FROM and the next."""

    line: int
    image: Text | None
    rest: tuple[_Instruction, ...]


def _interest(candidate: Candidate) -> Interest:
    if not _NAMED.fullmatch(candidate.name) or _NOT_ONE.search(candidate.name):
        return Interest.NONE
    return Interest.READ


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        source = Lines(item.path, item.text)
        yield from one_by_one([item], lambda _, source=source: _read(source))  # type: ignore[misc]
        yield from dict.fromkeys(source.gaps)


def _read(source: Lines) -> Facts:
    known: dict[str, str] = {}
    return together(_stage(source, stage) for stage in _stages(source, list(_instructions(source)), known))


def _instructions(source: Lines) -> Iterator[_Instruction]:
    """The instructions with the lines that belong to them: continued by a backslash, or up to the end of a heredoc."""
    lines, index = source.each, 0
    while index < len(lines):
        start = index
        kept, index = _continued(lines, index)
        found = _INSTRUCTION.match(kept)
        if found is None or kept.lstrip().startswith("#"):
            continue
        if found["name"].upper() in ("RUN", "COPY") and (marks := _HEREDOC.findall(kept)):
            kept, index = _heredoc(lines, start, index, marks[-1][1])
            found = _INSTRUCTION.match(kept) or found
        yield _Instruction(found["name"].upper(), found["rest"], start + 1)


def _continued(lines: Sequence[str], index: int) -> tuple[str, int]:
    """One logical line, comments inside it taken out, with the same number of line feeds."""
    kept = [lines[index]]
    index += 1
    while kept[-1].rstrip().endswith("\\") and index < len(lines):
        inner = lines[index]
        kept.append("\\" if not inner.strip() or inner.lstrip().startswith("#") else inner)
        index += 1
    return "\n".join(kept), index


def _heredoc(lines: Sequence[str], start: int, index: int, end: str) -> tuple[str, int]:
    while index < len(lines) and lines[index].strip() != end:
        index += 1
    return "\n".join(lines[start:index]), min(index + 1, len(lines))


def _stages(source: Lines, instructions: Sequence[_Instruction], known: dict[str, str]) -> Iterator[_Stage]:
    starts = [index for index, each in enumerate(instructions) if each.name == "FROM"]
    for each in instructions[: starts[0]] if starts else instructions:
        known |= _assigned(each, known) if each.name == "ARG" else {}
    for start, end in pairwise([*starts, len(instructions)]):
        origin = instructions[start]
        yield _Stage(origin.line, _image(source, origin, known), tuple(instructions[start + 1 : end]))


def _image(source: Lines, origin: _Instruction, known: Mapping[str, str]) -> Text | None:
    words = _without_options(origin.rest).replace("\\\n", " ").split()
    if not words:
        return None
    named = _filled(words[0], known)
    if named.partition(":")[0] == HOLE and told(source.text.encode("utf-8", "replace")):
        source.doubt("the image that this stage starts from is given when it is built", origin.line)
    return Text(named, source.at(origin.line))


def _stage(source: Lines, stage: _Stage) -> Facts:
    known: dict[str, str] = {}
    variables: list[Variable] = []
    scripts: list[Text] = []
    started: dict[str, tuple[Text, ...]] = {}
    for each in stage.rest:
        if each.name in ("ENV", "ARG"):
            variables += _variables(source, each, known)
            known |= _assigned(each, known)
        elif each.name == "RUN":
            scripts.append(_script(source, each))
        elif each.name in ("ENTRYPOINT", "CMD"):
            words = _words(source, each, known)
            started[each.name] = words
            scripts += [] if each.rest.lstrip().startswith("[") else [_script(source, each)]
    words = (*started.get("ENTRYPOINT", ()), *started.get("CMD", ()))
    return _containers.read(
        Container(
            key=f"{source.path}#{stage.line}",
            name=source.path,
            location=source.at(stage.line),
            image=stage.image,
            words=words,
            scripts=tuple(scripts),
            variables=tuple(variables),
        ),
        source.gaps,
    )


def _assigned(each: _Instruction, known: Mapping[str, str]) -> dict[str, str]:
    """The variables of `ENV a=b c=d`, `ENV a b` and `ARG a=b`; an ARG without a default is not one."""
    return {name: value for name, value, _ in _pairs(each, known)}


def _pairs(each: _Instruction, known: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """The variables with how many lines below the instruction each stands."""
    rest = each.rest.replace("\\\n", "  ")  # as long as before
    begins = starts(each.rest)
    found = list(_ASSIGNED.finditer(rest))
    for pair in found:
        yield pair[1], _filled(_unquoted(pair[2]), known), bisect_right(begins, pair.start()) - 1
    if not found and each.name == "ENV":
        name, _, value = rest.strip().partition(" ")
        yield name, _filled(value.strip(), known), 0


def _variables(source: Lines, each: _Instruction, known: Mapping[str, str]) -> Iterator[Variable]:
    pairs = list(_pairs(each, known))
    source.hidden.update(value for name, value, _ in pairs if literal_secret(name, value))
    for name, value, below in pairs:
        yield Variable(name, value, source.at(each.line + below))
    bare = _without_options(each.rest).strip()
    if each.name == "ARG" and not pairs and re.fullmatch(r"\w+", bare):
        yield Variable(bare, None, source.at(each.line))


def _script(source: Lines, each: _Instruction) -> Text:
    text = _without_options(each.rest)
    skipped = each.rest[: len(each.rest) - len(text)].count("\n")
    if text.startswith("["):
        text = shlex.join(_exec_form(text) or [])
    return Text(text, source.at(each.line + skipped))


def _words(source: Lines, each: _Instruction, known: Mapping[str, str]) -> tuple[Text, ...]:
    listed = _exec_form(each.rest)
    if listed is None:
        return ()
    lines = each.rest.split("\n")[:_MOST_LINES]
    offsets = [next((at for at, line in enumerate(lines) if word in line), 0) for word in listed]
    places = {offset: source.at(each.line + offset) for offset in set(offsets)}
    return tuple(Text(_filled(word, known), places[offset]) for word, offset in zip(listed, offsets, strict=True))


def _exec_form(rest: str) -> list[str] | None:
    text = rest.replace("\\\n", " ").strip()
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _without_options(rest: str) -> str:
    text = rest
    while found := _OPTION.match(text):
        text = text[found.end() :].removeprefix("\\\n")
    return text


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _filled(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables put in: what they were given, their default, or a hole."""

    def value(found: re.Match[str]) -> str:
        default = found[2] if found[2] is not None else HOLE
        return known.get(found[1] or found[3]) or default or HOLE

    return _REFERENCE.sub(value, text)


PARSER = Parser.of_configs("dockerfile", _interest, _parse)
