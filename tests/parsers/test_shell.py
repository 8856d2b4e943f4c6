"""Which files are shell scripts."""

import pytest

from petguard.collect import Candidate, Interest
from petguard.parsers.shell import PARSER


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("run.sh", b"ollama pull llama3", Interest.READ),
        ("bin/ask", b"#!/bin/sh\ncurl https://api.openai.com", Interest.READ),
        ("bin/ask", b"#!/usr/bin/env -S bash -e\npip install openai", Interest.READ),
        (".envrc", b"export OPENAI_API_KEY=x", Interest.READ),
        ("train.slurm", b"#!/bin/bash\nsrun python train.py --model_name_or_path x", Interest.READ),
        ("run.sh", b"ls -l\n", Interest.CLEAR),
        ("bin/ask", b"#!/usr/bin/env python3\nimport openai", Interest.NONE),
        ("bin/ask", b"#!/usr/bin/env fish\nollama pull llama3", Interest.NONE),
        ("notes.md", b"ollama pull llama3", Interest.NONE),
    ],
)
def test_interest(path: str, data: bytes, expected: Interest) -> None:
    """By suffix, name or first line; a script that speaks of nothing is seen and done with."""
    assert PARSER.interest(Candidate(path, data)) is expected
