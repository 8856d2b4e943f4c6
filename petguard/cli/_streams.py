"""Where text goes: results to stdout or to files, remarks to stderr."""

import io
import os
import sys
from pathlib import Path

import click

from petguard.errors import ConfigurationError


def prepare() -> None:
    """Make stdout and stderr take any text: UTF-8 when nobody watches, and escapes for what has no character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def remark(text: str) -> None:
    """Say something to the person at the terminal."""
    click.echo(text, err=True)


def result(text: str) -> None:
    """Write a result to stdout; a reader that has gone away (`| head`) changes nothing."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wants_colour() -> bool:
    """Colours on a terminal only; NO_COLOR and FORCE_COLOR decide otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def save(path: Path, text: str) -> None:
    """Write a whole file or none; pipes and devices are written to directly."""
    real = Path(os.path.realpath(path))
    try:
        if real.exists() and not real.is_file():
            _write(real, text, mode="w")
            return
        part = real.with_name(f".{real.name}.{os.getpid()}.part")
        try:
            _write(part, text, mode="x")
            part.replace(real)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}; choose another file") from error


def _write(path: Path, text: str, *, mode: str) -> None:
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
