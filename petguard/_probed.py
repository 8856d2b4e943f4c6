"""Runs inside the probe's own process: locks it in, imports the module that is to be audited, and calls the function.

Started by `probes` as a program, with the folder, the probe (`module:function`) and the limits; a JSON list of
arguments stands in its standard input. It writes one JSON document to what was its standard output, and imports nothing
of petguard.
"""

import importlib
import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

_FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill", "os.remove",
    "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "shutil.",
    "pty.", "ftplib.", "smtplib.", "urllib.", "http.", "webbrowser.", "ctypes.dlsym/",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def _limit(seconds: int, megabytes: int) -> None:
    """Processor time, memory, no file may be written, no core file; what the system refuses to set stays as it is."""
    for kind, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes * 1024 * 1024),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook, which nothing can remove: no network, no other program, no file is written or moved."""
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and path != os.devnull:
            raise PermissionError(f"a probe must not write {path!r}")
    elif event.startswith(_FORBIDDEN):
        raise PermissionError(f"a probe must not use {event}")


def _called(folder: str, probe: str, arguments: list[Any]) -> Any:
    module, _, name = probe.partition(":")
    sys.path.insert(0, folder)
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return [_plain(each) for each in function(*arguments)]


def _plain(value: Any) -> Any:
    """An output as JSON can hold it; what numpy and the like give is asked for its Python value."""
    item = getattr(value, "item", None)
    value = item() if callable(item) else value
    if isinstance(value, bool | int | str):
        return value
    return float(value)


def _main() -> None:
    folder, probe, seconds, megabytes = sys.argv[1:5]
    arguments = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    _limit(int(seconds), int(megabytes))
    sys.addaudithook(_refuse)
    try:
        said = {"outputs": _called(folder, probe, arguments)}
    except BaseException as error:  # foreign code may raise anything, and the parent is told what
        said = {"error": f"{type(error).__name__}: {error}"[:500]}
    answer.write(json.dumps(said))
    answer.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
