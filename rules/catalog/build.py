"""Packs the tables in this folder into `catalog.json`, the form that petguard reads.

python rules/catalog/build.py           write it
python rules/catalog/build.py --check   exit 1 when it is out of date
"""

import json
import sys
from pathlib import Path

from petguard.catalog import Catalog
from petguard.documents import read_yaml

HERE = Path(__file__).resolve().parent


def packed() -> str:
    """The tables as one JSON document, one row a line; a row with an unknown key or value is an error."""
    tables: dict[str, list[dict[str, object]]] = {"packages": []}
    version = ""
    for path in sorted(HERE.rglob("*.yaml")):
        document = read_yaml(path.read_text("utf-8")).value
        version = document.pop("version", version)
        if path.parent.name == "packages":
            tables["packages"] += ({"ecosystem": path.stem} | row for row in document["packages"])
        else:
            tables |= document
    catalog = Catalog.model_validate({"version": version} | tables)
    rows = catalog.model_dump(mode="json", exclude_defaults=True)
    parts = (f'"{name}": [\n{_lines(rows[name])}\n]' for name in Catalog.model_fields if name != "version")
    return f'{{"version": "{catalog.version}",\n' + ",\n".join(parts) + "}\n"


def _lines(rows: list[dict[str, object]]) -> str:
    return ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)


def main() -> int:
    """Write or check the packed catalogue."""
    text, target = packed(), HERE / "catalog.json"
    if "--check" not in sys.argv:
        target.write_text(text, "utf-8")
        return 0
    return 0 if target.is_file() and target.read_text("utf-8") == text else 1


if __name__ == "__main__":
    raise SystemExit(main())
