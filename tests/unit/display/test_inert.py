"""Markdown made inert: nothing in it acts in any front end, what is harmless stays as it was."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any

import mistune
import pytest
from hostile import HIT, MARKDOWN
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from copilot_magics.display.inert import harmless_target, inert_line, inert_markdown, plain

ELEMENTS = re.compile(
    r"p|em|strong|del|s|code|pre|blockquote|[uod]l|li|d[td]|h[1-6r]|br|table|thead|tbody|t[rhd]"
    r"|a|img|input|sub|sup|kbd|div|span"
)
ATTRIBUTES = {
    "href": r"(https?:|mailto:|[^:]*$|[^:]*[/?#]).*",
    "src": r"(?![/\\])[^:]*",
    "style": r"text-align: ?\w+;?",
    "type": "checkbox",
    "start": r"\d+",
}
FREE = {"title", "alt", "class", "id", "align", "disabled", "checked", "target", "rel"}


class Seen(HTMLParser):
    """What an HTML text holds: its elements and texts; what may not be there is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert ELEMENTS.fullmatch(tag)
        for name, value in attrs:
            allowed = ".*" if name in FREE else ATTRIBUTES.get(name, "no such attribute")
            assert re.fullmatch(allowed, value or "", re.DOTALL), (name, value)
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", data)
        if self.found and isinstance(self.found[-1], list):
            self.found[-1][0] += data
        else:
            self.found.append([data])

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"a declaration: {decl}")

    unknown_decl = handle_decl
    handle_pi = handle_decl


def commonmark(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(parser.render(text))


def nbconvert(text: str) -> str:
    return str(markdown2html_mistune(text))


def jupyterlab(text: str) -> str:
    """Take formulas out, render, and put them back as they are, as JupyterLab does."""
    formulas: list[str] = []

    def taken(found: re.Match[str]) -> str:
        formulas.append(escape(found[0], quote=False))
        return f"@@{len(formulas) - 1}@@"

    formula = r"(\$\$?)(?:(?!\n\s*\n).)+?\1|\\\\\(.+?\\\\\)|\\\\\[.+?\\\\\]"
    parser = mistune.create_markdown(escape=False, plugins=["url", "table", "strikethrough"])
    html = str(parser(re.sub(f"(?s){formula}", taken, text)))
    return re.sub(r"@@(\d+)@@", lambda found: formulas[int(found[1])], html)


FRONT_ENDS = [commonmark, nbconvert, jupyterlab]

PIECES = [
    *"<>[]()!`$\\&*_~\"'{}|#",
    *["<b>", "</p>", "<!--", "-->", "<img src=x onerror=x>", "<https://a.b>", "<x@y.z>", "<br>"],
    *["](", "]:", "![", "[a]", "javascript:x", "https://a.b/", "www.a.b/", "data:x", " 'a'"],
    *["``", "```", "````", "~~~", "```py", '```py" onx="', "```mermaid", "\n", "\n", "\n\n"],
    *["$$", "\\\\(", "\\\\)", '" onx="', "\\begin{a}", "\\end{a}", "&#60;", "&#92;", "\\href{x}"],
    *[" ", "    ", "\t", "> ", "- ", "1. ", ": ", "| a | b |\n|---|---|\n| ", "word", "x.png"],
    *["\x1b[1m", "\u202e", "\x00", "\r"],
]


@pytest.mark.parametrize("render", FRONT_ENDS)
@pytest.mark.parametrize("text", MARKDOWN, ids=range(len(MARKDOWN)))
def test_hostile_text_is_inert(render: Any, text: str) -> None:
    Seen(render(inert_markdown(text)))
    # A neighbour does not wake it.
    Seen(render(inert_markdown(f"$$ `` [x]( <\n{text}\n$$ `` ) >")))


@pytest.mark.parametrize("render", FRONT_ENDS)
def test_as_it_came_it_would_act(render: Any) -> None:
    acting = 0
    for text in MARKDOWN:
        try:
            Seen(render(text))
        except (AssertionError, pytest.fail.Exception):
            acting += 1
    assert acting > 12


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example('http://a<b$"$')
@example("````-```<a```")
def test_nothing_acts_whatever_stands_beside_it(text: str) -> None:
    inert = inert_markdown(text)
    for render in FRONT_ENDS:
        Seen(render(inert))


BENIGN = [
    "# Title\n\nSome *emphasis*, **bold**, ~~gone~~, `code` and a [link](https://a.b/c?d=e&f#g).\n",
    "- one\n- two\n  - three\n\n1. first\n2. second\n\n> quoted\n\n---\n",
    "| a | b |\n|:--|--:|\n| 1 | `x` |\n| a < 2 | b > 3 |\n",
    "```python\nif a < b:\n    print(x[0](1))\n```\n",
    "Use `Array<string>` or `<div>`, ``a`<b>`` and `[x](y z)`.\n",
    "```html\n<div class='a'>\n  <b>x</b>\n</div>\n```\n\nThen:\n\n```js\nlet a = `<i>`\n```\n",
    "1. Run\n\n   ```bash\n   git clone <url>\n   cat <<EOF\n   ```\n\n2. Then\n\n   more\n",
    "````markdown\n```html\n<b>\n```\n````\n",
    "~~~xml\n<a/>\n~~~\n",
    "A file [here](data/my%20file.csv), [there](../x), [top](#top), [mail](mailto:a@b.c 'Us').\n",
    "Reference [one][1].\n\n[1]: https://a.b/c 'A title'\n",
    "![plot](plots/one.png)\n",
    "Emoji 👩‍💻, Ümläute, 日本語, עברית.\n",
    "x < y, a<3, a && b, AT&T, &copy; &amp; &lt;b&gt;, 5 > 3, <- and ->\n",
    "a [1]: b, `d[k]: {x}` and def f(x: list[int]): pass\n",
    "E = mc^2, $\\alpha + \\beta_i$ and\n\n$$\\sum_{i=1}^n x_i \\tag{1}$$\n",
    "line  \nbreak<br>and H<sub>2</sub>O, x<sup>2</sup>, press <kbd>Tab</kbd>\n",
    "- [ ] open\n- [x] done\n",
]


@pytest.mark.parametrize("render", [commonmark, nbconvert])
@pytest.mark.parametrize("text", BENIGN, ids=range(len(BENIGN)))
def test_what_is_harmless_looks_as_before(render: Any, text: str) -> None:
    assert Seen(render(inert_markdown(text))).found == Seen(render(text)).found


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("a <b>x</b>", "a &lt;b>x&lt;/b>"),
        (r"\<b>", "&lt;b>"),
        ("$x<y$ and $$a<b$$", "$x< y$ and $$a< b$$"),
        ("$A[i](x^2)$ and [i](x^2)", "$A[i] (x^2)$ and [i]&#40;x^2)"),
        ("<https://a.b/c>", "https://a.b/c"),
        ("![x](http://a.b/c.png)", "[x](http://a.b/c.png)"),
        ("![x](/logout) ![x](a/../../b)", "[x](/logout) [x](a/../../b)"),
        ("[a](<my file.txt>)", "[a](my%20file.txt)"),
        ("`Array<string>`", "<code>Array&#60;string&#62;</code>"),
        (r"$\href{https://a.b}{c}$", r"$\href{https://a.b}{c} $"),
        (r"$\href{javascript:a}{c}$", r"$\ href{javascript:a}{c}$"),
        ("```\n<b>\n```", "```text\n<b>\n```"),
        ("> ```js\n> <b>\n> ```", "```js\n<b>\n```"),
        ("    ```js\n    <b>\n", "   ```js\n   <b>\n   ```"),
        ("```mermaid\ngraph LR\na --> b\n```", "```mermaid\ngraph LR\na --> b\n```"),
        ("```sh\necho $$ <b\n```", "<pre><code>echo &#36;&#36; &#60;b</code></pre>"),
    ],
)
def test_what_is_written_instead(text: str, inert: str) -> None:
    assert inert_markdown(text) == inert


SLOW = ["!", "](", "[", "`", "$ ", "\\begin{a}", "\\\\(", "]: a\n", "```\n<a\n```\n", "- ", "`<a>`"]


@pytest.mark.parametrize("piece", SLOW)
def test_time_and_size_grow_with_the_text_alone(piece: str) -> None:
    # With patterns that look again at what they have seen, this would take minutes.
    text = piece * (200_000 // len(piece))
    assert len(inert_markdown(text)) < 6 * len(text)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("a_b *c*", r"a\_b \*c\*"),
        ("<img>", "&lt;img&gt;"),
        ("run `%copilot_session --rerun replay` now", "run `%copilot_session --rerun replay` now"),
        ("`a_b` c_d `e_f`", r"`a_b` c\_d `e_f`"),
        ("one ` c_d", r"one ` c\_d"),
        # Where backticks pair in another way, nothing passes for code.
        ("``<img>`", "``&lt;img&gt;`"),
        # What some front end takes for no code cannot act either.
        ("`<img>`", "<code>&#60;img&#62;</code>"),
        ("https://a.b/`<img>`", "https://a.b/<code>&#60;img&#62;</code>"),
        ("costs $5 <b>\x1b[1m\u202e", r"costs \$5 &lt;b&gt;\[1m"),
        ("https://a.b/$c", "https://a.b/&#36;c"),
        ("` ``x` <img>`", "` ``x` &lt;img&gt;`"),
        ("a\n\n# b", r"a \# b"),
    ],
)
def test_a_line_is_shown_and_not_obeyed(line: str, shown: str) -> None:
    assert inert_line(line) == shown


@pytest.mark.parametrize(
    ("target", "harmless"),
    [
        ("https://a.b", True),
        ("HTTP://a.b", True),
        ("mailto:a@b.c", True),
        ("a/b:c", True),
        ("#a:b", True),
        ("", True),
        (f"javascript:{HIT}", False),
        ("java\tscript:x", False),
        ("data:text/html,x", False),
        ("&#106;avascript:x", False),
        ("\\\\a", False),
    ],
)
def test_where_links_may_lead(target: str, harmless: bool) -> None:
    assert harmless_target(target) is harmless


def test_plain_text() -> None:
    assert plain("a\tb\r\nc\rd\x1b[31m\x00\x9b\u202e\u2066👩‍💻") == "a\tb\nc\nd[31m👩‍💻"
