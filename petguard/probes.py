"""Runs a probe, a function of the scanned project that somebody declared, in a locked process of its own.

This is the one place that executes scanned code, and only when `petguard verify --probe` asks for it. The process gets
no network (a namespace of its own where the system has them, and in any case an audit hook in the interpreter), an
empty environment, bounded time and memory, and cannot write files or start programs. That keeps mistakes in; it is no
sandbox for code that means harm.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

_PROBE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_ANSWER_BYTES = 256 * 1024 * 1024
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Limits:
    """How much one run of a probe may take."""

    seconds: int = 60
    megabytes: int = 2048


@dataclass(frozen=True)
class Ran:
    """What a run gave: its outputs, or why there are none. `isolation` says in words how it was kept from the net."""

    outputs: tuple[Any, ...]
    failure: str | None
    isolation: str


def run(folder: Path, probe: str, arguments: Sequence[Any], limits: Limits | None = None) -> Ran:
    """Call `module:function` below `folder` with these arguments; never raises for what the probe does."""
    limits = limits or Limits()
    prefix, isolation = _isolated()
    if _PROBE.fullmatch(probe) is None:
        return Ran((), f"{probe!r} is no probe; write module:function", isolation)
    answer, failure = _answer(prefix, folder, probe, arguments, limits)
    return _read(answer, failure, isolation)


@cache
def _isolated() -> tuple[tuple[str, ...], str]:
    """What to start the process with so that it has no network, and how to say so."""
    program = shutil.which("unshare")
    if program is not None:
        prefix = (program, "--user", "--map-root-user", "--net")
        with suppress(OSError, subprocess.TimeoutExpired):
            tried = subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False)  # noqa: S603
            if tried.returncode == 0:
                return prefix, "in a network namespace without any network"
    return (), "with network calls refused inside the interpreter only"


def _answer(
    prefix: Sequence[str], folder: Path, probe: str, arguments: Sequence[Any], limits: Limits
) -> tuple[bytes, str | None]:
    """What the process said, and why it said nothing, if that is known."""
    program = Path(__file__).with_name("_probed.py")
    command = [*prefix, sys.executable, "-B", "-P", "-s", str(program), str(folder.resolve()), probe]
    with _given(arguments) as given:
        process = subprocess.Popen(  # noqa: S603 - this is what the user asked for by --probe
            [*command, str(limits.seconds), str(limits.megabytes)],
            stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, start_new_session=True, cwd=folder,
        )  # fmt: skip
    overdue = threading.Timer(limits.seconds * 2, _kill, (process,))
    overdue.start()
    assert process.stdout is not None
    answer = process.stdout.read(_ANSWER_BYTES + 1)
    process.stdout.close()
    if len(answer) > _ANSWER_BYTES:
        _kill(process)
    code = process.wait()
    in_time = overdue.is_alive()
    overdue.cancel()
    _kill(process)  # what it may have started
    if not in_time:
        return b"", f"it did not end within {limits.seconds * 2} s"
    return answer, _failure(code, len(answer), limits)


@contextmanager
def _given(arguments: Sequence[Any]) -> Iterator[IO[bytes]]:
    """The arguments as a file, because they may be longer than a command line."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(list(arguments)).encode())
        file.seek(0)
        yield file


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _failure(code: int, size: int, limits: Limits) -> str | None:
    if size > _ANSWER_BYTES:
        return "it gave too much output"
    allowed = f"{limits.seconds} s, {limits.megabytes} MB"
    return None if code == 0 else f"its process ended with code {code} (allowed: {allowed})"


def _read(answer: bytes, failure: str | None, isolation: str) -> Ran:
    if failure is not None:
        return Ran((), failure, isolation)
    try:
        said = json.loads(answer)
    except ValueError:
        return Ran((), "it gave no answer that can be read", isolation)
    if "outputs" not in said:
        return Ran((), f"it failed: {said.get('error', 'unknown')}", isolation)
    return Ran(tuple(said["outputs"]), None, isolation)
