"""Which language brings a file into the form in which values are followed; a language is a row here."""

from collections.abc import Callable, Mapping
from functools import partial

from petguard.catalog import Ecosystem
from petguard.collect import Input
from petguard.flows.form import Form
from petguard.parsers._code import flow_go, flow_java, flow_javascript, flow_kotlin, flow_prisma, languages

SCHEMA = ".prisma"  # no code, but it says what the objects of a database hold
_FORMS: Mapping[str, Callable[[bytes], Form]] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), partial(flow_javascript.form, function="javascript")),
    **dict.fromkeys((".ts", ".mts", ".cts"), partial(flow_javascript.form, function="typescript")),
    ".tsx": partial(flow_javascript.form, function="tsx"),
    SCHEMA: flow_prisma.form,
    ".java": flow_java.form,
    **dict.fromkeys((".kt", ".kts"), flow_kotlin.form),
    ".go": flow_go.form,
}
TREES: tuple[Ecosystem, ...] = ("npm", "maven", "golang")
_TREES: Mapping[str, Ecosystem] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", SCHEMA), "npm"),
    **dict.fromkeys((".java", ".kt", ".kts"), "maven"),
    ".go": "golang",
}


def tree_of(path: str, head: bytes) -> Ecosystem | None:
    """Which files are followed together with this one; None when its language is not followed."""
    suffix = SCHEMA if path.endswith(SCHEMA) else languages.suffix_of(path, head)
    return "npm" if suffix in languages.SCRIPTED else _TREES.get(suffix or "")


def form(item: Input) -> Form:
    """The statements of a file. UnreadableInput for one that takes too long to parse."""
    if item.path.endswith(SCHEMA):
        return _FORMS[SCHEMA](item.text.encode("utf-8", "replace"))
    data, suffix = languages.prepared(item.path, item.text)
    return _FORMS[suffix](data)
