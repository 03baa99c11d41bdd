"""Whatever is a pattern and whatever is asked for: there is a decision, and never by accident."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from copilot_magics.errors import BadInput
from copilot_magics.permissions import Policy
from copilot_magics.permissions.asks import understand
from copilot_magics.permissions.patterns import KINDS, Pattern

if TYPE_CHECKING:
    from conftest import Fuzz

PIECES = [
    *["git"] * 4, *["rm"] * 3, *[" "] * 5, "status", ";", "&&", "||", "|", "&", "\n", "$(rm)",
    "`rm`", "\\", "'", '"', "#", ">", ">/dev/null", "2>&1", "<", "(", ")", "{", "}", "$x", "-c",
    "=", "A=1", "<<E", "E", "if", "then", "fi", "!", "\\\n", "\t", "\u00a0", "é", "~", "*", "[",
    "{a,b}", "$", "$'", '$"', "case", "esac", ";;", "env", "bash -c", "xargs", "find", "-exec",
    "<<<", "&>", "|&", "[[", "]]", "((", "))", "\0", "\ud800", "𝒳", "/bin/rm", "..", "/",
]  # fmt: skip
PLACES = [
    *("out", "../x", "~", "/", "", ".", "**/*.py", "[", "a\0b", ".env", "\ud800", "x" * 300),
    *("github.com", "https://github.com:443/a", "http://[::1", "http://a:99999", "*.b", "//", "@"),
]

scraps = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.sampled_from(PLACES),
    st.text(max_size=12),
)
patterns = st.one_of(
    st.sampled_from(["shell(git:*)", "shell(git status)", "shell", "read", "write(out)", "url"]),
    st.builds("{}({})".format, st.sampled_from([*KINDS, "server", "shel"]), scraps),
    st.builds("{}({}:*)".format, st.just("shell"), scraps),
    scraps,
)
values: st.SearchStrategy[Any] = st.one_of(scraps, st.none(), st.integers(), st.lists(scraps))
requests = st.one_of(
    st.builds(lambda text: {"kind": "shell", "fullCommandText": text}, scraps),
    st.builds(lambda text: {"kind": "url", "url": text}, scraps),
    st.builds(lambda text: {"kind": "read", "path": text}, scraps),
    st.builds(lambda text: {"kind": "write", "fileName": text, "diff": "+x"}, scraps),
    st.builds(
        lambda kind, one, other: {
            "kind": kind,
            **dict.fromkeys(("fullCommandText", "fileName", "resolvedPath", "toolName"), one),
            **dict.fromkeys(("path", "url", "serverName", "diff", "args"), other),
        },
        st.sampled_from(["shell", "read", "write", "url", "mcp", "custom-tool", "hook", "new", ""]),
        values,
        values,
    ),
)


def usable(texts: list[str]) -> Iterator[Pattern]:
    """Parse the texts that are patterns; the others must be refused in our own words."""
    for text in texts:
        with contextlib.suppress(BadInput):
            yield Pattern.parse(text)


def test_whatever_is_asked_there_is_a_decision(fuzz: Fuzz, tmp_path: Path) -> None:
    modes = st.sampled_from(["ask", "read-only", "allow-all", "deny"])
    folder = os.fspath(tmp_path)

    def decide(case: tuple[str, list[str], list[str], dict[str, Any]]) -> None:
        mode, allow, deny, request = case
        allowed, denied = list(usable(allow)), list(usable(deny))
        ask = understand(request, folder)
        try:
            policy = Policy(mode, allowed, denied, folder)
        except BadInput:
            return
        verdict = policy.decide(ask).verdict
        assert verdict in ("allow", "ask", "refuse")
        assert verdict == "refuse" or mode not in ("read-only", "deny") or verdict == "allow"
        if not allowed and verdict == "allow":
            # Then it is the mode that allows it, and two of them allow nothing but reading.
            assert mode == "allow-all" or (mode != "deny" and ask.kind == "read"), request
        denying = Policy(mode, allowed, [Pattern.parse("shell"), *denied], folder)
        assert ask.kind != "shell" or denying.decide(ask).verdict == "refuse", request

    few = st.lists(patterns, max_size=3)
    fuzz("permission patterns", st.tuples(modes, few, few, requests), decide)
