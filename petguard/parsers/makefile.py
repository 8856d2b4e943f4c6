"""Makefiles and justfiles: their recipes are shell, with variables of their own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._shell import assigned, read_at, speaks
from petguard.parsers._shell_place import Place
from petguard.parsers._shell_syntax import Assignment, Word

_MAKE = re.compile(r"(?i)(?:gnu|bsd)?makefile(?:[.-][\w.-]+)?|[\w.-]+\.(?:mk|mak|make)")
_JUST = re.compile(r"(?i)\.?justfile|[\w.-]+\.just")
_NOT_MAKE = re.compile(r"(?i)makefile\.(?:pl|py|in|am|lock|md|txt|json)$")
_ASSIGNED = re.compile(
    r"^ *(?:[^\s:=#]+ *: *)?(?:(?:export|override|private) +)*"
    r"(?P<name>[A-Za-z_][\w.-]*) *(?P<sign>[?:+!]{0,3}=) *(?P<value>(?s:.*))"
)
_EXPORT = re.compile(r"^ *export +(?P<names>[A-Za-z_][\w ]*)$")
_RULE = re.compile(r"^[^\s#=:][^#=:]*::?[^=;#]*;(?P<recipe>.+)")
_PREFIX = re.compile(r"^[\t ]*[@+-]*\s*")
_JUST_NAME = re.compile(r"\{\{\s*(\w*)[^}\n]*\}\}")
_NAME = re.compile(r"[A-Za-z_]\w*")
_DEPTH = 50  # of variables that name variables, and of `$(shell ...)` inside each other
_LONGEST = 10_000  # characters of a value: `A = $(B)$(B)` over and over grows without end
_HOLE = "${_}"  # a variable that nobody sets


def _interest(candidate: Candidate) -> Interest:
    name = candidate.name
    is_make = _MAKE.fullmatch(name) and not _NOT_MAKE.match(name)
    if not is_make and not _JUST.fullmatch(name):
        return Interest.NONE
    return Interest.READ if speaks(candidate.data, candidate.told) else Interest.CLEAR


@dataclass
class _Make:
    """One file. `lines` are those that a backslash joins, each with the number of its first line."""

    place: Place
    just: bool
    variables: dict[str, str] = field(default_factory=dict)  # as they are written
    values: dict[str, str] = field(default_factory=dict)  # with the variables in them put in
    depth: int = 0

    def read(self) -> Iterator[Facts | Gap]:
        lines = list(_joined(self.place.text))
        for _, line in lines:
            self.note(line)
        for number, line in lines:
            yield from self.line(number, line)

    def note(self, line: str) -> None:
        """Make gives variables their value late: what a recipe sees is the last one in the file."""
        found = None if line.startswith("\t") else _ASSIGNED.match(line)
        if found is None:
            return
        name, value = found["name"], _bare(found["value"], just=self.just)
        if found["sign"] == "+=":
            value = f"{self.variables.get(name, '')} {value}".strip()
        if found["sign"] != "?=" or name not in self.variables:
            self.variables[name] = value[:_LONGEST]

    def line(self, number: int, line: str) -> Iterator[Facts | Gap]:
        found = None if line.startswith("\t") else _ASSIGNED.match(line)
        if found is not None:
            value = self.shell(_bare(found["value"], just=self.just))
            yield Facts(nodes=tuple(assigned(Assignment(found["name"], Word(value, number), number), self.place)))
            if "$(" in value:
                yield from read_at(self.place, f': "{value}"', number)
        elif exported := _EXPORT.match(line):
            names = [Assignment(name, None, number) for name in exported["names"].split()]
            yield Facts(nodes=tuple(node for name in names for node in assigned(name, self.place)))
        elif line[:1] in {"\t", " "}:
            yield from read_at(self.place, self.shell(_PREFIX.sub("", line)), number)
        elif rule := _RULE.match(line):
            yield from read_at(self.place, self.shell(rule["recipe"]), number)

    def shell(self, text: str) -> str:
        """What the shell sees of a line: `$(NAME)` and `{{name}}` become values, `$$` becomes `$`."""
        if self.just:
            return _JUST_NAME.sub(lambda match: self.variables.get(match[1], _HOLE), text)
        return self.expanded(text)

    def expanded(self, text: str) -> str:
        parts: list[str] = []
        index = length = 0
        while (mark := text.find("$", index)) >= 0 and length < _LONGEST:
            after = text[mark + 1 : mark + 2]
            end = _closing(text, mark + 1) if after in {"(", "{"} else mark + 1
            value = self.value(text[mark + 2 : end]) if end > mark + 1 else "$" if after == "$" else _HOLE
            parts += [text[index:mark], value]
            index, length = end + 1, length + len(value)
        return "".join([*parts, text[index:]])

    def value(self, inside: str) -> str:
        """What stands for the inside of `$(...)`: a value, or the shell's variable when only the environment has it.

        Functions of make are left open, because only make can run them.
        """
        if inside.startswith("shell "):
            return f"$({self.deeper(inside[6:])})"
        if inside not in self.variables:
            return f"${{{inside}}}" if _NAME.fullmatch(inside) else _HOLE
        if inside not in self.values:
            self.values[inside] = _HOLE  # while it is looked for: a variable that names itself has no value
            self.values[inside] = self.deeper(self.variables[inside].replace("\n", " "))[:_LONGEST]
        return self.values[inside]

    def deeper(self, text: str) -> str:
        if self.depth >= _DEPTH:
            return _HOLE
        self.depth += 1
        text = self.expanded(text)
        self.depth -= 1
        return text


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on after a backslash, without comments that are make's own."""
    kept: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        if not kept:
            start = number
        kept.append(line)
        if line.endswith("\\") and not line.endswith("\\\\"):
            continue
        if not kept[0].lstrip(" ").startswith("#"):
            yield start, "\n".join(kept)
        kept = []
    if kept:
        yield start, "\n".join(kept)


def _bare(value: str, *, just: bool) -> str:
    value = re.sub(r"\\\n\s*", " ", value)
    value = re.sub(r"(?:^|\s)#.*$", "", value).strip()
    return (
        value[1:-1] if just and value[:1] in {'"', "'", "`"} and value[-1:] == value[:1] and len(value) > 1 else value
    )


def _closing(text: str, start: int) -> int:
    """The bracket that closes the one at `start`, or the end of the text."""
    opening, closing, open_ = text[start], {"(": ")", "{": "}"}[text[start]], 0
    for index in range(start, len(text)):
        open_ += (text[index] == opening) - (text[index] == closing)
        if not open_:
            return index
    return len(text)


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    for item in inputs:
        just = _JUST.fullmatch(item.path.rpartition("/")[2]) is not None
        yield from _Make(Place(item.path, item.text), just).read()


PARSER = Parser.of_configs("makefile", _interest, _parse)
