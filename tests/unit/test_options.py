"""Lines are split as a shell does; what cannot be understood says what to type instead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_magics.errors import BadInput
from copilot_magics.magics import magic_named
from copilot_magics.options import parse, split_prompt, words

COPILOT = magic_named("copilot")
SESSION = magic_named("copilot_session")
SESSIONS = magic_named("copilot_sessions")


@pytest.mark.parametrize(
    ("line", "split"),
    [
        ("", []),
        ("  a   b ", ["a", "b"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ('--title="it\'s" x', ["--title=it's", "x"]),
        ("shell(git:*) 'shell(git log)'", ["shell(git:*)", "shell(git log)"]),
        (r"C:\data\new.csv", [r"C:\data\new.csv"]),
        ("a#b # c", ["a#b", "#", "c"]),
        ("a;b|c&d", ["a;b|c&d"]),
        ("''", [""]),
        ("Café 日本", ["Café", "日本"]),
    ],
)
def test_words(line: str, split: list[str]) -> None:
    assert words(line) == split


@pytest.mark.parametrize(
    ("line", "options", "text"),
    [
        ("hello there", "", "hello there"),
        ("--quiet hello", "--quiet", "hello"),
        ("--model m --timeout 3 what's -- new?", "--model m --timeout 3", "what's -- new?"),
        ("--model=m hello", "--model=m", "hello"),
        ("--into x 'quoted' text", "--into x", "'quoted' text"),
        ("--attach 'a b.csv' sum it", "--attach 'a b.csv'", "sum it"),
        ('--attach "a \\" b" sum it', '--attach "a \\" b"', "sum it"),
        ("--unknown hello", "", "--unknown hello"),
        ("-5 plus 3?", "", "-5 plus 3?"),
        ("--as list[int] which?", "--as list[int]", "which?"),
        ("--as DataFrame[a: int, b] which?", "--as DataFrame[a: int, b]", "which?"),
        ("--as Literal['a b', c] which?", "--as Literal['a b', c]", "which?"),
        ("--as 'int | None' or [not]?", "--as 'int | None'", "or [not]?"),
        ("--as=dict[str, int] which?", "--as=dict[str, int]", "which?"),
        ("--as", "--as", ""),
        ("--model", "--model", ""),
        ("--help", "--help", ""),
        ("what does --quiet do", "", "what does --quiet do"),
        ("it's --model m", "", "it's --model m"),
        ("--quietly go", "", "--quietly go"),
        ("", "", ""),
    ],
)
def test_only_what_stands_before_the_text_is_options(line: str, options: str, text: str) -> None:
    assert split_prompt(COPILOT, line) == (options, text)


@given(st.text(alphabet=st.characters(exclude_characters="-")))
def test_a_text_without_options_is_left_alone(text: str) -> None:
    assert split_prompt(COPILOT, text) == ("", text.strip())


def test_all_options_are_parsed() -> None:
    args = parse(COPILOT, "--session s --model m --timeout 5 --attach a --attach b --into r")
    assert args is not None
    assert (args.session, args.model, args.timeout, args.into) == ("s", "m", "5", "r")
    assert (args.attach, args.quiet) == (["a", "b"], False)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("", None),
        ("--as Person", "Person"),
        ("--quiet --as DataFrame[name: str, age: int] --into x", "DataFrame[name: str, age: int]"),
        ("--as=dict[str, int]", "dict[str, int]"),
        ('--as DataFrame["first name": str, b]', 'DataFrame["first name": str, b]'),
        ("--as Literal['a b', \"c\"]", "Literal['a b', \"c\"]"),
        ("--as 'int | None'", "int | None"),
        ("--as 'DataFrame[\"a b\": str]'", 'DataFrame["a b": str]'),
        ("--as ''", ""),
        ("--as list[int --quiet", "list[int --quiet"),
    ],
)
def test_a_type_needs_no_quotes_for_what_stands_in_its_brackets(line: str, kind: str) -> None:
    args = parse(COPILOT, line)
    assert args is not None
    assert args.as_type == kind
    assert args.into == ("x" if "--into" in line else "")


@pytest.mark.parametrize(
    ("magic", "line", "told"),
    [
        (SESSION, "chat --modle m", "%copilot_session does not know '--modle m'. Did you mean"),
        (SESSION, "chat --mode", "%copilot_session: "),
        (SESSION, "chat 'open", "A quotation mark is not closed."),
        (SESSION, "chat --model", "%copilot_session: "),
        (
            SESSION,
            "chat --xyz",
            "%copilot_session does not know '--xyz'. `%copilot_session --help`",
        ),
        (COPILOT, "what is this", "The prompt goes into the lines below %%copilot"),
        (SESSIONS, "--delete", "%copilot_sessions: "),
        (SESSIONS, "--detele x", "Did you mean '--delete'"),
        # As a list of nothing, the first would be no number and the others would deny nothing.
        (COPILOT, "--timeout=--", "--timeout cannot be '--'."),
        (COPILOT, "--as --", "--as cannot be '--'."),
        (SESSION, "chat --deny=--", "--deny cannot be '--'."),
        (SESSIONS, "--delete=--", "--delete cannot be '--'."),
    ],
)
def test_what_cannot_be_understood_is_said(magic: Any, line: str, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(magic, line)
    assert told in str(caught.value)
    assert "::" not in str(caught.value)


@pytest.mark.parametrize("magic", [COPILOT, SESSION, SESSIONS, magic_named("copilot_models")])
def test_help_explains_every_option(magic: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(magic, "--help") is None
    said = capsys.readouterr().out
    assert said.startswith(f"%{magic.__name__} [-h]")
    for action in magic.parser._actions:
        assert action.help, action
        for option in action.option_strings:
            assert option in said
            assert option in magic.__doc__
    assert "%%copilot_models" not in said
