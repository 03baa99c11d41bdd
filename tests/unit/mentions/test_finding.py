"""What in a prompt is a mention, and what is none."""

from __future__ import annotations

import pytest

from copilot_magics.mentions.finding import Mention, find, with_mentions_of

MANY = 100_000

MENTIONED = [
    ("@df", ["df"]),
    ("See @df. And (@x), @y; [@z]!", ["df", "x", "y", "z"]),
    ("In \"@df\" and '@df2'", ["df", "df2"]),
    ("@df.head() fails, @f(1) too", ["df", "f"]),
    ("@model.config.rate is", ["model.config.rate"]),
    ('@d["key"].x[0]', ['d["key"].x[0]']),
    ("@d['a b']", ["d['a b']"]),
    ("@名前 と @größe", ["名前", "größe"]),
    ("@cafe\u0301 is", ["cafe\u0301"]),
    ("@मूल्य.मूल्य['मूल्य'] @मूल्य।", ["मूल्य.मूल्य['मूल्य']", "मूल्य"]),
    ("❤\ufe0f@df, @df\u200b", ["df", "df"]),
    ("@df.head(3).plot.bar() and @df.head().a", ["df", "df"]),
    ("a\n@df\nb", ["df"]),
    ("@last and @error", ["last", "error"]),
]
PATHS = [
    ("@data.csv.", ["data.csv"]),
    ("@folder/", ["folder/"]),
    ("@./x, @../y/ and @~/z.txt", ["./x", "../y/", "~/z.txt"]),
    ('@"two words.csv"', ["two words.csv"]),
    ("@'two words.csv'", ["two words.csv"]),
    ("@my-file.csv", ["my-file.csv"]),
    ("@2024.csv", ["2024.csv"]),
    (r"@data\x.csv, @C:\data\x.csv.", [r"data\x.csv", r"C:\data\x.csv"]),
    (r"@..\x\.env @C:\ or @C:/x", [r"..\x\.env", "C:\\", "C:/x"]),
    (r"@df\. And @df\ too", ["df", "df"]),
    ("@cafe\u0301.csv @मूल्य/मूल्य.csv", ["cafe\u0301.csv", "मूल्य/मूल्य.csv"]),
]
LITERAL = [
    ("ada@example.org", "ada@example.org"),
    ("a @ b, A@B, (A)@B and f(x)@y", "a @ b, A@B, (A)@B and f(x)@y"),
    (r"\@df", "@df"),
    (r"\@df \@x", "@df @x"),
    ("`@df` and ``x @df``", "`@df` and ``x @df``"),
    ("```python\n@wraps\ndef f(): ...\n```", "```python\n@wraps\ndef f(): ...\n```"),
    ("~~~\n@df\n~~~", "~~~\n@df\n~~~"),
    (r"```" + "\n\\@df\n```", "```\n\\@df\n```"),
    ("@app.route('/')\n@cache\ndef f():\n    pass", "@app.route('/')\n@cache\ndef f():\n    pass"),
    ("    @property\n    async def f():", "    @property\n    async def f():"),
    ("https://x.org/@ada", "https://x.org/@ada"),
    ("cafe\u0301@df", "cafe\u0301@df"),
    ("@cafe\u0301\ndef f(): ...", "@cafe\u0301\ndef f(): ..."),
    ("@ alone, @. and @", "@ alone, @. and @"),
]
DECORATED = [
    "@pytest.mark.parametrize(\n    'x', [1, (2)]\n)\ndef test(x): pass",
    "@property  # comment\ndef f(self): pass",
    "@a.b(')', # it's (\n  1)  # so\n# @c\n@d\n    # e\nclass A: pass",
    "@a(\n    b\n)(c)\n@property\nasync def f(): pass",
    "def f(): pass\n@a(1,\n  2)\ndef g(): pass",
]
PROSE = [
    "@df(\n see\ndef f(): pass",
    "@df  # comment\n\ndef f(): pass",
    "@df(1) is it\ndef f(): pass",
    "@df(1))\ndef f(): pass",
    "@df(\n1) is it\ndef f(): pass",
    "@df\n# comment",
]


@pytest.mark.parametrize(("prompt", "expressions"), MENTIONED)
def test_variables(prompt: str, expressions: list[str]) -> None:
    sent, found = find(prompt)
    assert sent == prompt
    assert [mention.expression for mention in found] == expressions


@pytest.mark.parametrize(("prompt", "paths"), PATHS)
def test_paths(prompt: str, paths: list[str]) -> None:
    assert [mention.path for mention in find(prompt)[1]] == paths


@pytest.mark.parametrize(
    ("prompt", "copy"),
    [
        ("@data(1).csv.", "data(1).csv"),
        ("@./a/data (1).csv", ""),
        (r"@C:\a\data(1).tar.gz", r"C:\a\data(1).tar.gz"),
        ("@my-data(final copy)_2.csv", "my-data(final copy)_2.csv"),
        ("@df.head()", ""),
        ("@f(1)", ""),
        ("@f(1). Then", ""),
        ("@df.head(1).sum()", ""),
        ("@df.head(1).plot.bar()", ""),
        ("@df.head(1).loc[0]", ""),
    ],
)
def test_a_file_may_have_a_bracket_in_its_name(prompt: str, copy: str) -> None:
    (mention,) = find(prompt)[1]
    assert mention.copy == copy


def test_what_becomes_literal_is_only_that() -> None:
    text = "cafe\u0301 @मूल्य, @cafe\u0301.x and `@df` @df"
    literal = with_mentions_of(text, "@df")
    assert literal == "cafe\u0301 \\@मूल्य, \\@cafe\u0301.x and `@df` @df"
    assert find(literal)[0] == text


def test_cells() -> None:
    found = find("@cell:3, @cell:12. @cell:2-14, @cell:5- @cell:")[1]
    assert [mention.cell for mention in found] == ["3", "12", "2-14", "5", ""]
    assert all(mention == Mention("", cell=mention.cell) for mention in found)


@pytest.mark.parametrize(
    ("prompt", "expression", "computed"),
    [
        ("@df[0:3]", "df", "[0:3]"),
        ("@d[key].", "d", "[key]"),
        ("@d['a'][f(1)] is", "d['a']", "[f(1)]"),
        ("@df.loc[1, 'a']", "df.loc", "[1, 'a']"),
        ("@df [1]", "df", ""),
        ("@df[ not closed", "df", ""),
    ],
)
def test_what_would_have_to_be_computed_is_known(
    prompt: str, expression: str, computed: str
) -> None:
    (mention,) = find(prompt)[1]
    assert (mention.expression, mention.computed) == (expression, computed)


@pytest.mark.parametrize(("prompt", "sent"), LITERAL)
def test_what_is_none(prompt: str, sent: str) -> None:
    assert find(prompt) == (sent, [])


@pytest.mark.parametrize("code", DECORATED)
def test_a_decorator_may_have_several_lines_and_comments(code: str) -> None:
    assert find(code) == (code, [])
    assert with_mentions_of(f"@x!\n{code}", "") == f"\\@x!\n{code}"
    assert [m.expression for m in find(f"Why, @df?\n{code}\n@x")[1]] == ["df", "x"]


@pytest.mark.parametrize("prompt", PROSE)
def test_what_decorates_nothing_is_a_mention(prompt: str) -> None:
    assert [m.expression for m in find(prompt)[1]] == ["df"]


def test_code_ends_where_it_ends() -> None:
    assert [m.expression for m in find("`@a` @b `@c` @d")[1]] == ["b", "d"]
    assert [m.expression for m in find("```\n@a\n```\n@b")[1]] == ["b"]
    assert [m.expression for m in find("a ` alone @b")[1]] == ["b"]
    assert [m.expression for m in find("it`s\n\n@b and it`s")[1]] == ["b"]
    assert [m.expression for m in find("`` `@a ``@b ` @c``d")[1]] == ["b", "c"]
    assert [m.expression for m in find("``@a `@b`` @c `@d`")[1]] == ["c"]


def test_a_line_of_its_own_is_no_decorator_of_prose() -> None:
    for below in ("class distribution?", "define it", "async", "def", "class A"):
        assert [m.expression for m in find(f"Look at\n@df\n{below}")[1]] == ["df"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        *("@a[", "@a.", "@a(", '@a["', "@a['", '@"', "`", "@`", "@a(\n", "@a\\", "`a\n\n"),
        *("@a(1)" + ".a" * MANY, "@a('" + "\\'" * MANY, "a\u0301" * MANY, "@a-" + "a-." * MANY),
        "@a\n" * MANY + "def f():",
        "@a(\n" * MANY + ")\n" * MANY + "def f():",
        "`\n" + " \n`" * MANY,
        " ".join("`" * length for length in range(1, 900)),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_a_long_prompt_is_read_at_once(text: str) -> None:
    # Patterns that look back and forth could take for ever: here a quadratic one takes minutes.
    find(text if len(text) > 8 else text * MANY)
