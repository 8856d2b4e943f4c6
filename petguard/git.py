"""The only place that starts git, and all it is asked is which files a project ignores.

The configuration of a scanned tree may name programs that git would run (a file-system monitor, hooks, filters), so
git gets an empty environment, overriding options, and only a sub-command that runs none of them.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal

Command = Literal["ls-files"]  # `status`, `diff`, `blame` and `archive` run programs named by the tree: never add them

_SECONDS = 30
_OVERRIDES = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.excludesFile=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=false",
    "credential.helper=",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # A partial clone fetches missing objects from a "remote" whose upload program its configuration names.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}


def ignored(folder: Path) -> frozenset[str]:
    """Paths below `folder` that git ignores, relative to it; an ignored folder stands for all it holds.

    Tracked files are never among them. Without git, outside a work tree, or when `folder` itself is ignored, the
    answer is empty: then more is scanned, not less.
    """
    listed = _run(folder, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    paths = (os.fsdecode(path).rstrip("/") for path in listed.split(b"\0"))
    return frozenset(path for path in paths if path not in ("", "."))


def _run(folder: Path, command: Command, *options: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        return b""
    # Another user's tree (a container, a CI cache) is fine: nothing that it names is run.
    settings = (*_OVERRIDES, f"safe.directory={folder}", "safe.directory=*")
    arguments = [git, "-C", str(folder), "--no-pager", *(part for each in settings for part in ("-c", each)), command]
    try:
        done = subprocess.run(  # noqa: S603  (fixed program and options, no shell)
            [*arguments, *options],
            env=_ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""
