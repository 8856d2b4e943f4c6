"""Which language brings a file into the form in which values are followed; a language is a row here."""

from collections.abc import Callable, Mapping
from functools import partial

from petguard.catalog import Ecosystem
from petguard.collect import Input
from petguard.flows.form import Form
from petguard.parsers._code import flow_javascript, languages

_FORMS: Mapping[str, Callable[[bytes], Form]] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), partial(flow_javascript.form, function="javascript")),
    **dict.fromkeys((".ts", ".mts", ".cts"), partial(flow_javascript.form, function="typescript")),
    ".tsx": partial(flow_javascript.form, function="tsx"),
}
TREES: tuple[Ecosystem, ...] = ("npm",)
_TREES: Mapping[str, Ecosystem] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx"), "npm"),
}


def tree_of(path: str, head: bytes) -> Ecosystem | None:
    """Which files are followed together with this one; None when its language is not followed."""
    suffix = languages.suffix_of(path, head)
    return "npm" if suffix in languages.SCRIPTED else _TREES.get(suffix or "")


def form(item: Input) -> Form:
    """The statements of a file. UnreadableInput for one that takes too long to parse."""
    data, suffix = languages.prepared(item.path, item.text)
    return _FORMS[suffix](data)
