"""The same data leaves without noise, too: what the noise hides can be read beside it."""

import ast
from collections.abc import Iterator

from petguard.hazards import Hazard
from petguard.model import Danger
from petguard.parsers._python_claims.origins import opened
from petguard.parsers._python_claims.reading import Reading
from petguard.parsers._python_syntax import last_name

_WRITERS = ("to_csv", "to_parquet", "to_json", "to_sql", "to_excel", "to_pickle", "to_feather", "write_csv", "to_html")


def beside_the_noise(reading: Reading) -> Iterator[Danger]:
    """A table is written as it was read, in a file that also makes a noisy release about it."""
    read = {id(call) for value in reading.data for call in opened(reading.ground, value)}
    for call in reading.ground.called(*_WRITERS) if read else ():
        frame = call.func.value if isinstance(call.func, ast.Attribute) else None
        if frame is not None and id(_as_read(reading, frame)) in read:
            detail = f"{last_name(frame) or 'the table'} is also written without noise"
            yield Danger(hazard=Hazard.MIXED_RELEASE, location=reading.ground.at(call), detail=detail)


def _as_read(reading: Reading, frame: ast.expr) -> ast.expr | None:
    """The call that a name stands for unchanged, through other names of it."""
    for _ in range(5):
        if not isinstance(frame, ast.Name):
            return frame
        bound = reading.ground.module.binding(frame)
        if bound is None:
            return None
        frame = bound
    return None
