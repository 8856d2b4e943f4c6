"""Packs what people edit below `rules/` into the files that petguard reads in milliseconds.

python rules/build.py           write rules/packed.json and rules/catalog/catalog.json
python rules/build.py --check   name what is out of date; exit 1 when anything is
"""

import json
import runpy
import sys
from pathlib import Path

from petguard import rules, tables
from petguard.documents import read_yaml

HERE = Path(__file__).resolve().parent
FOLDERS = ("policy", "frameworks", "taxonomy", "code", "pets")


def packed() -> str:
    """Every rule, framework, taxonomy and detector file by the digest of its bytes, one a line."""
    paths = sorted(path for folder in FOLDERS for path in (HERE / folder).rglob("*.yaml"))
    values = {tables.digest(path.read_bytes()): read_yaml(path.read_text("utf-8")).value for path in paths}
    lines = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in sorted(values.items()))
    return "{" + ",\n".join(lines) + "}\n"


def main() -> int:
    """Write or check both; a rule that cannot be loaded stops the build."""
    wanted = {
        HERE / tables.PACKED: packed(),
        HERE / "catalog" / "catalog.json": runpy.run_path(str(HERE / "catalog" / "build.py"))["packed"](),
    }
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        if "--check" in sys.argv:
            sys.stderr.write(f"out of date: {path.relative_to(HERE.parent)}\n")
        else:
            path.write_text(wanted[path], "utf-8")
    rules.load()
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
