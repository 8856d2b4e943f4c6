"""Continuous integration: which jobs run AI, with what rights, and at whose request."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, Node, Trait
from petguard.parsers import Parser, ci, github_workflow, jenkinsfile

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


@pytest.mark.parametrize(
    ("condition", "kept_out"),
    [
        ("github.event.issue.author_association == 'OWNER'", True),
        ("${{ github.actor == 'me' && startsWith(github.ref, 'x') }}", True),
        ("(github.event_name == 'push' || contains('OWNER', github.event.comment.author_association))", True),
        ("github.event_name == 'issues' || github.event.comment.author_association == 'OWNER'", False),
        ("contains(github.event.comment.body, '@claude')", False),
        ("(a) || (github.actor == 'me')", False),
    ],
)
def test_a_guard_must_hold_on_every_way(read: Read, condition: str, kept_out: bool) -> None:
    """One part of an `and` is enough, of an `or` every part must keep outsiders out."""
    text = _WORKFLOW.replace("  answer:\n", f"  answer:\n    if: {condition}\n")
    facts, _ = read(github_workflow.PARSER, {PATH: text})
    assert (Trait.UNTRUSTED_INPUT not in jobs(facts)["assist/answer"].traits) is kept_out


def test_expressions_in_a_script_are_no_shell(read: Read) -> None:
    """They are put in before; a key that is put in is named, a step in another language is a gap."""
    text = """\
on: push
jobs:
  a:
    steps:
      - run: |
          if [ "${{ github.event_name }}" = "x" ]; then
            claude -p "${{ inputs.prompt }}" --key ${{ secrets.ANTHROPIC_API_KEY }}
          fi
      - {run: "import openai", shell: python}
"""
    facts, gaps = read(github_workflow.PARSER, {PATH: text})
    assert {node.id: node.locations[0].line for node in facts.nodes} == {
        f"ai_workload:{PATH}#a": 5,
        "credential:ANTHROPIC_API_KEY": 7,
    }
    assert [(gap.line, gap.reason) for gap in gaps] == [(9, "language")]


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


_PIPELINES = {
    ".gitlab-ci.yml": """\
image: python:3.12
variables:
  OPENAI_API_KEY: $KEY
review:
  variables: {GITLAB_TOKEN: $PROJECT_TOKEN}
  services: [{name: "ollama/ollama:0.5.4", alias: llm}]
  script:
    - claude -p "review"
    - git push "https://x:$GITLAB_TOKEN@gitlab.com/a/b"
test:
  script: [pytest]
""",
    "azure-pipelines.yml": """\
stages:
  - stage: a
    jobs:
      - job: review
        steps:
          - script: |
              claude -p "review"
            env: {OPENAI_API_KEY: $(key)}
""",
    ".circleci/config.yml": """\
jobs:
  review:
    environment: {OPENAI_API_KEY: x}
    docker: [{image: "cimg/node:22.11"}]
    steps:
      - run: {name: ask, command: claude -p review}
""",
    "bitbucket-pipelines.yml": """\
pipelines:
  default:
    - step:
        name: review
        script:
          - export OPENAI_API_KEY=$KEY
          - claude -p review
""",
    ".buildkite/pipeline.yml": """\
steps:
  - label: review
    env: {OPENAI_API_KEY: x}
    command: claude -p review
""",
    ".woodpecker.yml": """\
steps:
  review:
    image: node
    environment: {OPENAI_API_KEY: {from_secret: key}}
    commands: [claude -p review]
""",
    "Jenkinsfile": """\
pipeline {
  agent { docker { image 'node:22' } }  // not an AI agent
  stages {
    stage('review') {
      environment { OPENAI_API_KEY = credentials('key') }
      steps {
        sh \'\'\'
          claude -p "review"
        \'\'\'
      }
    }
    stage('test') { steps { sh 'npm test' } }
  }
}
""",
}


@pytest.mark.parametrize("path", _PIPELINES)
def test_every_system_tells_its_jobs(read: Read, path: str) -> None:
    """The one job that runs AI, and its key; the others are not listed."""
    parser = jenkinsfile.PARSER if path == "Jenkinsfile" else ci.PARSER
    facts, gaps = read(parser, {path: _PIPELINES[path]})
    assert gaps == []
    assert "credential:OPENAI_API_KEY" in {node.id for node in facts.nodes}
    found = [node for node in facts.nodes if node.id == f"ai_workload:{path}#review"]
    assert [node.provider for node in found] == ["anthropic"]
    assert not [node for node in facts.nodes if node.id.endswith("#test")]


def test_a_gitlab_job_that_pushes_may_write(read: Read) -> None:
    """With the name of its token, and the image of its service."""
    facts, _ = read(ci.PARSER, {".gitlab-ci.yml": _PIPELINES[".gitlab-ci.yml"]})
    job = next(node for node in facts.nodes if node.name == "gitlab-ci/review")
    assert Trait.WRITES_REPOSITORY in job.traits
    assert job.details == {"runs": ("claude", "ollama/ollama"), "token": "GITLAB_TOKEN"}


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
    path, text = data.draw(st.sampled_from([(PATH, _WORKFLOW), *_PIPELINES.items()]))
    parsers = {PATH: github_workflow.PARSER, "Jenkinsfile": jenkinsfile.PARSER}
    end, at = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))
    read(parsers.get(path, ci.PARSER), {path: text[:at] + data.draw(st.text(max_size=2)) + text[at:end]})
