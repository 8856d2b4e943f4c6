"""Prisma schemas: the models of an application as tables with columns, and which of them are said to be encrypted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from petguard import taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.model import Detail, Facts, Gap, Location, State, Trait
from petguard.parsers import Parser, _said, one_by_one
from petguard.parsers._declared import dataset
from petguard.parsers._declared_table import Table
from petguard.parsers._said import Said
from petguard.parsers._source import excerpt, together

_BLOCK = re.compile(r"[ \t]*(?P<kind>model|view|type|enum|datasource|generator)[ \t]+(?P<name>\w{1,200})[ \t]*\{[ \t]*")
_FIELD = re.compile(r"(?P<name>[A-Za-z]\w{0,199})[ \t]+(?P<type>[A-Za-z]\w{0,199})(?P<rest>.*)")
_MAPPED = re.compile(r"(?<!@)@map\(\s*(?:name:\s*)?\"(?P<name>[^\"\n]{1,200})\"")
_TABLE = re.compile(r"@@map\(\s*(?:name:\s*)?\"(?P<name>[^\"\n]{1,200})\"")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*+\"")
_COMMENT = re.compile(r"//+")
_TAG = re.compile(r"@([A-Za-z][\w-]{0,60})")
_NO_TEXT = ("Boolean", "DateTime")
_TEXTS = ("user.contact", "user.name", "user.authorization", "user.unique_id")
_TABLES = ("model", "view", "type")


def _interest(candidate: Candidate) -> Interest:
    wanted = candidate.suffix == ".prisma" and re.search(rb"(?m)^[ \t]*(?:model|view|type)[ \t]", candidate.data)
    return Interest.READ if wanted else Interest.NONE


@dataclass(frozen=True)
class _Field:
    """One field of a model, with the comments about it."""

    name: str
    type: str
    rest: str
    said: str
    where: Location


@dataclass
class _Model:
    """One block with its fields."""

    name: str
    where: Location
    folder: str
    fields: list[_Field] = field(default_factory=list)
    table: str | None = None
    said: str = ""


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    """A schema may be spread over the files of a folder: what is a model is known only after all of them."""
    models: list[_Model] = []
    gaps: list[Gap] = []

    def read(item: Input) -> Facts:
        models.extend(_Reader(item, gaps).models())
        return Facts()

    yield from (each for each in one_by_one(inputs, read) if isinstance(each, Gap))
    names = {(model.folder, model.name) for model in models}
    yield together(_facts(model, names) for model in models)
    yield from gaps


@dataclass
class _Reader:
    """Goes through the lines of one file; what is no line of the language is a gap."""

    item: Input
    gaps: list[Gap]
    _comments: list[str] = field(default_factory=list)

    def models(self) -> Iterator[_Model]:
        """The models, views and types, in order."""
        folder = self.item.path.rpartition("/")[0] or "."
        open_: _Model | None = None
        within, depth = None, 0
        for number, line in enumerate(self.item.text.split("\n"), 1):
            code, comment = _split(line)
            if within is None:
                header = _BLOCK.fullmatch(code)
                if header is None:
                    self._comment(code, comment)
                    continue
                within, where = header["kind"], self._at(number, line)
                open_ = _Model(header["name"], where, folder, said=self._said()) if within in _TABLES else None
                continue
            before, depth = depth, max(0, depth + _opened(code))
            if before == 0 and code.strip().startswith("}"):
                if open_ is not None:
                    yield open_
                open_, within = None, None
            elif open_ is not None and before == 0:
                self._line(open_, code, comment, self._at(number, line))
        if within is not None:
            self._gap(self.item.text.count("\n") + 1, f"the {within} has no closing brace")
            if open_ is not None:
                yield open_

    def _line(self, model: _Model, code: str, comment: str, where: Location) -> None:
        text = code.strip()
        mapped = _TABLE.match(text)
        if mapped is not None:
            model.table = mapped["name"]
        found = _FIELD.fullmatch(text)
        if found is not None:
            said = f"{self._said()} {comment}".strip()
            model.fields.append(_Field(found["name"], found["type"], found["rest"], said, where))
        elif text and not text.startswith("@@"):
            self._gap(where.line, f"a line of {model.name} that is no field")
        else:
            self._comment(code, comment)

    def _comment(self, code: str, comment: str) -> None:
        """Keep the comments that stand above a field or a model."""
        if comment:
            self._comments.append(comment[:500])
        elif not code.strip():
            self._comments.clear()

    def _said(self) -> str:
        text = " ".join(self._comments[-20:])
        self._comments.clear()
        return text

    def _at(self, number: int, line: str) -> Location:
        column = len(line) - len(line.lstrip()) + 1
        return Location(path=self.item.path, line=number, column=column, evidence=excerpt(line, column))

    def _gap(self, line: int, detail: str) -> None:
        self.gaps.append(Gap(path=self.item.path, state=State.PARTIAL, reason="parse_error", detail=detail, line=line))


def _split(line: str) -> tuple[str, str]:
    """The code of a line and the comment behind it; slashes within a string begin none."""
    bare = _STRING.sub(lambda found: '"' + "_" * (len(found[0]) - 2) + '"', line)
    found = _COMMENT.search(bare)
    return (line, "") if found is None else (line[: found.start()], line[found.end() :].strip())


def _opened(code: str) -> int:
    """How many parentheses and brackets a line leaves open: an attribute may go over several lines."""
    bare = _STRING.sub("", code)
    return sum(bare.count(each) for each in "([") - sum(bare.count(each) for each in ")]")


def _facts(model: _Model, names: set[tuple[str, str]]) -> Facts:
    """A model with its columns; a field of another model's type is a relation, and holds nothing itself."""
    home = f"prisma/{model.folder}"
    table = Table(dataset(home, model.name, model.where))
    for each in model.fields:
        if (model.folder, each.type) not in names:
            said, how = _said_of(each.said)
            node = _said.column(home, model.name, each.name, each.where, said)
            if each.type in _NO_TEXT and not said.traits:  # `emailVerified` and `readInEmail` hold no address
                node = node.model_copy(update={"categories": tuple(filter(_is_no_text, node.categories))})
            mapped = _MAPPED.search(each.rest)
            stored = {"stored_as": f"{model.table or model.name}.{mapped['name'] if mapped else each.name}"}
            details: dict[str, Detail] = {**node.details, **(stored if mapped or model.table else {})}
            table.hold(node.model_copy(update={"details": details}), how)
    table.says(_said_of(model.said)[0], model.where)
    return table.facts(listed=False)


def _is_no_text(category: str) -> bool:
    return not any(taxonomy.covers(each, category) for each in _TEXTS)


def _said_of(comment: str) -> tuple[Said, str | None]:
    """What comments say: `@encrypted` is what an extension of Prisma acts on, `@pii` and `PII` are words."""
    tags = [tag.lower() for tag in _TAG.findall(comment)]
    said = _said.by_tags(tags)
    said = said if said.traits else said | _said.by_description(comment)
    if "encrypted" in tags:
        return said | Said(frozenset({Trait.SAID_MASKED})), "encrypted"
    return said, None


PARSER = Parser.of_configs("prisma", _interest, _parse)
