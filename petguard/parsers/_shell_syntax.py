"""Shell text as the commands that it runs: words with their variables put in, assignments, here-documents.

Nothing is run. A word keeps a HOLE where only a run would tell. Loops over written-out words are gone through once per
word, and functions once more for each call, so that `for m in llama3 phi3; do ollama pull "$m"; done` names both.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from petguard.documents import tree_of
from petguard.errors import UnreadableInput
from petguard.parsers._names import HOLE

if TYPE_CHECKING:
    from tree_sitter import Language, Node

MAX_TEXT = 1_000_000  # characters of one script
_VISITS = 20_000  # commands, counted again in every round of a loop
_ROUNDS = 40  # of one loop
_CALLS = 4  # functions that call functions
_ESCAPES = {
    "string": re.compile(r'\\([$`"\\\n])'),
    "heredoc_body": re.compile(r"\\([$`\\\n])"),
    "word": re.compile(r"(?s)\\(.)"),
}
_DEFAULT = re.compile(r":?[-=]")
_ALL = re.compile(r"\[[@*]\]")
_PRINTERS = frozenset({"echo", "printf"})


@dataclass(frozen=True)
class Word:
    """One word of a command, or a whole here-document; `line` is where it starts."""

    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """A command that is run: its words, what it reads, and where its output goes.

    `file` is the name of a file that it writes, `piped` says that another command reads its output.
    """

    words: tuple[Word, ...]
    stdin: Word | None = None
    file: str | None = None
    piped: bool = False


@dataclass(frozen=True)
class Assignment:
    """A variable that is given a value, or only named (`export X`): then the value is None."""

    name: str
    value: Word | None
    line: int


@dataclass(frozen=True)
class Reference:
    """A variable whose value is used."""

    name: str
    line: int


@dataclass(frozen=True)
class Doubt:
    """A part that could not be understood, from its first to its last line."""

    detail: str
    line: int
    last: int


Event = Command | Assignment | Reference | Doubt


def events(
    text: str,
    first_line: int = 1,
    variables: Mapping[str, str] | None = None,
    matters: Callable[[bytes], bool] = lambda _: True,
) -> list[Event]:
    """What a script does, in its order; `variables` are set before it starts.

    Only functions whose text `matters` are gone through once more for each call. UnreadableInput when the text is too
    large or too deep to be read.
    """
    if len(text) > MAX_TEXT:
        raise UnreadableInput(f"{len(text):,} characters of shell are more than {MAX_TEXT:,}", reason="too_large")
    source = text.encode("utf-8", "replace")
    root = tree_of(_language(), source).root_node
    script = _Script(source, first_line, matters)
    script.variables |= {name: (value,) for name, value in (variables or {}).items()}
    try:
        script.visit(root)
    except RecursionError as error:
        raise UnreadableInput("nested too deeply", reason="too_deep") from error
    return list(dict.fromkeys([*script.events, *(_doubts(root, first_line) if root.has_error else ())]))


@cache
def _language() -> "Language":
    """Loaded when the first script is met: most repositories have none that speaks of AI."""
    import tree_sitter  # noqa: PLC0415
    import tree_sitter_bash  # noqa: PLC0415

    return tree_sitter.Language(tree_sitter_bash.language())


def _doubts(root: "Node", first_line: int) -> Iterator[Doubt]:
    """The outermost parts that are no shell."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            first, last = node.start_point[0] + first_line, node.end_point[0] + first_line
            what = "something is missing here" if node.is_missing else "not understood as shell"
            yield Doubt(what, first, last)
        elif node.has_error:
            pending += reversed(node.children)


@dataclass
class _Script:
    source: bytes
    first_line: int
    matters: Callable[[bytes], bool]
    events: list[Event] = field(default_factory=list)
    variables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    functions: dict[str, "Node"] = field(default_factory=dict)
    visits: int = 0
    calls: int = 0

    def line(self, node: "Node") -> int:
        return node.start_point[0] + self.first_line

    def visit(self, node: "Node") -> None:
        """Note what a piece of the script does, with all that lies inside it."""
        match node.type:
            case "command":
                self.command(node)
            case "redirected_statement":
                self.redirected(node)
            case "pipeline":
                self.pipeline(node)
            case "variable_assignment":
                self.assignment(node)
            case "declaration_command":
                self.declaration(node)
            case "for_statement":
                self.loop(node)
            case "function_definition":
                self.function(node)
            case "comment" | "unset_command":
                pass
            case _:
                self.inside(node)

    def inside(self, node: "Node") -> None:
        if node.type in {"simple_expansion", "expansion"}:
            self.reference(node)
        for child in node.named_children:
            self.visit(child)

    def reference(self, node: "Node") -> None:
        name = _variable(node)
        if name:
            self.events.append(Reference(name, self.line(node)))
        if ":=" in _operators(node) and name and name not in self.variables:
            self.variables[name] = (self.text(node),)

    def command(
        self,
        node: "Node",
        stdin: Word | None = None,
        file: str | None = None,
        *,
        piped: bool = False,
        more: Sequence["Node"] = (),
    ) -> None:
        """`more` are words that stand after a here-document's mark."""
        self.visits += 1
        if self.visits > _VISITS:
            if self.visits == _VISITS + 1:
                line = self.line(node)
                self.events.append(Doubt(f"more than {_VISITS:,} commands when loops are gone through", line, line))
            return
        self.inside(node)
        for each in more:
            self.visit(each)
        words = self.words([*_words_of(node), *more])
        if words:
            self.events.append(Command(tuple(words), stdin or self.here_string(node), file, piped))
            self.call(words)

    def here_string(self, node: "Node") -> Word | None:
        found = [each for each in node.named_children if each.type == "herestring_redirect"]
        return Word(self.text(found[0].named_children[-1]), self.line(found[0])) if found else None

    def call(self, words: Sequence[Word]) -> None:
        """Go through the body of a function of this script once more, with the arguments of the call."""
        body = self.functions.get(words[0].text)
        if body is None or self.calls >= _CALLS:
            return
        kept = dict(self.variables)
        self.variables |= {str(index): (word.text,) for index, word in enumerate(words[1:], 1)}
        self.variables["@"] = tuple(word.text for word in words[1:])
        self.calls += 1
        self.visit(body)
        self.calls -= 1
        self.variables = kept

    def redirected(self, node: "Node", *, piped: bool = False, stdin: Word | None = None) -> None:
        redirects = [child for child in node.named_children if child.type.endswith("_redirect")]
        body = node.child_by_field_name("body")
        inner = [each for here in redirects if here.type == "heredoc_redirect" for each in here.named_children]
        given = self.here(inner) or stdin
        file = self.file([*redirects, *inner])
        after = [each for each in inner if each.type in {"pipeline", "command", "list", "redirected_statement"}]
        if body is not None and body.type == "command":
            more = [each for each in inner if each.type in _WORDS]
            self.command(body, given, file, piped=piped or bool(after), more=more)
        elif body is not None:
            self.visit(body)
        for each in [*redirects, *inner]:
            if each.type in {"heredoc_body", "file_redirect"}:
                self.inside(each)
        output = given if body is not None and _name(body) == "cat" else None
        for each in after:
            self.next_in_pipe(each, output)

    def next_in_pipe(self, node: "Node", stdin: Word | None) -> None:
        if node.type == "command":
            self.command(node, stdin)
        elif node.type == "redirected_statement":
            self.redirected(node, stdin=stdin)
        elif node.type == "pipeline":
            self.pipeline(node, stdin)
        else:
            self.visit(node)

    def here(self, inner: Iterable["Node"]) -> Word | None:
        body = next((each for each in inner if each.type == "heredoc_body"), None)
        return None if body is None else Word(self.text(body), self.line(body))

    def file(self, redirects: Iterable["Node"]) -> str | None:
        """The file that output goes to."""
        for each in redirects:
            marks = {child.type for child in each.children}
            if each.type == "file_redirect" and not marks.isdisjoint({">", ">>", "&>", "&>>", ">|"}):
                name = self.text(each.named_children[-1]) if each.named_children else ""
                if not name.startswith("/dev/"):
                    return name
        return None

    def pipeline(self, node: "Node", stdin: Word | None = None) -> None:
        parts = [child for child in node.named_children if child.type != "comment"]
        for index, part in enumerate(parts):
            piped = index < len(parts) - 1
            if part.type == "command":
                self.command(part, stdin, piped=piped)
            elif part.type == "redirected_statement":
                self.redirected(part, piped=piped, stdin=stdin)
            else:
                self.visit(part)
            printed = self.output(part)
            stdin = None if printed is None else Word(printed, self.line(part))

    def declaration(self, node: "Node") -> None:
        for child in node.named_children:
            if child.type == "variable_name":
                self.events.append(Assignment(_written(child), None, self.line(child)))
            else:
                self.visit(child)

    def assignment(self, node: "Node") -> None:
        self.inside(node)
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            return
        values = self.values(value) if value is not None else ("",)
        if any(child.type == "+=" for child in node.children):
            before = self.variables.get(_written(name), ())
            is_list = value is not None and value.type == "array"
            values = (*before, *values) if is_list else ("".join([*before[:1], *values]),)
        self.variables[_written(name)] = values
        given = Word(" ".join(values), self.line(value or name))
        self.events.append(Assignment(_written(name), given, self.line(node)))

    def values(self, node: "Node") -> tuple[str, ...]:
        if node.type == "array":
            return tuple(word.text for word in self.words(node.named_children))
        return (self.text(node),)

    def loop(self, node: "Node") -> None:
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        given = [child for child in node.named_children if child.type in _WORDS]
        for child in given:
            self.visit(child)
        values = [word.text for word in self.words(given)][:_ROUNDS] or [HOLE]
        for value in values:
            if name is not None:
                self.variables[_written(name)] = (value,)
            if body is not None:
                self.visit(body)

    def function(self, node: "Node") -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.visit(body)
            text = body.text or b""
            if self.matters(text) or any(each.encode() in text for each in self.functions):
                self.functions[_written(name)] = body

    def words(self, nodes: Iterable["Node"]) -> list[Word]:
        """The words that a row of them becomes: an array, or a text without quotes around it, may become several."""
        found: list[Word] = []
        for node in nodes:
            line = self.line(node)
            several = self.several(node)
            found += [Word(self.text(node), line)] if several is None else [Word(text, line) for text in several]
        return found

    def several(self, node: "Node") -> list[str] | None:
        quoted = node.type == "string"
        inner = node.named_children[0] if quoted and len(node.named_children) == 1 else node
        if inner.type not in {"simple_expansion", "expansion"} or (
            quoted and len(_written(node)) != _length(inner) + 2
        ):
            return None
        name = _variable(inner)
        if name == "@" or _ALL.search(_written(inner)):
            return list(self.variables.get(name, (HOLE,)))
        return None if quoted else self.text(inner).split()

    def text(self, node: "Node") -> str:
        """What a word becomes, with a HOLE for each part that only a run would tell."""
        match node.type:
            case "raw_string":
                text = _written(node)[1:-1]
            case "ansi_c_string":
                text = _written(node)[2:-1].replace("\\n", "\n").replace("\\'", "'").replace("\\\\", "\\")
            case "string" | "translated_string":
                text = self.joined(node, node.start_byte + 1, node.end_byte - 1)
            case "heredoc_body" | "concatenation":
                text = self.joined(node, node.start_byte, node.end_byte)
            case "simple_expansion" | "expansion":
                text = self.expanded(node)
            case "command_substitution":
                printed = [self.output(child) for child in node.named_children]
                text = printed[0].rstrip("\n") if len(printed) == 1 and printed[0] is not None else HOLE
            case "process_substitution" | "arithmetic_expansion":
                text = HOLE
            case _:
                text = _unescaped(_written(node), "word")
        return text

    def joined(self, node: "Node", start: int, end: int, children: Sequence["Node"] | None = None) -> str:
        parts: list[str] = []
        for child in node.named_children if children is None else children:
            if child.start_byte < start or child.type in {"string_content", "heredoc_content"}:
                continue
            parts += [self.between(start, child.start_byte, node.type), self.text(child)]
            start = child.end_byte
        return "".join([*parts, self.between(start, end, node.type)])

    def between(self, start: int, end: int, kind: str) -> str:
        return _unescaped(self.source[start:end].decode("utf-8", "replace"), kind)

    def expanded(self, node: "Node") -> str:
        """The value of a variable, or the default that stands beside its name."""
        name, operators = _variable(node), _operators(node)
        if name in self.variables and not operators - {":-", "-", ":=", "=", ":?", "?"}:
            value = self.variables[name]
            return " ".join(value) if _ALL.search(_written(node)) else (value or ("",))[0]
        default = next((each for each in node.children if _DEFAULT.fullmatch(each.type)), None)
        if default is None:
            return HOLE
        after = [child for child in node.named_children if child.start_byte >= default.end_byte]
        return self.joined(node, default.end_byte, node.end_byte - 1, after)

    def output(self, node: "Node") -> str | None:
        """What a command prints, for those whose words say it; None for every other."""
        here = [each for each in node.named_children if each.type == "heredoc_redirect"]
        if node.type == "redirected_statement" and here and _name(node.child_by_field_name("body")) == "cat":
            word = self.here(here[0].named_children)
            return word.text if word else None
        if node.type != "command":
            return None
        words = [word.text for word in self.words(_words_of(node))]
        if words[:1] and words[0] in _PRINTERS:
            return " ".join(word for word in words[1:] if word not in {"-n", "-e", "-ne", "%s", "%s\\n"})
        return _filled(words) if words[:1] == ["jq"] else None


_WORDS = frozenset(
    {
        *("word", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "number"),
        *("simple_expansion", "expansion", "command_substitution", "process_substitution", "brace_expression"),
        *("arithmetic_expansion",),
    }
)


def _words_of(node: "Node") -> list["Node"]:
    name = [child.named_children[0] for child in node.named_children if child.type == "command_name" if child.children]
    return [*name, *(child for child in node.named_children if child.type in _WORDS)]


def _name(node: "Node | None") -> str:
    name = node.child_by_field_name("name") if node is not None else None
    return _written(name) if name is not None else ""


def _written(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _length(node: "Node") -> int:
    return len(_written(node))


def _variable(node: "Node") -> str:
    inner = next((each for each in node.named_children if each.type != "ERROR"), None)
    if inner is not None and inner.type == "subscript":
        inner = inner.child_by_field_name("name")
    return _written(inner) if inner is not None and inner.type.endswith("variable_name") else ""


def _operators(node: "Node") -> frozenset[str]:
    return frozenset(child.type for child in node.children if not child.is_named) - {"$", "${", "}"}


def _unescaped(text: str, kind: str) -> str:
    escape = _ESCAPES.get(kind, _ESCAPES["word"])
    return escape.sub(lambda match: "" if match[1] == "\n" else match[1], text) if "\\" in text else text


def _filled(words: Sequence[str]) -> str | None:
    """The filter of `jq -n --arg model X '{model: $model}'` with its arguments put in."""
    given, plain, rest = {}, [], list(words[1:])
    while rest:
        word = rest.pop(0)
        if word in {"--arg", "--argjson"} and len(rest) >= 2:
            name, value = rest.pop(0), rest.pop(0)
            given[name] = f'"{value}"' if word == "--arg" else value
        elif not word.startswith("-"):
            plain.append(word)
    if not plain:
        return None
    return re.sub(r"\$(\w+)", lambda match: given.get(match[1], HOLE), plain[0])
