"""Writes, for a pattern of the tables, the smallest program whose call has such a path and is given personal data."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from petguard.flows.knowledge import Calls, Safeguard

_GLOBALS = frozenset(
    [
        "console", "localStorage", "sessionStorage", "window", "globalThis", "analytics", "gtag", "ga", "dataLayer",
        "heap", "fbq", "hj", "clarity", "Intercom", "pendo", "Bun", "Deno", "env", "ctx", "crypto",
    ]
)  # fmt: skip
_NPM_MODULE = re.compile(r"(?:@[\w.-]+/|node:)?[\w-]+(?:\.js)?(?=[./()]|\Z)(?:/[\w-]+)*")
_JVM_CLASS = re.compile(r"(?:[a-z]\w*\.)*[A-Z]\w*")
_SCOPES = {  # packages whose scope alone says nothing
    "@mistralai/": "mistralai",
    "@fal-ai/": "client",
    "@ai-sdk/": "openai",
    "@langchain/": "openai",
    "@llamaindex/": "openai",
}
_GO_MODULE = re.compile(r"(?:[^/]+/)*[^/.(]+(?:\.(?:v\d+|go)(?=[.(]))?")
_FIELDS = {
    "user.contact.phone_number": "phone",
    "user.financial.credit_card": "creditCardNumber",
    "user.name": "fullName",
}


@dataclass(frozen=True)
class Sample:
    """A program, and the path that its call has."""

    path: str
    program: str


def concrete(pattern: str, *, made: str = "thing()") -> str:
    """A path that a pattern stands for: `openai*.chat` is `openai().chat`, `a.*.b` is `a.thing().b`."""
    text = re.sub(r"\[![^\]]*\]", "openai", pattern)
    for scope, package in _SCOPES.items():
        text = text.replace(f"{scope}*", f"{scope}{package}*")
    return "".join(
        _instead(text[index - 1 : index], text[index + 1 : index + 2], made) if char == "*" else char
        for index, char in enumerate(text)
    )


def _instead(before: str, after: str, made: str) -> str:
    """What stands for a `*` between two characters."""
    if before == "/":
        return "sdk()" if after == "." else "sdk"
    if before in (".", ""):
        return made if after == "." else "thing" if after in ("", "(") else ""
    return "()" if after == "." and before.isalnum() else ""


def _field(row: Calls) -> str:
    """A field of a person that the row is about."""
    entities = row.entities if isinstance(row, Safeguard) else ()
    return _FIELDS.get(entities[0], "email") if entities else "email"


def _arguments(row: Calls, record: Callable[[str], str], value: str) -> str:
    """What the call is given: the value in the first position that counts, else an object with a field that counts."""
    if row.itself:
        return ""
    position = row.positions[0] if row.positions else 0
    given = record(row.data[0]) if row.data and not row.positions else value
    return ", ".join([*['"x"'] * position, given])


def javascript(row: Calls, pattern: str) -> Sample:
    """A module with a function that gets a user; what a safeguard gives back is sent to an AI."""
    path, field = concrete(pattern), _field(row)
    given = _arguments(row, lambda name: f"{{ {name}: user.{field} }}", f"`Write to ${{user.{field}}}`")
    imports, call = _javascript_call(path)
    if row.itself:
        call = call.replace("()", f"(user.{field})")
    expression = f"await {call}({given})"
    if isinstance(row, Safeguard):
        imports += 'import OpenAI from "openai";\n'
        expression = f'await new OpenAI().responses.create({{ model: "gpt-5", input: {expression} }})'
    return Sample(path, f"{imports}export async function run(user) {{\n  return {expression};\n}}\n")


def _javascript_call(path: str) -> tuple[str, str]:
    """The import, and what is called."""
    if re.split(r"[.(]", path, maxsplit=1)[0] in _GLOBALS:
        return "", path
    module = _NPM_MODULE.match(path)
    assert module is not None, path
    return f'import * as lib from "{module[0]}";\n', f"lib{path[module.end() :]}"


_JAVA = """\
{imports}
public class Sample {{
  static class Patient {{
    String {field};
    String get() {{ return {field}; }}
  }}

  public Object run(Patient patient) {{
    return {expression};
  }}
}}
"""


def java(row: Calls, pattern: str) -> Sample:
    """A class with a method that gets a patient; what a safeguard gives back is sent to an AI."""
    path, field = concrete(pattern, made="Thing()"), _field(row)
    found = _JVM_CLASS.match(path)
    assert found is not None, path
    head, steps = found[0], path[found.end() :]
    if row.itself:
        steps = steps.replace("()", f"(patient.{field})", 1)
    name = head.rpartition(".")[2]
    call = f"new {name}{steps}" if steps.startswith("(") else f"{name}{steps}"
    given = _arguments(row, lambda _: f"patient.{field}", f'"Write to " + patient.{field}')
    expression = f"{call}({given})"
    imports = [head] if "." in head else []
    if isinstance(row, Safeguard):
        imports.append("com.openai.client.OpenAIClient")
        expression = f"new OpenAIClient().responses().create({expression})"
    lines = "".join(f"import {each};\n" for each in imports)
    return Sample(path, _JAVA.format(imports=lines, field=field, expression=expression))


_GO = """\
package main

import (
{imports})

type Patient struct {{
\t{field} string
}}

func run(patient Patient) {{
\tfound := {expression}
\t_ = found
}}
"""


def go(row: Calls, pattern: str) -> Sample:
    """A function that gets a patient; what a safeguard gives back is sent to an AI."""
    path, field = concrete(pattern), _field(row).capitalize()
    module = _GO_MODULE.match(path)
    assert module is not None, path
    steps = path[module.end() :]
    if row.itself:
        steps = steps.replace("()", f"(patient.{field})", 1)
    given = _arguments(row, lambda _: f"patient.{field}", f'"Write to " + patient.{field}')
    expression = f"lib{steps}({given})"
    imports = f'\tlib "{module[0]}"\n'
    if isinstance(row, Safeguard):
        imports += '\tllm "github.com/sashabaranov/go-openai"\n'
        expression = f"llm.NewClient().CreateChatCompletion(nil, {expression})"
    return Sample(path, _GO.format(imports=imports, field=field, expression=expression))


WRITERS: Mapping[str, tuple[str, Callable[[Calls, str], Sample]]] = {
    "npm": (".ts", javascript),
    "jvm": (".java", java),
    "go": (".go", go),
}
