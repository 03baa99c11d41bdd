"""Lines around an answer show what they hold, whatever Markdown or HTML that is."""

from __future__ import annotations

import pytest

from copilot_magics.display.inert import inert_line


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
