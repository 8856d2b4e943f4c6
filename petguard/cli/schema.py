"""`petguard schema`: what machines may rely on, as JSON schema."""

from collections.abc import Mapping
from typing import Literal

import click
from pydantic import BaseModel

from petguard.cli import _streams
from petguard.errors import Exit
from petguard.policy import PolicyFile
from petguard.report import Report
from petguard.rules import RuleFile
from petguard.untrusted import json_text

Name = Literal["report", "policy", "rule"]
_MODELS: Mapping[Name, type[BaseModel]] = {"report": Report, "policy": PolicyFile, "rule": RuleFile}


@click.command("schema")
@click.argument("name", type=click.Choice(["report", "policy", "rule"]))
def command(name: Name) -> int:
    """Print the JSON schema of the report, the policy or a rule."""
    _streams.result(schema(name))
    return Exit.OK


def schema(name: Name) -> str:
    """The schema that is committed as `docs/schema/<name>.json`."""
    mode: Literal["serialization", "validation"] = "serialization" if name == "report" else "validation"
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json_text(document | _MODELS[name].model_json_schema(mode=mode))
