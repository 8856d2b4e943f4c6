"""Writes, for a pattern of the tables, the smallest program whose call has such a path and is given personal data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from petguard.flows.knowledge import Calls

_GLOBALS = frozenset(
    "console localStorage sessionStorage window globalThis analytics gtag ga dataLayer heap fbq hj clarity Intercom pendo "
    "Bun Deno env ctx crypto btoa".split()
)
_NPM_MODULE = re.compile(r"(?:@[\w.-]+/|node:)?[\w-]+(?:\.js)?(?=[./()]|\Z)(?:/[\w-]+)*")
_JVM_CLASS = re.compile(r"(?:[a-z]\w*\.)*[A-Z]\w*")
_GO_MODULE = re.compile(r"(?:[\w.-]+\.[a-z]+/)?[\w-]+(?:/[\w.-]*[\w-])*(?=\.)")
_STEP = re.compile(r"\(\)|\.\w+")


@dataclass(frozen=True)
class Sample:
    """A program, and the path that its call has."""

    path: str
    program: str


def concrete(pattern: str, *, made: str = "thing()") -> str:
    """A path that a pattern stands for: `openai*.chat` is `openai().chat`, `a.*.b` is `a.thing().b`."""
    text = re.sub(r"\[![^\]]*\]", "x", pattern)
    found = ""
    for index, char in enumerate(text):
        if char != "*":
            found += char
            continue
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        if before == "/":
            found += "sdk()" if after == "." else "sdk"
        elif before in (".", ""):
            found += (made if after == "." else "thing") if after in (".", "") else ""
        elif after == "." and before.isalnum():
            found += "()"
    return found


def _arguments(row: Calls, record: Mapping[str, str], value: str) -> Sequence[str]:
    """What the call is given: in each position that counts the value, else an object with the field that counts."""
    names = ", ".join(record[name] for name in row.data[:1])
    filled = dict.fromkeys(row.positions[:1], value)
    if row.data and not row.positions:
        filled = {0: record["("] + names + record[")"]}
    if not filled:
        filled = {0: value}
    return [filled.get(index, '"x"') for index in range(max(filled) + 1)]


def javascript(row: Calls, pattern: str) -> Sample:
    """A module with a function that gets a user."""
    path = concrete(pattern)
    names = {name: f"{name}: user.email" for name in row.data} | {"(": "{ ", ")": " }"}
    given = ", ".join(_arguments(row, names, "`Write to ${user.email}`"))
    root = re.split(r"[.(]", path, maxsplit=1)[0]
    if root in _GLOBALS:
        return Sample(path, _javascript("", path, given, row))
    module = _NPM_MODULE.match(path)
    assert module is not None, path
    return Sample(path, _javascript(f'import * as lib from "{module[0]}";\n', f"lib{path[module.end() :]}", given, row))


def _javascript(head: str, call: str, given: str, row: Calls) -> str:
    if row.itself:
        call, given = call.replace("()", "(user.email)"), ""
    return f"{head}export async function run(user) {{\n  return await {call}({given});\n}}\n"


def java(row: Calls, pattern: str) -> Sample:
    """A class with a method that gets a user."""
    path = concrete(pattern, made="Thing()")
    names = {name: "user.getEmail()" for name in row.data} | {"(": "", ")": ""}
    given = ", ".join(_arguments(row, names, '"Write to " + user.getEmail()'))
    head, steps = _java_root(path)
    if row.itself:
        given = ""
    call = f"{_java_call(head, steps, row)}({given})"
    imports = f"import {head};\n\n" if "." in head else ""
    body = f"  public Object run(User user) {{\n    return {call};\n  }}\n"
    user = "  static class User {\n    String email;\n    String getEmail() { return email; }\n  }\n\n"
    return Sample(path, f"{imports}public class Sample {{\n{user}{body}}}\n")


def _java_root(path: str) -> tuple[str, str]:
    found = _JVM_CLASS.match(path)
    assert found is not None, path
    return found[0], path[found.end() :]


def _java_call(head: str, steps: str, row: Calls) -> str:
    name = head.rpartition(".")[2]
    if row.itself:
        steps = steps.replace("()", "(user.getEmail())", 1)
    return f"new {name}{steps}" if steps.startswith("(") else f"{name}{steps}"
