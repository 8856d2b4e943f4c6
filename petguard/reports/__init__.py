"""Reports turn a `Report` into text: one module per format, each offering a `FORMAT`."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from petguard import _plugins
from petguard.report import Report


@dataclass(frozen=True)
class Format:
    """One output format; `render` is pure, so equal reports give equal text."""

    name: str
    render: Callable[[Report], str]


def formats() -> dict[str, Format]:
    """Every output format by name."""
    return {form.name: form for form in _plugins.collect(sys.modules[__name__], "FORMAT", Format)}
