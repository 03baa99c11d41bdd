"""A reply's code blocks and its quiet line."""

from __future__ import annotations

import pytest

from copilot_magics.reply import Reply


def reply(text: str, **told: object) -> Reply:
    fields = {
        "session": "s",
        "model": "m",
        "usage": {},
        "duration": 1.25,
        "outcome": "answered",
        "message_id": "1",
    }
    return Reply(text, **(fields | told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("no code, only `x`", []),
        ("```python\nx = 1\n```", ["x = 1"]),
        ("```\na\n\nb\n```\ntext\n~~~sh\nls\n~~~\n", ["a\n\nb", "ls"]),
        ("````md\n```py\nx\n```\n````", ["```py\nx\n```"]),
        ("```py\nunfinished", ["unfinished"]),
        ("```\n```", [""]),
        ("  ```py\n  x\n    y\n  ```", ["x\n  y"]),
        ("- a\n\n  ```py\n  x\n  ```\n> ```\n> z\n> ```", ["x", "z"]),
        ("```py\nx\n```\n```py\ny\n```", ["x", "y"]),
        ("```py\nprint('```')\n```", ["print('```')"]),
        ("a ```inline``` b", []),
    ],
)
def test_code(text: str, blocks: list[str]) -> None:
    assert reply(text).code == blocks


def test_the_quiet_line() -> None:
    assert reply("x").summary == "s · m · 1.2 s"
    usage = {"input_tokens": 1200.0, "output_tokens": 34.0, "cost": 1.0}
    whole = reply("x", usage=usage, outcome="aborted")
    assert whole.summary == "s · m · 1.2 s · 1,234 tokens · aborted"
    assert repr(whole) == f"<Reply: {whole.summary}>"
    assert str(whole) == "x"


def test_its_looks_hold_nothing_that_acts() -> None:
    shown = reply("**a** <img src=x onerror=y> `b`\n\n[c](javascript:d)", model="<m>")
    assert shown._repr_markdown_() == (
        "**a** &lt;img src=x onerror=y> `b`\n\n[c]&#40;javascript:d)\n\n"
        "<sub>s · &lt;m&gt; · 1.2 s</sub>"
    )
    html = shown._repr_html_()
    assert "<p><strong>a</strong> &lt;img src=x onerror=y&gt; <code>b</code></p>" in html
    assert "<a " not in html
    assert "<small>s · &lt;m&gt; · 1.2 s</small>" in html
