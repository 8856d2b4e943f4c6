"""Code of every language but Python: AI packages, services, models, agents and keys, and where personal data goes.

A file that holds no literal of AI use is clear. One that may hold an address or a model's name for other files, or hand
data on to them, is kept unread, and parsed only when something in the tree asks an AI.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from petguard.collect import Candidate, Input, Interest
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._code import bundles, flow_languages, languages
from petguard.parsers._code.detect import detect
from petguard.parsers._code.flows import followed
from petguard.parsers._code.form import Code
from petguard.parsers._code.project import MANIFESTS, Project
from petguard.semgrep import Program
from petguard.telltales import told

_LARGEST_HELPER = 200_000  # bytes of a file that is kept only for what it may export
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")  # types alone: nothing in them runs
_MAY_HELP = re.compile(rb"://|(?i:model|openai|llm)|\bexport\b[^;\n]{0,200}\bfrom\b")


def _interest(candidate: Candidate) -> Interest:
    """Files of a language we read by their extension; of the others, manifests that name the tree's own package."""
    if candidate.name in MANIFESTS:
        return Interest.READ if len(candidate.data) < _LARGEST_HELPER else Interest.NONE
    if candidate.suffix == flow_languages.SCHEMA:
        return Interest.READ if len(candidate.data) < _LARGEST_HELPER else Interest.CLEAR
    unreadable = candidate.is_binary and not candidate.told
    if languages.suffix_of(candidate.path, candidate.data[:200]) is None or unreadable:
        return Interest.NONE
    if candidate.path.endswith(_DECLARATIONS):
        return Interest.CLEAR
    if candidate.told:
        return Interest.READ
    is_followed = flow_languages.tree_of(candidate.path, candidate.data[:200]) is not None
    helps = len(candidate.data) < _LARGEST_HELPER and (is_followed or _MAY_HELP.search(candidate.data))
    return Interest.READ if helps else Interest.CLEAR


def _parse(inputs: Sequence[Input], program: Program, told_by: Told = NOTHING_TOLD) -> Iterator[Facts | Gap]:
    project = Project({item.path: item for item in inputs}, _open)
    asked = [item for item in inputs if PurePosixPath(item.path).name not in MANIFESTS and not _is_schema(item)]
    speaking = [item for item in asked if told(item.text.encode("utf-8", "replace"))]
    for item in speaking:
        project.code(item.path)
    for item in speaking:
        code = project.code(item.path)
        if code is None:
            yield from bundles.read(item)
            continue
        nodes = detect(project, code)
        if nodes:
            yield Facts(nodes=tuple(nodes))
        if code.gap is not None:
            yield code.gap
    for ecosystem in flow_languages.TREES:
        yield from followed(project, program.cache, ecosystem, told_by)


def _is_schema(item: Input) -> bool:
    return item.path.endswith(flow_languages.SCHEMA)


def _open(item: Input) -> Code | None:
    """The common form of a file; None for one that is made by a program for a program."""
    return None if bundles.is_one(item.text) else languages.read(item.path, item.text)


PARSER = Parser("code", _interest, _parse, knowing=_parse)
