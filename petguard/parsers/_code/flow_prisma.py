"""Models of a Prisma schema as classes, so that what `prisma.patient.findMany()` gives is known by its fields."""

import re
from collections.abc import Iterator

from petguard.flows import form as f
from petguard.flows.summary import WHEN_ASKED

PACKAGE = "@prisma/client"
_BLOCK = re.compile(r"^\s*(?:model|type|view)\s+([A-Za-z]\w*)\s*\{")
_FIELD = re.compile(r"^\s*([A-Za-z]\w*)\s+([A-Za-z]\w*)")
_OF_THE_CLIENT = ("PrismaClient", "Prisma")


def form(data: bytes) -> f.Form:
    """The models of a schema. What is imported from the client and is no model stays the library's."""
    text = data.decode("utf-8", "replace")
    imports = [f.Import(PACKAGE, name, name) for name in _OF_THE_CLIENT]
    models = list(_models(text.split("\n")))
    tables = {each.name for each in models}
    for each in models:
        each.fields = [_related(field) if tables.intersection(field.types) else field for field in each.fields]
    return f.Form(imports=imports, body=list[f.Statement](models))


def _related(field: f.Field) -> f.Field:
    """Rows of another table: they only come when a query includes them."""
    return f.Field(field.name, field.at, (WHEN_ASKED, *field.types))


def _models(lines: list[str]) -> Iterator[f.Class]:
    model: f.Class | None = None
    fields: list[f.Field] = []
    for number, line in enumerate(lines, 1):
        at = f.place(number, 1)
        opened, field = _BLOCK.match(line), _FIELD.match(line)
        if opened is not None:
            fields = []
            model = f.Class(opened[1], (), fields, [], at, record=True)
            yield model
        elif line.lstrip().startswith("}"):
            model = None
        elif model is not None and field is not None:
            fields.append(f.Field(field[1], at, (field[2],)))
