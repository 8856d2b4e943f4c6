"""What the settings of an assistant let it do without asking: one table for the clients that are known.

A setting is a row of keys joined by dots, the same whether a client nests them or writes the dots itself; the items
of a list stand under the key of the list.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from petguard.documents import Step
from petguard.model import Trait

Pointer = tuple[Step, ...]

_APPROVES = (Trait.AUTO_APPROVE,)
_ANYTHING = (Trait.AUTO_APPROVE, Trait.BROAD_RIGHTS)
_ANY_COMMAND = (Trait.BROAD_RIGHTS, Trait.RUNS_COMMANDS)
_COMMANDS = (Trait.RUNS_COMMANDS,)
_FILES = (Trait.WRITES_FILES,)
_NETWORK = (Trait.REACHES_NETWORK,)
_SHELLS = r"(?:Bash|Shell|PowerShell|ShellTool|run_shell_command|execute_bash|execute_command|shell|bash)"
_EDITS = r"(?:Write|Edit|MultiEdit|NotebookEdit|write_file|replace|fs_write|edit|write)"
_WEB = r"(?:WebFetch|WebSearch|web_fetch|google_web_search|webfetch|websearch)"
_ALLOWED = (
    r"permissions\.allow|permissions\.allowed_tools|allowedTools|tools\.allowed|allowed-tools|allowed_tools|amp\.commands"
    r"\.allowlist"
)


class Right(NamedTuple):
    """A setting that was met: where, in words, and what it grants."""

    pointer: Pointer
    says: str
    grants: tuple[Trait, ...]


_TABLE = tuple(
    (re.compile(keys), re.compile(value), grants)
    for keys, value, grants in (
        # Claude Code; `allow` also Cursor, Crush, Gemini CLI, Amazon Q, and the front matter of commands and skills
        (r"permissions\.defaultMode|permissionMode|claudeCode\.initialPermissionMode", "bypassPermissions", _ANYTHING),
        (r"permissions\.defaultMode|permissionMode|claudeCode\.initialPermissionMode", "acceptEdits", _FILES),
        (r"enableAllProjectMcpServers", "true", _APPROVES),
        (r".*(?i:dangerously_?-?skip_?-?permissions).*|skipDangerousModePermissionPrompt", "true", _ANYTHING),
        (_ALLOWED, rf"\*|\*\*|{_SHELLS}(?:\((?:\*|:\*|\*\*|\*:\*|\.\*)?\))?", _ANY_COMMAND),
        (_ALLOWED, rf"{_SHELLS}\(.*\)", _COMMANDS),
        (_ALLOWED, rf"{_EDITS}(?:\(.*\))?", _FILES),
        (_ALLOWED, rf"{_WEB}(?:\(.*\))?", _NETWORK),
        (r"hooks\..*command", r".+", _COMMANDS),
        # Codex
        (r"(?:profiles\.[\w-]+\.)?approval_policy", "never", _APPROVES),
        (r"(?:profiles\.[\w-]+\.)?sandbox_mode", "danger-full-access", (*_ANY_COMMAND, *_FILES)),
        (r"sandbox_workspace_write\.network_access", "true", _NETWORK),
        # Gemini CLI, Qwen Code
        (r"(?:tools\.)?autoAccept", "true", _APPROVES),
        (r"(?:general\.|tools\.)?(?:defaultApprovalMode|approvalMode)", "yolo", _ANYTHING),
        (r"(?:general\.|tools\.)?(?:defaultApprovalMode|approvalMode)", "auto[-_]edit", _FILES),
        # Visual Studio Code and what is installed in it
        (r"chat\.tools\.(?:global\.)?autoApprove|chat\.agent\.autoApprove", "true", _ANYTHING),
        (r"chat\.permissions\.default", "(?i:autoApprove|bypass.*|autopilot)", _ANYTHING),
        (r"chat\.tools\.terminal\.autoApprove\.(?:\*+|/\^?\.\*\$?/\w*)", "true", (*_APPROVES, *_ANY_COMMAND)),
        (r"chat\.tools\.terminal\.autoApprove\..*", "true", _COMMANDS),
        (r"chat\.tools\.edits\.autoApprove\.\*\*(?:/\*)?", "true", _FILES),
        (r"(?:roo-cline|kilo-code|cline|kilocode|zoo-code)\.allowedCommands", r"\*", (*_APPROVES, *_ANY_COMMAND)),
        (r"(?:roo-cline|kilo-code|cline|kilocode)\.(?:alwaysAllow|autoApprov)\w*", "true", _APPROVES),
        (r"windsurf\.cascadeCommandsAllowList", r"\*", (*_APPROVES, *_ANY_COMMAND)),
        (r"windsurf\.autoExecutionPolicy", "turbo", _APPROVES),
        (r"kiroAgent\.trustedCommands", r"\*", (*_APPROVES, *_ANY_COMMAND)),
        (r"kiroAgent\.agentAutonomy", "Autopilot", _APPROVES),
        (r"amp\.dangerouslyAllowAll", "true", _ANYTHING),
        # others
        (r"(?:agent\.[\w-]+\.)?permission(?:\.\*)?", "allow", _ANYTHING),  # opencode
        (r"(?:agent\.[\w-]+\.)?permission\.bash(?:\.\*)?", "allow", (*_APPROVES, *_ANY_COMMAND)),
        (r"(?:agent\.[\w-]+\.)?permission\.edit(?:\.\*+)?", "allow", _FILES),
        (r"(?:agent\.[\w-]+\.)?permission\.webfetch(?:\.\*+)?", "allow", _NETWORK),
        (r"agent\.always_allow_tool_actions", "true", _ANYTHING),  # Zed
        (r"agent\.tool_permissions\.default", "allow", _ANYTHING),
        (r"yes-always", "true", _APPROVES),  # aider
        (r"GOOSE_MODE", "auto", _APPROVES),
        (r"terminalAllowlist|mcpAllowlist", r"\*(?::\*)?", (*_APPROVES, *_ANY_COMMAND)),  # Cursor
        (r"(?:security\.)?confirmation_mode", "false", _APPROVES),  # OpenHands
    )
)


def rights(document: Any) -> Iterator[Right]:
    """What each setting of a document grants, in order; a setting of which nothing is known grants nothing."""
    for keys, value, pointer in _leaves(document, "", ()):
        for name, content, grants in _TABLE:
            if name.fullmatch(keys) and content.fullmatch(value):
                yield Right(pointer, f"{keys}: {value}", grants)
                break


def _leaves(value: Any, keys: str, pointer: Pointer) -> Iterator[tuple[str, str, Pointer]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{keys}.{key}" if keys else key, (*pointer, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, keys, (*pointer, index))
    elif isinstance(value, str | bool):
        yield keys, (str(value).lower() if isinstance(value, bool) else value.strip()), pointer


def of_tools(tools: Iterator[str] | list[str]) -> dict[Trait, str]:
    """What the tools that an assistant's agent may use can do, each with the tool that does it."""
    found: dict[Trait, str] = {}
    for tool in tools:
        for pattern, grants in _TOOLS:
            if pattern.fullmatch(tool.strip()):
                found |= {trait: tool for trait in grants if trait not in found}
    return found


_TOOLS = tuple(
    (re.compile(pattern, re.I), grants)
    for pattern, grants in (
        (r"\*|all", (Trait.BROAD_RIGHTS, Trait.RUNS_COMMANDS, Trait.WRITES_FILES)),
        (
            rf"(?:{_SHELLS}(?:\(.*\))?|KillShell|runCommands?|runInTerminal|terminal|execute(?:/.*)?|runTasks|command"
            r"|run_in_terminal|powershell|runTests)",
            _COMMANDS,
        ),
        (rf"(?:{_EDITS}(?:\(.*\))?|edit(?:Files|/.*)?|apply_patch|createFile|insert_edit_into_file|new)", _FILES),
        (rf"(?:{_WEB}(?:\(.*\))?|fetch|web(?:/.*)?|browser|openSimpleBrowser)", _NETWORK),
    )
)
