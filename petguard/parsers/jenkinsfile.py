"""Jenkinsfiles: stages whose shell text, images or credentials run AI. Read by its calls; Groovy is not evaluated."""

import re
from collections.abc import Iterator, Sequence

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap, State
from petguard.parsers import Parser, _jobs, _shell, one_by_one
from petguard.parsers._containers import Text
from petguard.parsers._jobs import Job, Step
from petguard.parsers._lines import Lines
from petguard.parsers._source import together
from petguard.parsers._variables import Variable, literal_secret

_NAMED = re.compile(r"(?i)jenkinsfile(?:[._-][\w.-]+)?|[\w.-]+\.jenkinsfile")
_STAGE = re.compile(r"\bstage\s*\(\s*[\"'](?P<name>[^\"'\n]+)[\"']\s*\)")
_STRING = (
    r"(?:'''(?P<long>(?:[^'\\]|\\.|'(?!'')){0,20000}+)'''|\"\"\"(?P<longer>(?:[^\"\\]|\\.|\"(?!\"\")){0,20000}+)\"\"\""
    r"|'(?P<single>(?:[^'\\\n]|\\.)*+)'|\"(?P<double>(?:[^\"\\\n]|\\.)*+)\")"
)
_SHELL = re.compile(rf"\b(?:sh|bat|powershell)\s*\(?\s*(?:script\s*:\s*)?{_STRING}")
_IMAGE = re.compile(rf"\bimage\s*\(?\s*{_STRING}")
_CREDENTIAL = re.compile(
    r"\bvariable\s*:\s*[\"'](?P<name>\w+)[\"']|(?:^[^\S\n]*+|\{\s*+)(?P<set>[A-Z]\w+)\s*=\s*(?P<value>[^\n}]+)", re.M
)
_COMMENT = re.compile(r"(?m)^[ \t]*//[^\n]*")
_LONGEST = 100_000  # characters; no pipeline is longer, and text that is never closed is looked at from many starts


def _interest(candidate: Candidate) -> Interest:
    if not _NAMED.fullmatch(candidate.name):
        return Interest.NONE
    return Interest.READ if _shell.speaks(candidate.data, candidate.told) else Interest.CLEAR


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        if len(item.text) > _LONGEST:
            detail = f"{len(item.text):,} characters are more than {_LONGEST:,}"
            yield Gap(path=item.path, state=State.FAILED, reason="too_large", detail=detail)
            continue
        source = Lines(item.path, _without_comments(item.text))
        yield from one_by_one([item], lambda _, source=source: _read(source))  # type: ignore[misc]
        yield from dict.fromkeys(source.gaps)


def _without_comments(text: str) -> str:
    """The text with blanks for comments, so that every line stays where it is."""
    start = text.find("/*")
    while start >= 0 and (end := text.find("*/", start + 2)) >= 0:
        text = text[:start] + _blank(text[start : end + 2]) + text[end + 2 :]
        start = text.find("/*", end + 2)
    return _COMMENT.sub(lambda found: _blank(found[0]), text)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _read(source: Lines) -> Facts:
    starts = [(0, "pipeline"), *((found.start(), found["name"]) for found in _STAGE.finditer(source.text))]
    ends = [start for start, _ in starts[1:]] + [len(source.text)]
    jobs = [_job(source, name, start, end) for (start, name), end in zip(starts, ends, strict=True)]
    return together(_jobs.read(job, source.gaps) for job in jobs)


def _job(source: Lines, name: str, start: int, end: int) -> Job:
    return Job(
        system="jenkins",
        key=f"{source.path}#{name}",
        name=f"{source.path.rpartition('/')[2]}/{name}",
        steps=tuple(_steps(source, start, end)),
        images=tuple(_texts(source, _IMAGE, start, end)),
        variables=tuple(_variables(source, start, end)),
    )


def _steps(source: Lines, start: int, end: int) -> Iterator[Step]:
    for text in _texts(source, _SHELL, start, end):
        yield Step(text.location, script=text)


def _texts(source: Lines, shape: re.Pattern[str], start: int, end: int) -> Iterator[Text]:
    for found in shape.finditer(source.text, start, end):
        kind = next(kind for kind in ("long", "longer", "single", "double") if found[kind] is not None)
        yield Text(found[kind], source.at(source.line_at(found.start(kind))))


def _variables(source: Lines, start: int, end: int) -> Iterator[Variable]:
    for found in _CREDENTIAL.finditer(source.text, start, end):
        name, value = found["name"] or found["set"], (found["value"] or "").strip()
        text = value[1:-1] if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1] else None
        if literal_secret(name, text):
            source.hidden.add(str(text))
        yield Variable(name, text, source.at(source.line_at(found.start(found.lastgroup or 0))))


PARSER = Parser.of_configs("jenkinsfile", _interest, _parse)
