"""The patterns of ``--allow`` and ``--deny``: the Copilot CLI's, and two of ours.

``shell(…)``, ``write(…)``, ``url(…)`` and ``SERVER(TOOL)`` are those of ``copilot help
permissions``; ``read(…)`` and ``tool(…)`` are ours. Without parentheses a kind means all of it.
``mcp(SERVER)`` and ``mcp(SERVER/TOOL)`` name an MCP server that is called like a kind.

Allowing and denying read one pattern differently, each to the safe side. A relative path allows
only inside the working folder, and denies wherever a path ends so. ``url(github.com)`` allows
https on its usual port, and denies every scheme and port, and its host in every spelling.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, unquote, urlsplit

from copilot_magics.errors import BadInput, closest
from copilot_magics.permissions import hosts, programs
from copilot_magics.permissions.commands import ShellRule

KINDS = ("shell", "read", "write", "url", "tool", "mcp")
_EXAMPLES = "shell(git:*), write(notes.md), read(/data), url(github.com), tool(name), SERVER(TOOL)"
_NAME = re.compile(r"[\w.@/-]+")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_SCHEME = re.compile(r"\s*[a-zA-Z][a-zA-Z0-9+.-]*:")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Pattern:
    """One pattern of ``--allow`` or ``--deny``; make it with `parse`.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    argument : str or None
        What stood between the parentheses; None where the whole kind is meant.
    text : str
        The pattern as it was written.
    """

    kind: str
    argument: str | None
    text: str

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read a pattern.

        Parameters
        ----------
        text : str
            For example ``shell(git:*)``.

        Returns
        -------
        Pattern

        Raises
        ------
        BadInput
            Where it is not a pattern; the message says what to write instead.
        """
        parts = re.fullmatch(r"([^()]*)(?:\((.*)\))?", text.strip(), re.DOTALL)
        if parts is None:
            raise _bad(text, "its parentheses do not match", f"Patterns look like {_EXAMPLES}.")
        kind, argument = parts[1].strip(), parts[2]
        if not kind:
            raise _bad(text, "it names no kind", f"Patterns look like {_EXAMPLES}.")
        if argument is not None and not argument.strip():
            raise _bad(text, "nothing is between its parentheses", f"{kind!r} alone means all.")
        if kind not in KINDS:
            _check_server(text, kind, argument)
            kind, argument = "mcp", f"{kind}/{argument}" if argument else kind
        elif kind == "mcp" and argument is None:
            raise _bad(text, "it names no server", "Write mcp(SERVER) or mcp(SERVER/TOOL).")
        if argument is not None:
            _CHECKS[kind](text, argument)
        return cls(kind, argument, text)

    @cached_property
    def shell(self) -> ShellRule:
        """The rule of a ``shell`` pattern."""
        return ShellRule.read(self.argument or "")

    def allows_anything(self) -> bool:
        """Say whether allowing this would allow any program, which its text does not say."""
        if self.kind != "shell" or not self.shell.prefix:
            return False
        return programs.never_by_name(self.shell.words[0])

    def names_tool(self, server: str, tool: str) -> bool:
        """Say whether this names a tool of an MCP server."""
        return self.kind == "mcp" and self.argument in (server, f"{server}/{tool}")

    def allows_url(self, url: str) -> bool:
        """Say whether this allows a URL, which must be beyond doubt."""
        asked = _split(url)
        if asked is None or _is_ambiguous(url, asked):
            return False
        if self.argument is None:
            return True
        if self.argument == url:
            return True
        wanted = _split(self._with_scheme())
        if wanted is None or wanted.scheme != asked.scheme or _port(wanted) != _port(asked):
            return False
        if not _is_host(wanted.hostname or "", asked.hostname or ""):
            return False
        return wanted.path in ("", "/") and not wanted.query

    def denies_url(self, url: str) -> bool:
        """Say whether this denies a URL, in any spelling of it."""
        # Some programs read percents in the name of a host, and any slashes before it, or none.
        plain = url.replace("\\", "/")
        scheme = _SCHEME.match(plain)
        host, slash, path = plain[scheme.end() if scheme else 0 :].lstrip("/").partition("/")
        begin = scheme[0] if scheme else ""
        return self._denies(url) or self._denies(f"{begin}//{unquote(host)}{slash}{path}")

    def _denies(self, url: str) -> bool:
        asked = _split(url)
        wanted = _split(self._with_scheme()) if self.argument else None
        if asked is None or wanted is None:
            return self.argument is None or self.argument.casefold() in hosts.plain(url)
        if "://" in (self.argument or "") and wanted.scheme != asked.scheme:
            return False
        host = (wanted.hostname or "").removeprefix("*.")
        if not _may_be_host(wanted.hostname or "", asked.hostname or "") and not (
            _is_ambiguous(url, asked) and host in url.casefold()
        ):
            return False
        begin = wanted.path.rstrip("/")
        return asked.path.startswith(begin) or _path(asked.path).startswith(_path(begin))

    def host(self) -> str:
        """Return the host of a ``url`` pattern, without a wildcard; empty for the bare kind."""
        split = _split(self._with_scheme()) if self.argument else None
        return (split.hostname or "").removeprefix("*.") if split else ""

    def _with_scheme(self) -> str:
        argument = self.argument or ""
        return argument if "://" in argument else f"https://{argument}"


def _bad(text: str, what: str, mend: str) -> BadInput:
    return BadInput(f"{text!r} is not a permission pattern: {what}.", mend)


def _check_server(text: str, kind: str, tool: str | None) -> None:
    """Refuse what is rather a slip in a kind's name: as a deny it would silently do nothing."""
    guess = closest(kind, set(KINDS) - {"mcp"}, most=1)
    if guess or kind.casefold() in KINDS:
        raise _bad(
            text,
            f"{kind!r} is no kind ({', '.join(KINDS)})",
            f"{guess} If it is an MCP server, write mcp({kind}{'/' + tool if tool else ''}).",
        )
    if not _NAME.fullmatch(kind) or "/" in kind:
        raise _bad(text, f"{kind!r} cannot be the name of an MCP server", f"Kinds: {_EXAMPLES}.")
    if tool is not None:
        _check_name(text, tool)


def _check_name(text: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise _bad(text, f"{name!r} cannot be the name of a tool", f"Patterns: {_EXAMPLES}.")


def _check_shell(text: str, argument: str) -> None:
    if argument.endswith(":*") and not ShellRule.read(argument).words:
        raise _bad(text, "it names no command before ':*'", "Write shell(git:*), or shell for all.")


def _check_path(text: str, argument: str) -> None:
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in argument):
        raise _bad(text, "its path holds control characters", "Write the path as text.")


def _check_url(text: str, argument: str) -> None:
    split = _split(argument if "://" in argument else f"https://{argument}")
    if split is None or not _HOST.fullmatch(_authority(split)) or _is_ambiguous(argument, split):
        raise _bad(
            text, f"{argument!r} is no host or URL", "Write url(github.com) or url(https://a.b/c)."
        )


_CHECKS = {
    "shell": _check_shell,
    "read": _check_path,
    "write": _check_path,
    "url": _check_url,
    "tool": _check_name,
    "mcp": _check_name,
}


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        _ = split.port, split.hostname
    except ValueError:
        return None
    return split


def _path(path: str) -> str:
    """Write a URL's path as a server reads it: without percents, dots and double slashes."""
    path = unquote(path).replace("\\", "/").casefold()
    return "" if path in ("", "/") else posixpath.normpath("/" + path.lstrip("/"))


def _authority(split: SplitResult) -> str:
    host = split.hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_ambiguous(url: str, split: SplitResult) -> bool:
    """Say whether browsers and Python could take different hosts from a URL."""
    if re.search(r"[\\\s\x00-\x20\x7f]", url) or not url.isascii():
        return True
    return "@" in split.netloc or "%" in split.netloc or not split.netloc


def _port(split: SplitResult) -> int | None:
    return split.port or _PORTS.get(split.scheme)


def _is_host(wanted: str, host: str) -> bool:
    host = host.rstrip(".")
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted.rstrip(".")


def _may_be_host(wanted: str, host: str) -> bool:
    asked = hosts.forms(host)
    if wanted.startswith("*."):
        return any(name.endswith(wanted[1:]) for name in asked)
    return not asked.isdisjoint(hosts.forms(wanted))
