"""Whatever is typed behind a magic: it is understood, or refused in our own words."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

from copilot_magics.completion import candidates
from copilot_magics.errors import BadInput
from copilot_magics.ids import check_session_id
from copilot_magics.magics import magic_named
from copilot_magics.magics.prompt import word_for_word
from copilot_magics.magics.session import _check_choices, _opens
from copilot_magics.options import parse, split_prompt
from copilot_magics.prompting import _seconds
from copilot_magics.titles import check_title
from copilot_magics.transcripts.when import moment

if TYPE_CHECKING:
    from conftest import Fuzz

MAGICS = ("copilot", "copilot_session", "copilot_sessions", "copilot_models")
OPTIONS = sorted(
    {
        option
        for name in MAGICS
        for action in magic_named(name).parser._actions
        for option in action.option_strings
    }
)
WORDS = [
    *("alice-churn", "30d", "9" * 40 + "w", "-1", "1e999", "nan", "ask", "github", "gpt-5", "é"),
    *("'", '"', "'a b'", '"a b"', "\\", "--", "-", "=", "$x", "{x}", "%", "%s", "%(prog)s", "::"),
    *("\ud800", "\0", "\n", "\r", "\t", "\u2028", "\u202e", "@file", "--mod", "-hx", "--new=1"),
]

words = st.one_of(
    st.sampled_from(OPTIONS),
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.builds("{}={}".format, st.sampled_from(OPTIONS), st.sampled_from(WORDS)),
)
lines = st.builds(
    lambda glue, parts: glue.join(parts), st.sampled_from([" ", "  ", ""]), st.lists(words)
)
shell: Any = SimpleNamespace(find_line_magic=magic_named, user_ns={}, user_ns_hidden={})


@contextlib.contextmanager
def ours_alone() -> Iterator[None]:
    """Let our own refusals pass, if they are whole sentences; help that is printed is not shown."""
    with contextlib.redirect_stdout(io.StringIO()):
        refused: BadInput | None = None
        try:
            yield
        except BadInput as refusal:
            refused = refusal
        assert refused is None or refused.what.endswith("."), refused
        assert refused is None or refused.mend.endswith((".", "?")), refused


def understand(typed: tuple[str, str]) -> None:
    """Take a line as far as it goes before a session is touched."""
    name, line = typed
    magic = magic_named(name)
    options = line
    if name == "copilot":
        options, text = split_prompt(magic, line)
        assert line == options + line[len(options) :]
        assert text == line[len(options) :].strip()
        word_for_word(f"%%copilot\n{line}", line)
    candidates(shell, f"%{name} {line}", line[-5:])
    with ours_alone():
        args = parse(magic, options)
        if args is None:
            return
        if name == "copilot":
            _seconds(args.timeout)
        elif name == "copilot_session":
            _opens(args)
            _check_choices(args)
            check_session_id(" ".join(args.session))
        elif name == "copilot_sessions" and args.title:
            check_title(" ".join(args.title[1:]))
        elif name == "copilot_sessions" and args.prune:
            moment(args.prune, "--prune")


def test_whatever_is_typed_is_understood_or_refused(
    fuzz: Fuzz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPILOT_HOME", str(tmp_path))
    fuzz("arguments of the magics", st.tuples(st.sampled_from(MAGICS), lines), understand)
