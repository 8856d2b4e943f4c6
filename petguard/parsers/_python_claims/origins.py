"""Which data set a value comes from, as far as the same file tells: a file, a table, a named collection."""

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from petguard.parsers._python_claims.ground import Ground
from petguard.parsers._python_file import argument
from petguard.parsers._python_syntax import last_name

# Functions that open a data set, with the parameter that names it; all take it first.
_OPENERS: Final = {
    **dict.fromkeys(
        ("read_csv", "read_parquet", "read_json", "read_excel", "read_feather", "read_table", "scan_csv"), "path"
    ),
    **dict.fromkeys(("read_pickle", "read_orc", "read_stata", "read_sas", "scan_parquet", "read_ndjson"), "path"),
    **dict.fromkeys(("read_sql_table", "read_gbq", "table"), "name"),
    **dict.fromkeys(
        ("csv", "parquet", "orc", "load_dataset", "from_csv", "TabularDataset", "make_csv_dataset"), "path"
    ),
    **dict.fromkeys(("loadtxt", "genfromtxt", "open", "ReadFromText", "textFile", "from_path"), "path"),
}
_MODULES: Final = frozenset({"datasets"})  # `torchvision.datasets.MNIST`, `sklearn.datasets.load_iris`
_PLAIN: Final = frozenset({"ImageFolder", "DataLoader", "Dataset", "load_dataset", "load_from_disk"})
_MADE: Final = ("make_", "get_data_home", "FakeData")  # data that nobody is in


def about(ground: Ground, values: Iterable[ast.expr]) -> tuple[str, ...]:
    """The names of the data sets that these values come from, in the order in which they are met."""
    found = (name for value in values for node in ground.origins(value) for name in _named(ground, node))
    return tuple(dict.fromkeys(found))


def opened(ground: Ground, value: ast.expr) -> list[ast.Call]:
    """The calls that open a data set which a value comes from."""
    return [node for node in ground.origins(value) if isinstance(node, ast.Call) and any(_named(ground, node))]


def _named(ground: Ground, node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = last_name(node.func)
    if name in _OPENERS:
        given = argument(node, [_OPENERS[name], "filepath_or_buffer", "file", "fname"], 0)
        text = ground.module.value(given) if given is not None else None
        if isinstance(text, str) and text.strip() and len(text) < 1000:
            yield text
        return
    dotted = (ground.module.dotted(node.func) or "").split(".")
    place = next((index for index, part in enumerate(dotted[:-1]) if part in _MODULES), None)
    if place is not None and dotted[place + 1] not in _PLAIN and not dotted[place + 1].startswith(_MADE):
        yield dotted[place + 1].removeprefix("load_").removeprefix("fetch_")
