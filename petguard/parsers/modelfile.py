"""Ollama's Modelfiles: which model is made from which, with which adapter and system prompt."""

import re
from collections.abc import Iterator, Sequence

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.model import Asset, Facts, Gap, Location, Node, Origin
from petguard.parsers import Parser, _assets, one_by_one
from petguard.parsers._positions import is_name, literal
from petguard.parsers._services import Service

_NAMED = re.compile(r"(?i)modelfile(?:[.\-_].*)?|.*\.modelfile")
_FROM = re.compile(rb"(?mi)^\s*FROM\s+\S")
_LINE = re.compile(r"(?i)\s*(?P<word>FROM|ADAPTER|SYSTEM|TEMPLATE)\s+(?P<value>\S.*)")
_FILE = re.compile(r"(?i)[./~].*|.*\.(?:gguf|ggml|bin|safetensors)|.*\\.*|[a-z]:.*")


def _interest(candidate: Candidate) -> Interest:
    named = _NAMED.fullmatch(candidate.name) is not None
    return Interest.READ if named and _FROM.search(candidate.data) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    return one_by_one(inputs, _read)


def _read(item: Input) -> Facts:
    lines = ((number, _LINE.fullmatch(line)) for number, line in enumerate(item.text.split("\n"), 1))
    return Facts(nodes=tuple(node for number, found in lines if found for node in _nodes(item.path, number, found)))


def _nodes(path: str, number: int, found: re.Match[str]) -> Iterator[Node]:
    word, value = found["word"].upper(), found["value"].strip().strip("\"'")
    place = Location(path=path, line=number, evidence=secrets.mask_in(found[0].strip()))
    name = literal(value)
    if word == "SYSTEM":
        yield _assets.declared(Asset.PROMPT, path, path, place)
    elif word in ("FROM", "ADAPTER") and not _FILE.fullmatch(value) and is_name(name):  # a file here is found by itself
        yield _assets.model(name, place, provider="ollama", origin=Origin.DECLARED)
        yield Service("ollama").node(place, Origin.DECLARED)


PARSER = Parser.of_configs("modelfile", _interest, _parse)
