"""Templates of manifests: text that becomes YAML only when a chart is installed, read line by line until then."""

import re
from collections.abc import Iterator

from petguard.collect import Input
from petguard.model import Asset, Facts, Gap, Node
from petguard.parsers import _assets, _positions, _variables, one_by_one
from petguard.parsers._lines import Lines
from petguard.parsers._names import HOLE
from petguard.parsers._variables import Variable
from petguard.telltales import Told, told

_HOLE = re.compile(r"\{\{(?:(?!\{\{|\}\}).)*+\}\}")
_IMAGE = re.compile(r"\s*+(?:-\s*+)?image:\s*[\"']?(?P<value>[^\"'#\s]+)")
_NAME = re.compile(r"\s*+(?:-\s*+)?(?:name|key):\s*[\"']?(?P<name>[A-Z][A-Z0-9_]{3,})[\"']?\s*$")
_VALUE = re.compile(r"\s*value:\s*(?P<value>.+?)\s*$")
_PAIR = re.compile(r"\s*(?P<name>[A-Z][A-Z0-9_]{3,}):\s*(?P<value>.*?)\s*$")
_WORD = re.compile(r"\s*+-\s++(?:(?P<word>[\"']?--[\w-]+(?:=\S+)?[\"']?)|(?P<plain>[\"']?[\w./:-]+[\"']?))\s*$")
_MODEL_OPTIONS = frozenset({"--model", "--model-id", "--model-path", "--hf-repo"})
_COMMENT = re.compile(r"\s*(?:#|\{\{-?\s*/\*)")
_TELLING = frozenset({Told.HOST, Told.KEY_NAME, Told.RUNTIME})
_TELLING_ALONE = _TELLING - {Told.KEY_NAME}  # `{{ if .Values.OPENAI_API_KEY }}` only asks
_CONTROL = re.compile(r"\s*+(?:\{\{(?:(?!\{\{|\}\}).)*+\}\}\s*+)+")


def read(item: Input, part: str, lines_above: int) -> Iterator[Facts | Gap]:
    """What is written out in a template; a line that tells of AI and was not understood is a gap, once per text."""
    source = Lines(item.path, "\n" * lines_above + part)
    yield from one_by_one([item], lambda _: _read(source))
    yield from source.gaps[:1]


def _read(source: Lines) -> Facts:
    nodes: list[Node] = []
    for number, raw in enumerate(source.each, 1):
        if _COMMENT.match(raw):
            continue
        serves = any(node.asset is Asset.AI_WORKLOAD for node in nodes)
        found = list(_line(source, number, _HOLE.sub(HOLE, raw), serves=serves))
        nodes += found
        telling = _TELLING_ALONE if _CONTROL.fullmatch(raw) else _TELLING
        if not found and "{{" in raw and told(raw.encode("utf-8", "replace")) & telling:
            source.doubt(
                "what this template says about AI is known only when it is installed", number, reason="template"
            )
    return Facts(nodes=tuple(nodes))


def _line(source: Lines, number: int, line: str, *, serves: bool) -> Iterator[Node]:
    image = _IMAGE.match(line)
    if image is not None:
        node = _assets.image(re.sub(rf"^{HOLE}+/", "", image["value"]), source.at(number))
        yield from [node] if node else []
        return
    pair = _PAIR.match(line)
    if pair is not None:
        yield from _variables.nodes([_variable(source, number, pair["name"], pair["value"])])
        return
    name = _NAME.match(line)
    if name is not None:
        after = source.each[number] if number < len(source.each) else ""
        value = _VALUE.match(_HOLE.sub(HOLE, after))
        yield from _variables.nodes([_variable(source, number, name["name"], value["value"] if value else None)])
        return
    yield from _arguments(source, number, line, serves=serves)


def _variable(source: Lines, number: int, name: str, value: str | None) -> Variable:
    text = value.strip("\"'") if value else None
    if _variables.literal_secret(name, text):
        source.hidden.add(str(text))
    return Variable(name, text, source.at(number))


def _arguments(source: Lines, number: int, line: str, *, serves: bool) -> Iterator[Node]:
    """An option with its value in one item, or in the next."""
    match = _WORD.match(line)
    if match is None or match["word"] is None:
        return
    option, _, value = match["word"].strip("\"'").partition("=")
    after = _WORD.match(_HOLE.sub(HOLE, source.each[number])) if number < len(source.each) else None
    if not value and after is not None and after["plain"]:
        value = after["plain"].strip("\"'")
    model = _positions.named("llm model" if serves and option in _MODEL_OPTIONS else option, value, ())
    if model is not None:
        yield model.node(source.at(number))
