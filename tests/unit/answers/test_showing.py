"""How an object that a model answered is shown: whole to a reader, inert to a front end."""

from __future__ import annotations

import pandas as pd

from copilot_magics.answers.showing import drawn


def test_a_table() -> None:
    frame = pd.DataFrame({"a|b": ["<img src=x onerror=y>", "$\\href{x}{y}$"], "n": [1, None]})
    shown = drawn(frame)
    head, rule, first, second, blank, size = shown.markdown.split("\n")
    assert (rule, blank, size) == ("| ---: | :--- | ---: |", "", "2 rows × 2 columns")
    assert head == "|  | a&#124;b | n |"
    assert first == "| 0 | &#60;img src&#61;x onerror&#61;y&#62; | 1&#46;0 |"
    assert "$" not in second
    assert shown.plain == shown.printed
    assert "<img src=x onerror=y>" in shown.plain

    large = drawn(pd.DataFrame({f"c{n}": range(100) for n in range(40)}))
    assert large.markdown.count("\n| ") == 61
    assert large.markdown.splitlines()[0].count("|") == 32
    assert large.markdown.endswith("100 rows × 40 columns; the reply's `.value` has all of them")
    assert drawn(pd.DataFrame()).markdown == "0 rows × 0 columns"
    long = drawn(pd.DataFrame({"a": ["x" * 1000]})).markdown
    assert f"{'x' * 199}&#8230;" in long


class Hostile:
    """It cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_anything_else() -> None:
    shown = drawn({"a": ["```\n</code><script>", "\x1b[2J"]})
    assert shown.markdown.startswith("````python\n{'a': ['```")
    assert "\x1b" not in shown.markdown + shown.plain
    assert drawn(Hostile()).plain == "<Hostile, which cannot be shown: RuntimeError>"
    long = drawn("x" * 30_000).plain
    assert long.endswith("the reply's `.value` has all")
    assert len(long) < 21_000
