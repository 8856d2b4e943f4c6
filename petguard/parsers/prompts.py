"""Prompts by place and shape: `.prompty`, dotprompt, GitHub Models, POML, BAML, Semantic Kernel, `prompts/` folders.

A file whose kind is a prompt counts as it is. A text, template or YAML file in a folder of prompts must also read like
one: the prompts of a shell, or of a command-line program that asks its user, lie in folders of that name too.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from petguard import catalog, secrets
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Document, front_matter, read_json, read_loosely, read_yaml
from petguard.errors import UnreadableInput
from petguard.model import Asset, Facts, Gap, Location, State
from petguard.parsers import Parser, _assets, one_by_one
from petguard.parsers._prompt_blanks import asked_for
from petguard.parsers._settings import judged
from petguard.parsers._source import Source, together
from petguard.parsers._spots import is_mention

_BY_NAME = re.compile(
    r"(?i).*\.(?:prompt|prompty|poml|baml)|.*\.prompt\.(?:md|txt|ya?ml|json|j2|jinja2?|hbs)|skprompt\.txt"
)
_SYSTEM = re.compile(r"(?i)(?:.*[-_.])?system[-_]?prompts?\.(?:md|txt|j2|jinja2?)")
_FOLDER = re.compile(r"(?i)(?:^|/)(?:[\w-]*[-_])?prompts?(?:[-_]?(?:templates?|library|hub))?/")
_TEXT = re.compile(r"(?i).*\.(?:txt|md|mdx|j2|jinja2?|mustache|hbs|tmpl|tpl|ya?ml|json|toml)")
_NO_PROMPT = re.compile(r"(?i)(?:readme|changelog|license|contributing|package|tsconfig|index)\b.*")
_ADDRESSED = re.compile(
    rb"(?im)\A\W*you \w+|\byou are (?:an?|the|now|going|acting|working|tasked|\{)|\bact as an?\b"
    rb"|\b(?:your|the) (?:task|job|role|goal) is\b|\byou will (?:be given|receive|act)\b"
    rb"|\brespond (?:only|in json|with)|\bdo not (?:make up|hallucinate)|\bgiven the following\b"
    rb"|\byour (?:answer|output|response)\b|\xe4\xbd\xa0\xe6\x98\xaf|\bdu bist ein|\btu es un"
    rb"|\bvous \xc3\xaates un|\beres un|\bvoc\xc3\xaa \xc3\xa9 um"
)
_BLANK = re.compile(rb"\{\{?\s*\$?[a-z_][\w.]*\s*\}\}?|<[a-z_]+>[^<]*</[a-z_]+>")
_WORDS = 12  # a shorter text with blanks may be a question to a user
_SHAPED = re.compile(
    rb"(?m)^\s*[\"']?(?:system|system_prompt|systemPrompt|user_prompt|template|messages|instructions|human)[\"']?\s*:\s*\S?"
    rb"|\{\{?\s*\$?(?:input|question|query|context|chat_history|history|text|user_input|document|documents)\s*\}?\}"
)
_HUB = re.compile(rb"(?<!\w)_type[\"']?\s*:\s*[\"']?(?:few_shot_)?(?:chat_)?prompt(?:_template)?\b")
_COMMENTS = re.compile(r"(?:[ \t]*#[^\n]*\n|[ \t]*\n)+(?=---)")
_ROLES = re.compile(rb"(?m)^#?[ \t]*(?:system|user|assistant):[ \t]*$")
_DECLARATIONS = re.compile(r"(?m)^(\s*)(\w+)[ \t]+(\"[^\"\n]*\"|env\.\w+|[\w./-]+)[ \t]*$")
_BAML_TEXT = re.compile(r"#+\".*?\"#+", re.S)
_BAML_PROMPT = re.compile(rb"\bprompt\s+#*\"")


def _interest(candidate: Candidate) -> Interest:
    if catalog.convention(candidate.path) is not None:  # the instructions of an assistant
        return Interest.NONE
    return Interest.READ if _is_prompt(candidate) else Interest.NONE


def _is_prompt(candidate: Candidate) -> bool:
    data, name = candidate.data, candidate.name
    if _BY_NAME.fullmatch(name):
        return bool(data.strip())
    if not _TEXT.fullmatch(name) or _NO_PROMPT.fullmatch(name) or is_mention(candidate.path):
        return False
    if candidate.suffix in (".yaml", ".yml", ".json") and b"_type" in data and _HUB.search(data):
        return True
    if candidate.suffix in (".jinja2", ".jinja", ".j2") and len(set(_ROLES.findall(data))) > 1:
        return True
    if _SYSTEM.fullmatch(name) and not candidate.path.startswith(("doc/", "docs/")):
        return True
    return _FOLDER.search(candidate.path) is not None and _reads_like_one(candidate)


def _reads_like_one(candidate: Candidate) -> bool:
    data = candidate.data[:20_000]
    structured = candidate.suffix in (".yaml", ".yml", ".json", ".toml")
    if structured:
        return _ADDRESSED.search(data) is not None and _SHAPED.search(data) is not None
    filled_in = _BLANK.search(data) is not None and len(data.split()) > _WORDS
    return filled_in or _ADDRESSED.search(data) is not None


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        gaps: list[Gap] = []

        def whole(item: Input, gaps: list[Gap] = gaps) -> Facts:
            return _read(item, gaps)

        yield from one_by_one([item], whole)
        yield from gaps


def _read(item: Input, gaps: list[Gap]) -> Facts:
    """The prompt, and what its settings name."""
    suffix = PurePosixPath(item.path).suffix.lower()
    try:
        document = _settings(item.text, suffix)
    except UnreadableInput as error:
        document = None
        gaps.append(Gap(path=item.path, state=State.PARTIAL, reason=error.reason, detail=error.detail, line=error.line))
    named = judged(Source(item.path, item.text, document, gaps)) if document else Facts()
    if suffix == ".baml" and not _BAML_PROMPT.search(item.text.encode("utf-8", "replace")):
        return named
    first = next((line for line in item.text.split("\n") if line.strip(" \t-")), "")
    place = Location(path=item.path, evidence=secrets.mask_in(first[:200]))
    prompt = Facts(nodes=(_assets.declared(Asset.PROMPT, item.path, item.path, place),))
    return together([prompt, named, Facts() if is_mention(item.path) else asked_for(item, named)])


def _front_matter(text: str) -> Document | None:
    """The settings on top; a licence in comments may stand before them."""
    comments = _COMMENTS.match(text)
    if comments is None:
        return front_matter(text)
    document = front_matter(text[comments.end() :])
    if document is None:
        return None
    return read_yaml(comments[0] + text[comments.end() :].split("\n---", 1)[0])


def _settings(text: str, suffix: str) -> Document | None:
    """What a prompt says about its model: all of a YAML or JSON file, the front matter of a text."""
    if suffix == ".baml":
        plain = _BAML_TEXT.sub(lambda found: "\n" * found[0].count("\n"), text).replace("client<llm> ", "")
        return read_loosely(_DECLARATIONS.sub(r"\1\2: \3", plain))
    if suffix in (".yaml", ".yml"):
        return read_yaml(text)
    if suffix == ".json":
        return read_json(text)
    return _front_matter(text) if suffix != ".poml" else None


PARSER = Parser.of_configs("prompts", _interest, _parse)
