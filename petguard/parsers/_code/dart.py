"""Dart, for which no grammar is packaged: a lexer and a tolerant reader of expressions that give the same form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from petguard.model import Gap, State
from petguard.parsers._code.form import (
    Binding,
    Call,
    Code,
    Either,
    Expr,
    Import,
    Items,
    Member,
    Name,
    Nothing,
    Opaque,
    Record,
    Scope,
    Text,
)
from petguard.parsers._code.tree import CONSTANT, declared_first, joined, plain, whole_chains

_TOKEN = re.compile(
    r"""(?xs)
    (?P<space>\s+ | //[^\n]* | /\*.*?(?:\*/|\Z))
    | (?P<string>r?(?:'''|\"\"\"|'|\"))
    | (?P<name>[A-Za-z_$][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<sign>\?\?=?|\?\.\.|\?\.|\.\.\.\??|\.\.|=>|==|!=|<=|>=|&&|\|\||[-+*/%~^&|]=|\S)
    """
)
_HOLE = re.compile(r"\$(?:\{(?P<long>[^{}]*)\}|(?P<short>[A-Za-z_]\w*))|\\(?P<escape>.)", re.DOTALL)
_PATH = re.compile(r"\s*[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*\s*")
_CLASSES = frozenset({"class", "enum", "extension", "mixin"})
_NO_CALL = frozenset({".", "?.", *_CLASSES})  # before a name
_NO_START = frozenset({"if", "for", "while", "switch", "catch", "return", "throw", "in", "is", "as", "else", "case"})
_NO_BLOCK = frozenset({"(", ",", "[", "=", ":", ">", "?", "??"})  # before a brace that opens a map or parameters
_OPENS = frozenset({".", "?.", "("})  # after a name
_KEYWORDS = frozenset({"new", "const", "await", "final", "var", "late", "required", "static", "async"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ENDS = frozenset({",", ")", "]", "}", ";", ":", ""})
_AFTER = frozenset({*_ENDS, "{", "=>", "async", "sync", "="})  # no operator
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    value: Expr | None = None


def read(path: str, data: bytes) -> Code:
    """The common form of a Dart file."""
    text = data.decode("latin-1")  # one character a byte, so that every position is one in the bytes
    tokens = list(_tokens(text))
    reader = _Reader(tokens)
    reader.run()
    code = Code(path, "pub", data)
    code.imports, code.records = reader.imports, reader.records
    code.bindings = declared_first(reader.bindings)
    code.calls = whole_chains(sorted(reader.calls, key=lambda call: call.start))
    code.texts = [part for token in tokens for part in _literals(token)]
    code.words = dict(_words(tokens))
    if reader.broken is not None:
        line = data.count(b"\n", 0, reader.broken) + 1
        detail = "a bracket has no partner; what is around it was read"
        code.gap = Gap(path=path, state=State.PARTIAL, reason="parse_error", detail=detail, line=line)
    return code


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return
        kind = match.lastgroup or ""
        at = match.end()
        if kind == "string":
            value, at = _string(text, match.start(), match[0])
            yield _Token(kind, "'", match.start(), value)
        elif kind != "space":
            yield _Token(kind, match[0], match.start())


def _string(text: str, start: int, opening: str) -> tuple[Expr, int]:
    """A literal, and where it ends; braces in it may hold quotes of their own."""
    raw, quote = opening.startswith("r"), opening.lstrip("r")
    at = begin = start + len(opening)
    depth = 0
    while at < len(text):
        if not raw and text[at] == "\\":
            at += 2
            continue
        if not depth and (text.startswith(quote, at) or (len(quote) == 1 and text[at] == "\n")):
            break
        if not raw and text.startswith("${", at):
            depth, at = depth + 1, at + 1
        elif depth and text[at] in "{}":
            depth += 1 if text[at] == "{" else -1
        at += 1
    inner = text[begin:at]
    found: Expr = Text(start, _decoded(inner)) if raw else joined(start, _parts(inner, begin))
    return found, min(at + len(quote), len(text))


def _parts(inner: str, begin: int) -> Iterator[Expr]:
    end = 0
    for match in _HOLE.finditer(inner):
        yield Text(begin + end, _decoded(inner[end : match.start()]))
        end = match.end()
        if match["escape"] is not None:
            yield Text(begin + match.start(), plain(f"\\{match['escape']}", escape=True))
        else:
            yield _path(match["long"] or match["short"] or "", begin + match.start())
    yield Text(begin + end, _decoded(inner[end:]))


def _path(text: str, start: int) -> Expr:
    if not _PATH.fullmatch(text):
        return Opaque(start)
    first, *rest = [each.strip() for each in text.split(".")]
    expr: Expr = Name(start, first)
    for each in rest:
        expr = Member(start, expr, each)
    return expr


def _decoded(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _literals(token: _Token) -> list[Text]:
    parts = getattr(token.value, "parts", (token.value,))
    return [part for part in parts if isinstance(part, Text)]


def _words(tokens: list[_Token]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        text = token.value.value if isinstance(token.value, Text) else token.text
        if CONSTANT.fullmatch(text.encode("utf-8", "replace")):
            yield token.start, text


@dataclass
class _Reader:
    """Goes over the tokens once; what belongs to an expression is read as one, closures are read as code."""

    tokens: list[_Token]
    imports: list[Import] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    broken: int | None = None
    at: int = 0
    depth: int = 0

    def __post_init__(self) -> None:
        self.partner = self._partners()
        self.ahead = self._scopes()[::-1]  # the next one last
        self.around: list[tuple[int, int, bool]] = []
        self.read: set[int] = set()  # tokens that are part of an expression already

    def _partners(self) -> dict[int, int]:
        found: dict[int, int] = {}
        open_: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind == "sign" and token.text in _CLOSING:
                open_.append(index)
            elif token.kind == "sign" and token.text in ")]}":
                if not open_ or _CLOSING[self.tokens[open_[-1]].text] != token.text:
                    self.broken = self.broken if self.broken is not None else token.start
                    continue
                found[open_.pop()] = index
        if open_ and self.broken is None:
            self.broken = self.tokens[open_[0]].start
        return found

    def _scopes(self) -> list[tuple[int, int, bool]]:
        """The blocks in braces as bytes, and which are bodies of classes."""
        found = []
        for opening, closing in self.partner.items():
            if self.tokens[opening].text == "{" and self._text(opening - 1) not in _NO_BLOCK:
                found.append((self.tokens[opening].start, self.tokens[closing].start, self._is_class(opening)))
        return sorted(found)

    def _is_class(self, opening: int) -> bool:
        for index in range(opening - 1, max(-1, opening - 40), -1):
            text = self.tokens[index].text
            if text in _CLASSES:
                return True
            if text in (";", "{", "}", ")"):
                return False
        return False

    def _scope(self, start: int) -> tuple[Scope, bool, bool]:
        """The innermost block around a byte, whether it is a class's, and whether other files see into it.

        Asked in the order of the text, but for the defaults of parameters, which stand a little ahead.
        """
        while self.ahead and self.ahead[-1][0] < start:
            self.around.append(self.ahead.pop())
        self.around = [each for each in self.around if each[1] > start]
        inner = self.around[-1] if self.around else (0, self.tokens[-1].start + 1, False)
        return (inner[0], inner[1]), inner[2], all(each[2] for each in self.around)

    def run(self) -> None:
        """Read the whole file."""
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.text in ("import", "export") and token.kind == "name" and self._kind(index + 1) == "string":
                self._import(index)
            elif index not in self.read:
                self._statement(index, token)
            index += 1

    def _import(self, index: int) -> None:
        module = self.tokens[index + 1].value
        end = next((i for i in range(index, len(self.tokens)) if self.tokens[i].text == ";"), index)
        words = [token.text for token in self.tokens[index + 2 : end]]
        local = words[words.index("as") + 1] if "as" in words[:-1] else ""
        if isinstance(module, Text):
            package = module.value.startswith("package:")
            named = module.value.removeprefix("package:") if package else f"./{module.value}"
            self.imports.append(Import(self.tokens[index].start, named, "", local))
        self.read.update(range(index, end))

    def _statement(self, index: int, token: _Token) -> None:
        before, after = self._text(index - 1), self._text(index + 1)
        if token.kind == "sign" and token.text == "=" and self._kind(index - 1) == "name":
            self._assignment(index)
        elif token.text in ("return", "=>"):
            value = self._expression(index + 1)
            scope, _, exported = self._scope(token.start)
            self.bindings.append(Binding("return", value, token.start, scope, exported=exported))
        elif token.kind == "name" and after in _OPENS and before not in _NO_CALL and token.text not in _NO_START:
            self._expression(index)

    def _assignment(self, index: int) -> None:
        """`final a = x`, `a.b = x`, and the defaults of parameters."""
        first, names = index - 1, [self._text(index - 1)]
        while self._text(first - 1) in (".", "?.", "..") and self._kind(first - 2) == "name":
            first -= 2
            names.insert(0, self._text(first))
        assigned = not (self._kind(first - 1) == "name" or self._text(first - 1) in (">", "?", "]"))
        start = self.tokens[first].start
        scope, in_class, exported = self._scope(start)
        member = in_class or names[0] == "this"
        name = ".".join(names[1:] if names[0] == "this" else names)
        self.bindings.append(Binding(name, self._expression(index + 1), start, scope, member, exported, assigned))

    def _kind(self, index: int) -> str:
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def _text(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def _expression(self, index: int) -> Expr:
        """The expression that begins at a token; its tokens are not read again."""
        self.at, self.depth = index, 0
        found = self._either()
        self.read.update(set(range(index, self.at)) - self._bodies(index, self.at))
        return found

    def _bodies(self, first: int, last: int) -> set[int]:
        """The tokens inside the bodies of closures, which are code of their own."""
        found: set[int] = set()
        for index in range(first, min(last, len(self.tokens))):
            closing = self.partner.get(index)
            if closing is not None and self._text(index) == "{" and self._text(index - 1) in (")", "async"):
                found.update(range(index + 1, closing))
        return found

    def _either(self) -> Expr:
        start = self.tokens[self.at].start if self.at < len(self.tokens) else 0
        self.depth += 1
        found = self._operand() if self.depth < _DEEPEST else Opaque(start)
        while self.depth < _DEEPEST and self._text(self.at) not in _AFTER:
            sign = self._text(self.at)
            self.at += 1
            if sign in ("??", "?"):
                other = self._either()
                found = Either(start, (found, other) if sign == "??" else (other, self._otherwise()))
            elif sign == "+":
                found = joined(start, [found, self._operand()])
            elif sign == "as":
                self.at += 1
            elif self._kind(self.at - 1) == "name":  # `String url`: a type was read, and now the name
                self.at -= 1
                found = self._operand()
            else:
                self._operand()
                found = Opaque(start)
        self.depth -= 1
        return found

    def _otherwise(self) -> Expr:
        if self._text(self.at) != ":":
            return Opaque(0)
        self.at += 1
        return self._either()

    def _operand(self) -> Expr:
        new = False
        while self._text(self.at) in _KEYWORDS:
            new = new or self._text(self.at) in ("new", "const")
            self.at += 1
        if self._text(self.at) == "<":
            self._types()
        found = self._primary()
        return self._postfix(found, new=new)

    def _primary(self) -> Expr:
        token = self.tokens[self.at] if self.at < len(self.tokens) else _Token("", "", 0)
        closing = self.partner.get(self.at)
        if token.text in _ENDS:
            return Opaque(token.start)
        self.at += 1
        if token.value is not None:
            parts = [token.value]
            while self._kind(self.at) == "string":
                parts.append(self.tokens[self.at].value or token.value)
                self.at += 1
            return joined(token.start, parts)
        if closing is None:
            return _word(token)
        return self._bracketed(token, closing)

    def _bracketed(self, token: _Token, closing: int) -> Expr:
        if token.text == "(" and self._text(closing + 1) in ("{", "=>", "async"):
            self.at = self._closure(closing + 1)
            return Opaque(token.start)
        named, plain_ = self._list(closing)
        if token.text == "(":
            return plain_[0] if len(plain_) == 1 and not named else Opaque(token.start)
        if token.text == "{" and (named or not plain_):
            self.records.append(Record(token.start, tuple(named)))
            return self.records[-1]
        return Items(token.start, tuple(plain_))

    def _closure(self, index: int) -> int:
        """Where a closure ends whose parameters are read; an arrow's expression is left to be read as code."""
        index += self._text(index) == "async"
        return self.partner.get(index, index) + 1 if self._text(index) == "{" else index

    def _list(self, closing: int) -> tuple[list[tuple[str, Expr]], list[Expr]]:
        """What stands between brackets, with and without names."""
        named: list[tuple[str, Expr]] = []
        plain_: list[Expr] = []
        while self.at < closing:
            first = self.tokens[self.at]
            if self._text(self.at + 1) == ":" and (first.kind == "name" or isinstance(first.value, Text)):
                self.at += 2
                key = first.value.value if isinstance(first.value, Text) else first.text
                named.append((key, self._either()))
            elif self._text(self.at) not in _ENDS:
                plain_.append(self._either())
            if self._text(self.at) == "=":
                self._default()
            self._skip_to_comma(closing)
        self.at = closing + 1
        return named, plain_

    def _default(self) -> None:
        """`({this.url = "https://..."})`: what a parameter, or the field it fills, has unless it is given."""
        name, member = self._text(self.at - 1), self._text(self.at - 3) == "this"
        start = self.tokens[self.at - 1].start
        self.at += 1
        scope, in_class, exported = self._scope(start)
        self.bindings.append(Binding(name, self._either(), start, scope, member or in_class, exported))

    def _skip_to_comma(self, closing: int) -> None:
        while self.at < closing and self._text(self.at) != ",":
            self.at = self.partner.get(self.at, self.at) + 1
        self.at = min(self.at + 1, closing) if self._text(self.at) == "," else max(self.at, closing)

    def _postfix(self, found: Expr, *, new: bool) -> Expr:
        while True:
            sign, closing = self._text(self.at), self.partner.get(self.at)
            if sign in (".", "?.") and self._kind(self.at + 1) == "name":
                found = Member(found.start, found, self._text(self.at + 1))
                self.at += 2
            elif sign == "(" and closing is not None:
                self.at += 1
                named, plain_ = self._list(closing)
                found = Call(found.start, found, tuple(plain_), tuple(named), new)
                self.calls.append(found)
            elif sign == "[" and closing is not None:
                self.at += 1
                _, inside = self._list(closing)
                key = inside[0] if inside else None
                found = Member(found.start, found, key.value) if isinstance(key, Text) else Opaque(found.start)
            elif sign == "!" and self._text(self.at + 1) != "=":
                self.at += 1
            elif sign in ("..", "?..") and isinstance(found, Call):
                found = self._cascade(found)
            elif not (sign == "<" and self._types()):
                return found

    def _cascade(self, call: Call) -> Call:
        """`Client()..baseUrl = "..."` sets something on what was made."""
        name = self._text(self.at + 1)
        self.at += 2
        if self._text(self.at) != "=":
            self.at = self.partner.get(self.at, self.at - 1) + 1
            return call
        self.at += 1
        found = replace(call, named=(*call.named, (name, self._either())))
        self.calls[:] = [each for each in self.calls if each is not call] + [found]
        return found

    def _types(self) -> bool:
        """Step over the types in `f<String, List<int>>(...)`; False when it is a comparison."""
        index, open_ = self.at, 0
        while index < min(len(self.tokens), self.at + 40):
            token = self.tokens[index]
            open_ += {"<": 1, ">": -1}.get(token.text, 0)
            index += 1
            if not open_:
                break
            if token.kind != "name" and token.text not in ("<", ">", ",", "?", "."):
                return False
        if open_ or self._text(index) not in ("(", "[", "{"):
            return False
        self.at = index
        return True


def _word(token: _Token) -> Expr:
    if token.text == "null":
        return Nothing(token.start)
    return Name(token.start, token.text) if token.kind == "name" else Opaque(token.start)
