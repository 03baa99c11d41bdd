"""What the runtime asks leave for, in one shape: what a person is shown and what rules match.

The runtime's requests differ by kind, and a newer one may send kinds unknown here. Each becomes
an `Ask` whose body is exactly what would be done, with every character that could deceive the
eye written out.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import islice
from typing import Any, Literal
from unicodedata import category, east_asian_width

from copilot_magics.errors import BadInput
from copilot_magics.permissions.paths import Target, secrets_below
from copilot_magics.permissions.patterns import Pattern
from copilot_magics.permissions.shell import Line, parse
from copilot_magics.tools.naming import TITLES, code_of, seems_to_install
from copilot_magics.words import counted

Syntax = Literal["bash", "diff", "json", "python", "text"]

# What is drawn as nothing, beside what Unicode calls format characters and spaces: fillers, and
# marks that only choose how the character before them is drawn.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_AS_EMOJI = "\ufe0f"
# The runtime says by these that it lists names; any other reading of a folder reads the files.
_LISTS_NAMES = ("List directory:", "Search for files matching pattern")
_SEEN, _WIDTH = 16, 80
"""Lines of what is asked that are in sight at once, and characters of each."""
_TITLES = {
    "hook": "go on, as a hook asks",
    "memory": "remember something",
    "workflow": "run a workflow",
    "extension-management": "manage extensions",
    "extension-permission-access": "give an extension permissions",
    "extension-env-access": "give an extension environment variables",
}


@dataclass(frozen=True)
class Ask:
    """One thing the agent asks leave for.

    Parameters
    ----------
    kind : str
        The request's kind: ``shell``, ``read``, ``write``, ``url``, ``mcp``, ``custom-tool``, …
    title : str
        What would be done: "run a command".
    body : str
        Exactly what would be run, written, read or sent.
    syntax : {"bash", "diff", "json", "python", "text"}
        What the body is, for showing it.
    option : str
        The option that would allow it, quoted for a magic's line; empty where the ask cannot be
        allowed by an option.
    key : tuple of str
        What "until the kernel stops" remembers: equal keys show a person the same action.
    notes : tuple of str
        What else a person should know before saying yes.
    tool_call_id : str or None
        The tool call it belongs to.
    paths : tuple of Target
        The files a ``read`` or ``write`` touches.
    searches : bool
        Whether a ``read`` of a folder reads the files in it.
    url, server, tool : str
        What a ``url``, ``mcp`` or ``custom-tool`` request names.
    command : str
        The whole command text of a ``shell`` request.
    cwd : str
        The folder that the command runs in.
    in_person : bool
        Whether only a person may say yes, whatever the rules are.
    """

    kind: str
    title: str
    body: str
    syntax: Syntax
    option: str
    key: tuple[str, ...]
    notes: tuple[str, ...] = ()
    tool_call_id: str | None = None
    paths: tuple[Target, ...] = ()
    searches: bool = False
    url: str = ""
    server: str = ""
    tool: str = ""
    command: str = ""
    cwd: str = ""
    in_person: bool = False

    @property
    def brief(self) -> str:
        """What it is about, without what would be written: the files, else the whole body."""
        return ", ".join(visible(_where(path)) for path in self.paths) or self.body

    @cached_property
    def line(self) -> Line:
        """The command text, parsed."""
        return parse(self.command)


def understand(request: object, cwd: str | os.PathLike[str]) -> Ask:
    """Turn one of the SDK's permission requests into an `Ask`.

    Parameters
    ----------
    request : object
        A request of any kind, known or not; a dict with the runtime's own names will do.
    cwd : path
        The agent's working folder.

    Returns
    -------
    Ask
    """
    raw = _raw(request)
    kind = str(raw.get("kind") or "unknown")
    call = raw.get("toolCallId")
    try:
        ask = _READERS.get(kind, _other)(raw, cwd)
    except (KeyError, TypeError, ValueError, AttributeError):
        # A known kind with fields of another shape is as unknown as a new kind.
        ask = _other({**raw, "kind": f"unknown ({kind})"}, cwd)
    return dataclasses.replace(
        ask,
        tool_call_id=call if isinstance(call, str) else None,
        notes=tuple(visible(note) for note in (*ask.notes, *_notes(raw), *_long(ask))),
        in_person=ask.in_person
        or bool(raw.get("managedApprovalRequired") or raw.get("requestSandboxBypass")),
    )


def visible(text: str) -> str:
    """Write out the characters that are unseen, or that reorder what is seen.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with those characters as escapes like ``\\u202e``.
    """
    pairs = zip(f" {text}", text, strict=False)
    return "".join(_escape(char) if _deceives(char, before) else char for before, char in pairs)


def _deceives(char: str, before: str) -> bool:
    if char in "\n\t " or (char == _AS_EMOJI and category(before) == "So"):
        return False
    return category(char)[0] in "CZ" or bool(_UNSEEN.match(char))


def _escape(char: str) -> str:
    code = ord(char)
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _shell(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    text = _text(raw, "fullCommandText")
    # Where the runtime says that a shell of the agent's went elsewhere, it is there.
    folder = os.path.realpath(str(raw.get("resolvedWorkingDirectory") or cwd))
    return Ask(
        kind="shell",
        title="run a command",
        body=visible(text),
        syntax="bash",
        option=_shell_option(text),
        key=("shell", folder, text),
        command=text,
        cwd=folder,
    )


def _shell_option(text: str) -> str:
    if exact := _option(f"shell({text})"):
        return exact
    line = parse(text)
    each = [
        _option(f"shell({shlex.join(word or '' for word in words)})") for words in line.commands
    ]
    # Several plain commands need one pattern each; the rest cannot be written on one line.
    return (
        " ".join(dict.fromkeys(each)) if each and all(each) and not line.beyond else "--allow shell"
    )


def _write(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    named = [_text(raw, "fileName"), raw.get("resolvedPath")]
    for edit in raw.get("fileEdits") or ():
        named += [(edit.get(side) or {}).get("path") for side in ("before", "after")]
    paths = _targets(named, cwd)
    diff = raw.get("diff") or ""
    content = diff.strip("\n") or raw["newFileContents"] or ""
    return Ask(
        kind="write",
        title="write a file" if len(paths) == 1 else "write files",
        body=visible("\n".join((*map(_where, paths), content))),
        syntax="diff" if diff else "text",
        option=" ".join(_option(f"write({path.real})") for path in paths),
        # A diff may leave out what the whole text says, and the text is not shown beside it.
        key=("write", *(path.real for path in paths), diff, _json(raw.get("newFileContents"))),
        paths=paths,
    )


def _read(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    paths = _targets([_text(raw, "path"), raw.get("resolvedPath")], cwd)
    lists = str(raw.get("intention") or "").startswith(_LISTS_NAMES)
    searches = not lists and any(os.path.isdir(path.real) for path in paths)
    return Ask(
        kind="read",
        title="search the files of a folder" if searches else "read a file or folder",
        body="\n".join(visible(_where(path)) for path in paths),
        syntax="text",
        option=_read_option(paths, searches=searches),
        key=("read", str(searches), *(path.real for path in paths)),
        paths=paths,
        searches=searches,
    )


def _read_option(paths: tuple[Target, ...], *, searches: bool) -> str:
    secrets = [
        secret for path in paths if searches for secret in islice(secrets_below(path.real), 4)
    ]
    if len(secrets) > 3:
        return "--allow read"
    return " ".join(_option(f"read({path})") for path in (*(p.real for p in paths), *secrets))


def _url(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    url = _text(raw, "url")
    return Ask(
        kind="url",
        title="fetch a page",
        body=visible(url),
        syntax="text",
        option=_option(f"url({url})"),
        key=("url", url),
        url=url,
    )


def _mcp(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    server, tool = _text(raw, "serverName"), _text(raw, "toolName")
    call = {"server": server, "tool": tool, "arguments": raw.get("args")}
    return Ask(
        kind="mcp",
        title="use a tool of an MCP server",
        body=_json(call),
        syntax="json",
        option=_option(f"{server}({tool})") or _option(f"mcp({server}/{tool})"),
        key=("mcp", _json(call)),
        server=server,
        tool=tool,
    )


def _custom_tool(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    tool, arguments = _text(raw, "toolName"), raw.get("args")
    call = _json({"tool": tool, "arguments": arguments})
    code = code_of(tool, arguments)
    installs = code is not None and seems_to_install(code)
    return Ask(
        kind="custom-tool",
        title=TITLES.get(tool, "use a tool"),
        body=call if code is None else visible(code),
        syntax="json" if code is None else "python",
        option=_option(f"tool({tool})"),
        key=("custom-tool", call),
        notes=("It seems to install software",) if installs else (),
        tool=tool,
    )


def _other(raw: Mapping[str, Any], cwd: str | os.PathLike[str]) -> Ask:
    kind = str(raw.get("kind") or "unknown")
    content = _json({name: value for name, value in raw.items() if name != "toolCallId"})
    return Ask(
        kind=kind,
        title=_TITLES.get(kind, f"do something of the kind {visible(kind)!r}"),
        body=content,
        syntax="json",
        option="--permissions allow-all" if kind in _TITLES else "",
        key=(kind, content),
        in_person=kind not in _TITLES,
    )


_READERS: dict[str, Callable[[Mapping[str, Any], str | os.PathLike[str]], Ask]] = {
    "shell": _shell,
    "write": _write,
    "read": _read,
    "url": _url,
    "mcp": _mcp,
    "custom-tool": _custom_tool,
}


def _raw(request: object) -> dict[str, Any]:
    """Return a request under the runtime's own names, whatever it is."""
    if isinstance(request, Mapping):
        return {str(name): value for name, value in request.items()}
    to_dict = getattr(request, "to_dict", None)
    try:
        raw = to_dict() if callable(to_dict) else None
    except Exception:
        # The SDK checks types while converting; what fails there is shown as it is.
        raw = None
    if isinstance(raw, dict):
        return raw
    return {"kind": getattr(request, "kind", None) or type(request).__name__, "raw": repr(request)}


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw[name]
    if not isinstance(value, str) or not value:
        raise TypeError(name)
    return value


def _targets(named: list[Any], cwd: str | os.PathLike[str]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(Target.of(path, cwd) for path in named if path))


def _where(path: Target) -> str:
    if path.asked == path.real:
        return path.real
    return f"{path.asked} → {path.real}"


def _notes(raw: Mapping[str, Any]) -> list[str]:
    notes = []
    if warning := raw.get("warning"):
        notes.append(str(warning))
    if source := raw.get("redirectedFrom"):
        notes.append(f"Redirected from {source}")
    if raw.get("requestSandboxBypass"):
        reason = raw.get("requestSandboxBypassReason") or "no reason given"
        notes.append(f"It would run outside the sandbox: {reason}")
    if raw.get("managedApprovalRequired"):
        notes.append("Your organisation wants a person to approve this")
    return notes


def _long(ask: Ask) -> list[str]:
    """Say of what is run or sent, not of a file's text, that its end is out of sight."""
    lines = ask.body.expandtabs(8).split("\n")
    widths = [sum(1 + (east_asian_width(char) in "WF") for char in line) for line in lines]
    if ask.paths or sum(1 + width // _WIDTH for width in widths) <= _SEEN:
        return []
    return [
        f"It is long ({counted(len(lines), 'line')}, {len(ask.body):,} characters): see its end"
    ]


def _json(value: object) -> str:
    def plain(other: object) -> object:
        return other.value if isinstance(other, Enum) else repr(other)

    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=plain)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return visible(text)


def _option(pattern: str) -> str:
    """Quote a pattern as an option, where it can stand on one line and says what it seems to."""
    if visible(pattern) != pattern or re.search(r"[\n\t]|:\*\)$", pattern):
        return ""
    try:
        Pattern.parse(pattern)
    except BadInput:
        return ""
    return f"--allow {shlex.quote(pattern)}"
