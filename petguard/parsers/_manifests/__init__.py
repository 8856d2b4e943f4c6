"""The formats of manifests and lock files, one module per language; the first whose name fits is taken."""

from petguard.parsers._dependencies import Format
from petguard.parsers._manifests import (
    conda,
    dart,
    dotnet,
    go,
    java,
    javascript,
    javascript_locks,
    php,
    python,
    python_locks,
    requirements,
    ruby,
    rust,
    swift,
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
    *dotnet.FORMATS,
    *rust.FORMATS,
    *ruby.FORMATS,
    *php.FORMATS,
    *dart.FORMATS,
    *swift.FORMATS,
)
