"""Models of a Prisma schema as classes, so that what `prisma.patient.findMany()` gives is known by its fields."""

import re
from collections.abc import Iterator

from petguard.flows import form as f

PACKAGE = "@prisma/client"
_BLOCK = re.compile(r"^\s*(?:model|type|view)\s+([A-Za-z]\w*)\s*\{")
_FIELD = re.compile(r"^\s*([A-Za-z]\w*)\s+([A-Za-z]\w*)")
_OF_THE_CLIENT = ("PrismaClient", "Prisma")


def form(data: bytes) -> f.Form:
    """The models of a schema. What is imported from the client and is no model stays the library's."""
    text = data.decode("utf-8", "replace")
    imports = [f.Import(PACKAGE, name, name) for name in _OF_THE_CLIENT]
    return f.Form(imports=imports, body=list(_models(text.split("\n"))))


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
