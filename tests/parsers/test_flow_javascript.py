"""What becomes of JavaScript and TypeScript that is odd: cut off, nested without end, or of another kind."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.flows import form as f
from petguard.flows.interpret import Interpreter
from petguard.model import Facts, Gap, State
from petguard.parsers import Parser
from petguard.parsers._code import flow_prisma
from petguard.parsers._code.flow_javascript import form
from petguard.parsers._code.tree import NOT_VALID
from petguard.parsers.code import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_TEXT = """import def, { a as b, type C } from "./x"; import * as ns from "y"; import r = require("q");
export { a as c, default } from "./re"; export * from "./all"; export * as nn from "./ns";
export default class X extends Y<Z> implements I {
  private readonly llm: LlmService; static s = 1; #priv = 2;
  constructor(private readonly foo: Foo<Bar>, @Inject(T) public bar?: string) { super(); }
  get name(): string { return this.x; }
  async *gen(@Body() dto: Dto, { a, b: c = 1, ...rest }: P, [d, , e], ...more: string[]) { yield* d; }
  arrow = async (q) => q.x;
}
export const k = 1, { m, n } = o; export type T = { email: string; nested: { a: number } } & B;
interface P extends Q { email?: string | null; fn(x: number): void }
enum E { A = "a", B } namespace N { export let z = 1 }
for (const [i, v] of Object.entries(x)) { } for (let i = 0; i < 3; i++) {} for (const z in y) {} do {} while (b);
switch (q) { case 1: foo(); break; default: bar(); } try { go(); } catch ({ message }) { } finally { end(); }
a?.b?.[c]?.(d); new Foo; tag`x${y}z`; a ||= c ?? d; (a, b); delete o.p; x = y ? !z : -w; ({ g, h: [i] } = j);
const el = <div className="q" {...sp} on={() => 1}>hi {user.email} <X.Y k={1}/></div>;
module.exports = { f, g: 1, ...h }; exports.h = function () {}; import("./lazy").then((m) => m.f());
"""
_DEEP = {
    "brackets": "x = " + "[\n" * 5000 + "]\n" * 5000,
    "parentheses": "x = " + "(\n" * 5000 + "1" + ")\n" * 5000,
    "objects": "x = " + "{a:\n" * 3000 + "1" + "}\n" * 3000,
    "calls": "f(\n" * 3000 + ")\n" * 3000,
    "a chain": "a" + "\n.b()" * 5000,
    "arrows": "x = " + "() =>\n" * 3000 + "1",
    "functions": "function f() {\n" * 2000 + "}\n" * 2000,
    "conditions": "x = " + "a ? b :\n" * 3000 + "c",
    "blocks": "{\n" * 5000 + "}\n" * 5000,
    "elements": "x = " + "<a>\n" * 2000 + "</a>\n" * 2000,
    "negations": "x = " + "!\n" * 5000 + "1",
    "patterns": "const " + "[\n" * 2000 + "a" + "]\n" * 2000 + " = b",
}
_WIDE = {
    "a sum": "x = " + " +\n".join(["patient.notes"] * 5000),
    "alternatives": "x = " + " ||\n".join(["a"] * 3000),
    "else if": "if (a) {}" + "\n else if (a) {}" * 3000,
    "a list": "x = [" + "1,\n" * 20_000 + "]",
    "statements": "a.b(c);\n" * 20_000,
}


@given(st.integers(0, len(_TEXT)), st.sampled_from(["javascript", "typescript", "tsx"]))
def test_a_file_that_is_cut_off_is_followed_as_far_as_it_goes(end: int, function: str) -> None:
    """Wherever a text ends, following it gives a summary and no error."""
    made = form(_TEXT[:end].encode(), function)
    assert {detail for _, detail in Interpreter("a.ts", made).run().unread} <= {NOT_VALID}


@given(st.text(max_size=200))
def test_any_text_is_followed(text: str) -> None:
    """Whatever stands in a file, following it is no error."""
    Interpreter("a.ts", form(text.encode("utf-8", "replace"), "tsx")).run()


@pytest.mark.parametrize("name", _DEEP)
def test_what_is_nested_without_end_is_a_gap(read: Read, name: str) -> None:
    """Nobody writes thousands of brackets; a program that does is told that it was not followed."""
    text = f'import OpenAI from "openai";\nconst client = new OpenAI();\n{_DEEP[name]};\n'
    _, gaps = read(PARSER, {"a.jsx": text})
    assert {(gap.path, gap.state, gap.reason) for gap in gaps} >= {("a.jsx", State.PARTIAL, "too_deep")}


@pytest.mark.parametrize("name", _WIDE)
def test_what_is_only_long_is_followed(read: Read, name: str) -> None:
    """A long sum, a long list of alternatives: that is no nesting."""
    text = f'import OpenAI from "openai";\nconst client = new OpenAI();\n{_WIDE[name]};\n'
    _, gaps = read(PARSER, {"a.js": text})
    assert gaps == []


def _calls(statements: object) -> Iterator[f.Call]:
    pending = [statements]
    while pending:
        each = pending.pop()
        if isinstance(each, list | tuple):
            pending += each
        elif hasattr(each, "__slots__"):
            if isinstance(each, f.Call):
                yield each
            pending += [getattr(each, name) for name in each.__slots__]


def test_places_count_bytes() -> None:
    """A column is that of the byte, so that one place in a file has one name for all who speak of it."""
    (call,) = _calls(form("const é = 'ü'; ask(é);\n".encode(), "javascript").body)
    assert f.line_and_column(call.at) == (1, 18)


def test_a_schema_of_prisma_is_read_by_line() -> None:
    """Fields of models and their types, without attributes, enumerations and comments."""
    text = "enum Role {\n  ADMIN\n}\nmodel Patient {\n  // email\n  id Int @id\n  email String?\n  @@index([id])\n}\n"
    (model,) = flow_prisma.form(text.encode()).body
    assert isinstance(model, f.Class)
    assert [(each.name, each.types, f.line_and_column(each.at)[0]) for each in model.fields] == [
        ("id", ("Int",), 6),
        ("email", ("String",), 7),
    ]


@given(st.text(alphabet="model P{}\n e@/", max_size=80))
def test_any_schema_is_read(text: str) -> None:
    """Whatever stands in a schema, reading it is no error."""
    flow_prisma.form(text.encode())
