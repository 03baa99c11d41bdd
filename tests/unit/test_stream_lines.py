"""Lines around an answer show what they hold, whatever Markdown or HTML that is."""

from __future__ import annotations

import pytest

from copilot_magics.display.stream import _escaped


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
        ("` ``x` <img>`", "` ``x` &lt;img&gt;`"),
        ("a\n\n# b", r"a \# b"),
    ],
)
def test_a_line_is_shown_and_not_obeyed(line: str, shown: str) -> None:
    assert _escaped(line) == shown
