"""Command lines as the shell would run them: which are plain, and which leave doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_magics.permissions.shell import parse

PLAIN = [
    ("git status", [("git", "status")]),
    ("git status; ls -l", [("git", "status"), ("ls", "-l")]),
    ("git log | head -5 && ls || pwd", [("git", "log"), ("head", "-5"), ("ls",), ("pwd",)]),
    ("git status\nls", [("git", "status"), ("ls",)]),
    ("git log \\\n  --oneline", [("git", "log", "--oneline")]),
    ("# look first\ngit status", [("git", "status")]),
    ("r''m 'a b' \"c d\"", [("rm", "a b", "c d")]),
    ("\\rm x", [("rm", "x")]),
    ("git commit -m 'two\nlines'", [("git", "commit", "-m", "two\nlines")]),
    ("git log 2>&1", [("git", "log")]),
    ("git log > /dev/null 2>/dev/null", [("git", "log")]),
    ("git log --format='%h %s' é", [("git", "log", "--format=%h %s", "é")]),
    ("echo a=b ''", [("echo", "a=b", "")]),
    ("ls src/*.py ~/x", [("ls", "src/*.py", "~/x")]),
]


@pytest.mark.parametrize(("text", "commands"), PLAIN)
def test_plain_lines_are_read_word_by_word(text: str, commands: list[tuple[str, ...]]) -> None:
    line = parse(text)
    assert list(line.commands) == commands
    assert line.beyond == ()
    assert line.doubts == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("git log $(rm x)", "substitutes"),
        ("git log `rm x`", "substitutes"),
        ('git log "$(rm x)"', "substitutes"),
        ("git diff <(rm x)", "substitutes"),
        ("git log > f", "redirects"),
        ("git log >> f", "redirects"),
        ("git log < f", "redirects"),
        ("git log > /dev/null -c x", "redirects"),
        ("git log >/dev/nullx", "redirects"),
        ("git log >&3", "redirects"),
        ("cat <<E\nx\nE", "feeds"),
        ("cat <<< x", "feeds"),
        ("LD_PRELOAD=x git status", "sets a variable"),
        ("PATH=x", "sets a variable"),
        ("export PATH=x", "sets a variable"),
        ("git $x", "expands"),
        ('git "$x"', "expands"),
        ("git ${x}", "expands"),
        ("git() { rm x; }; git", "defines"),
        ("if true; then rm x; fi", "shell's language"),
        ("(git status)", "shell's language"),
        ("git status & rm x", "background"),
        ("git status |& rm", "uses"),
        ("git {status,push}", "leaves a part"),
        ("git *", "leaves a part"),
        ("git $'\\x73tatus'", "shell's language"),
        ("git status\rrm x", "control"),
        ("git\u00a0status", "control"),
        ("git\x0bstatus", "control"),
        ("git status\x00", "control"),
        ("r\\\nm x", "continues"),
        ("git \ud800", "Unicode"),
        # tree-sitter takes the rest for a comment; bash runs it.
        ("git log \\ #; rm x", "certainty"),
        ("git log ;# x", "certainty"),
        ("echo 'open", "shell's language"),
        ("git log ';' rm", "more than one way"),
        ("then rm x", "certainty"),
        ("git status; }", "certainty"),
    ],
)
def test_what_goes_beyond_is_named(text: str, what: str) -> None:
    assert any(what in beyond for beyond in parse(text).beyond), parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "$x y", "r? x", "{rm,x}", "~/rm x", "$'rm' x", "git log \\ #; rm x",
        "cat <<E | sh\nrm x\nE",
        "x='$(rm y)'; echo ${x@P}", "echo ${!x}", "echo $((a[$x]))", "((x=1))", "[[ $x -eq 1 ]]",
        "PATH=. ls", "&> \\ rm x", "time < f rm", "> $ rm x", "echo `x` `y`", "export BASH_ENV=x",
        "for PATH in .; do ls; done", "read PATH", "echo 'open",
        "printf -v PATH x",
    ],
)  # fmt: skip
def test_what_may_hide_a_command_leaves_doubt(text: str) -> None:
    assert parse(text).doubts, parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "echo $(rm x)", "echo `rm x`", 'echo "$(rm x)"', "cat <(rm x)", "echo ${a:-$(rm x)}",
        "if true; then rm x; fi", "for i in 1; do rm x; done", "while rm x; do :; done",
        "f() { rm x; }", "case a in a) rm x;; esac", "(rm x)", "{ rm x; }", "! rm x", "rm x &",
        "true && rm x", "true | rm x", "A=$(rm x) ls", "[[ $(rm x) ]]", "echo $((1+$(rm x)))",
        "rm x > f", "ls > $(rm x)", "cat <<E\n$(rm x)\nE",
    ],
)  # fmt: skip
def test_commands_are_found_however_deep(text: str) -> None:
    assert ("rm", "x") in parse(text).commands


def test_a_very_deep_line_is_read() -> None:
    assert parse("(" * 5000 + "rm" + ")" * 5000).beyond


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert parse(text).text == text


@pytest.mark.parametrize("before", ["<\t{", "{", "a{", "${", "[", "$", "", "((", "<<"])
def test_a_character_of_any_number_ends_no_process(before: str) -> None:
    # The grammar's scanner reads beyond its tables; not every time, so all of them are tried.
    for number in [*range(0xA0, 0xD800, 211), *range(0xE000, 0x110000, 499)]:
        text = f"{before}{chr(number)} x"
        assert parse(text).text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("é x", ("é", "x")),
        ("ls ifé doé 'ü' \"日本\" a日b", ("ls", "ifé", "doé", "ü", "日本", "a日b")),
        ("echo \\é é1 🙂", ("echo", "é", "é1", "🙂")),
    ],
)
def test_letters_beyond_ascii_are_letters(text: str, words: tuple[str, ...]) -> None:
    line = parse(text)
    assert line.commands == (words,)
    assert (line.beyond, line.doubts) == ((), ())


@pytest.mark.parametrize("text", ["é=1 rm x", "é=1", "$é rm", "${é} rm"])
def test_what_is_a_name_with_ascii_only_leaves_doubt(text: str) -> None:
    assert parse(text).doubts


@pytest.mark.parametrize(
    "text",
    [
        "--ch*", "-?", "-[x]", "--c'h'e*", "'-'c*", '"-"-c*', "\\--ch*", "''-c*", "*", "?x", "[-]x",
        "--a\\=*",
    ],
)  # fmt: skip
def test_a_glob_that_may_become_any_option_is_unknown(text: str) -> None:
    assert parse(f"tar {text}").commands == (("tar", None),)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("--exclude=*.o", "--exclude=*.o"), ("--ch\\*", "--ch*"), ("--ch'*'", "--ch*"),
        ("src/*.py", "src/*.py"), ("a-*", "a-*"), ("'--c'h", "--ch"),
    ],
)  # fmt: skip
def test_any_other_glob_is_a_word(text: str, word: str) -> None:
    assert parse(f"tar {text}").commands == (("tar", word),)
