"""Continuous integration: which jobs run AI, with what rights, and at whose request."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, Node, Trait
from petguard.parsers import Parser, github_workflow

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]
PATH = ".github/workflows/assist.yml"

_WORKFLOW = """\
name: Assist
on:
  issues: {types: [opened]}
permissions:
  contents: write
  id-token: write
jobs:
  answer:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: anthropics/claude-code-action@v1
        with:
          anthropic_api_key: ${{ secrets.ANTHROPIC_API_KEY }}
          prompt: |
            Answer this:
            ${{ github.event.issue.body }}
          claude_args: |
            --model claude-sonnet-4-20250514
            --dangerously-skip-permissions
  test:
    runs-on: ubuntu-latest
    permissions: read-all
    env:
      OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}
    steps:
      - run: |
          pip install openai==1.60.0
          pytest
"""


def jobs(facts: Facts) -> dict[str, Node]:
    """The jobs that run AI, by name."""
    return {node.name: node for node in facts.nodes if node.id.startswith("ai_workload:.")}


def test_a_job_that_runs_ai_is_a_workload(read: Read) -> None:
    """With its action, its rights, who starts it and what reaches it; a job with a key alone is none."""
    facts, gaps = read(github_workflow.PARSER, {PATH: _WORKFLOW})
    assert gaps == []
    assert {node.id: node.locations[0].line for node in facts.nodes} == {
        f"ai_workload:{PATH}#answer": 12,
        "credential:ANTHROPIC_API_KEY": 14,
        "model:claude-sonnet-4-20250514": 19,
        "credential:OPENAI_API_KEY": 25,
        "ai_sdk:pypi/openai": 28,
    }
    job = jobs(facts)["assist/answer"]
    assert set(job.traits) == {
        Trait.AUTO_APPROVE,
        Trait.MUTABLE_REFERENCE,
        Trait.UNTRUSTED_INPUT,
        Trait.WRITES_REPOSITORY,
    }
    assert job.provider == "anthropic"
    assert job.details == {
        "runs": ("anthropics/claude-code-action@v1",),
        "permissions": ("contents: write", "id-token: write"),
        "triggers": ("issues",),
        "untrusted_input": ("github.event.issue.body",),
    }


@pytest.mark.parametrize(
    ("before", "after", "trait"),
    [
        ("contents: write", "contents: read", Trait.WRITES_REPOSITORY),
        ("@v1", "@0123456789012345678901234567890123456789", Trait.MUTABLE_REFERENCE),
        ("issues: {types: [opened]}", "push: {}", Trait.UNTRUSTED_INPUT),
        ("github.event.issue.body", "github.event.issue.number", Trait.UNTRUSTED_INPUT),
        ("  answer:\n", "  answer:\n    if: github.event.issue.author_association == 'OWNER'\n", Trait.UNTRUSTED_INPUT),
        ("--dangerously-skip-permissions", "--max-turns 5", Trait.AUTO_APPROVE),
    ],
)
def test_a_danger_that_is_averted_is_not_listed(read: Read, before: str, after: str, trait: Trait) -> None:
    """Read-only tokens, commits, other triggers, guards, and an assistant that asks."""
    assert before in _WORKFLOW
    facts, _ = read(github_workflow.PARSER, {PATH: _WORKFLOW.replace(before, after)})
    assert trait not in jobs(facts)["assist/answer"].traits


def test_rights_that_are_not_stated_may_be_any(read: Read) -> None:
    """The repository's default is not in the file, so the job may write; the details say so."""
    text = _WORKFLOW.replace("permissions:\n  contents: write\n  id-token: write\n", "")
    facts, _ = read(github_workflow.PARSER, {PATH: text})
    job = jobs(facts)["assist/answer"]
    assert Trait.WRITES_REPOSITORY in job.traits
    assert job.details["permissions"] == "not stated: the repository's default applies"


@pytest.mark.parametrize(
    ("command", "runs", "provider"),
    [
        ("claude -p 'review this'", "claude", "anthropic"),
        ("git diff | npx -y @openai/codex exec --full-auto -", "codex", "openai"),
        ("if true; then gemini -p hello; fi", "gemini", "google"),
        ("gh models run openai/gpt-4.1 hello", "GitHub Models", "github-models"),
        ("timeout 60 ollama pull qwen2.5:0.5b", "ollama", "ollama"),
    ],
)
def test_an_assistant_in_a_script_is_found(read: Read, command: str, runs: str, provider: str) -> None:
    """By its command, behind what a shell puts before it."""
    text = f"on: push\njobs:\n  a:\n    steps:\n      - run: |\n          set -e\n          {command}\n"
    facts, _ = read(github_workflow.PARSER, {PATH: text})
    job = jobs(facts)["assist/a"]
    assert (runs.lower() in str(job.details["runs"]).lower(), job.provider) == (True, provider)


@pytest.mark.parametrize(
    "script",
    ["npm test", "pytest tests/test_claude.py", "echo claude", "cat CLAUDE.md", "apt-get install -y gemini", "codex"],
)
def test_a_job_without_ai_is_not_listed(read: Read, script: str) -> None:
    """A name in a path, in an argument, or a program that waits for a human."""
    text = f"on: push\n# api.openai.com\njobs:\n  a:\n    steps:\n      - run: {script}\n"
    facts, gaps = read(github_workflow.PARSER, {PATH: text})
    assert (jobs(facts), gaps) == ({}, [])


@pytest.mark.parametrize(
    "text",
    [
        "jobs: [anthropics/claude-code-action]\n",
        "jobs: {a: {steps: anthropics/claude-code-action}}\n",
        "jobs: {a: {steps: [anthropics/claude-code-action]}}\n",
        "jobs:\n  a: {steps: [{uses: anthropics/claude-code-action\n",
    ],
)
def test_a_bad_workflow_is_a_gap(read: Read, text: str) -> None:
    """Lists for mappings, texts for lists, a file that ends too early."""
    _, gaps = read(github_workflow.PARSER, {PATH: text})
    assert [gap.path for gap in gaps] == [PATH]


@given(st.data())
def test_any_cut_of_a_workflow_is_read_without_a_crash(read: Read, data: st.DataObject) -> None:
    """And so is one in which two characters changed."""
    end, at = data.draw(st.integers(0, len(_WORKFLOW))), data.draw(st.integers(0, len(_WORKFLOW)))
    read(github_workflow.PARSER, {PATH: _WORKFLOW[:at] + data.draw(st.text(max_size=2)) + _WORKFLOW[at:end]})
