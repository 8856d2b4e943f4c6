"""The formats of manifests and lock files, one module per language; the first whose name fits is taken."""

from petguard.parsers._dependencies import Format
from petguard.parsers._manifests import (
    conda,
    go,
    java,
    javascript,
    javascript_locks,
    python,
    python_locks,
    requirements,
)

FORMATS: tuple[Format, ...] = (
    *requirements.FORMATS,
    *python.FORMATS,
    *python_locks.FORMATS,
    *conda.FORMATS,
    *javascript.FORMATS,
    *javascript_locks.FORMATS,
    *java.FORMATS,
    *go.FORMATS,
)
