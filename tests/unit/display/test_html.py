"""Markdown as HTML: what it holds is shown, nothing in it acts."""

from __future__ import annotations

import pytest

from copilot_magics.display.html import code_to_html, markdown_to_html, text_to_html

ELSEWHERE = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* `c` ~~d~~", "<p>a <em>b</em> <code>c</code> <s>d</s></p>\n"),
        ("<b>x</b> &amp; <!-- y -->", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;!-- y --&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](&#106;avascript:1)", "<p>[x](javascript:1)</p>\n"),
        ("[x](data:text/html,y)", "<p>[x](data:text/html,y)</p>\n"),
        ("[x](HTTPS://a/?b&c)", f'<p><a href="HTTPS://a/?b&amp;c" {ELSEWHERE}>x</a></p>\n'),
        ('[x](a/b:c "title")', f'<p><a href="a/b:c" {ELSEWHERE}>x</a></p>\n'),
        ('![a "b"](http://c/d.png)', f'<p><a href="http://c/d.png" {ELSEWHERE}>a "b"</a></p>\n'),
        ("![](d.png)", f'<p><a href="d.png" {ELSEWHERE}>d.png</a></p>\n'),
        ("[![b](c.png)](http://d)", f'<p><a href="http://d" {ELSEWHERE}>b</a></p>\n'),
        ("\x1b[31mred\u202e&#x202e;", "<p>[31mred</p>\n"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert markdown_to_html(text).replace("&quot;", '"') == html


def test_a_table() -> None:
    html = markdown_to_html("| a | b |\n|--|--|\n| `<i>` | 2 |")
    assert "<table>" in html
    assert "<td><code>&lt;i&gt;</code></td>" in html


def test_code_is_coloured_and_what_is_unknown_is_plain() -> None:
    html = markdown_to_html("```python title=x\nimport a\n```\n```nonsense<b>\n<i>\n```\n\n    <u>")
    assert '<div class="highlight"><pre><span></span><code><span class="kn">import</span>' in html
    assert "<code>&lt;i&gt;\n</code>" in html
    assert "<code>&lt;u&gt;" in html
    assert "nonsense" not in html
    assert "<span class=" not in code_to_html("import a", "nonsense")


def test_text_is_shown_as_it_is() -> None:
    assert text_to_html("<b>*x*</b>\x07\u2066") == "&lt;b&gt;*x*&lt;/b&gt;"
