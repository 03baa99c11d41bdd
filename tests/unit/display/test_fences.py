"""Fences of code in a text that has not come to its end: found, and closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_magics.display.fences import closed, open_fence
from copilot_magics.display.stream import split_point


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        ("", ""),
        ("plain ``code``", ""),
        ("```python\nx", "```python"),
        ("```python\nx\n```", ""),
        ("~~~\n```\nx", "~~~"),
        ("````\n```\nx", "````"),
        ("````\n```\n````\n", ""),
        ("```\nx\n```python", "```"),
        ("  ```js\nx", "  ```js"),
        # In a list it is one.
        ("    ```js\nx", "    ```js"),
        ("- ~~~\nx", "- ~~~"),
        ("> ```\n> x", "> ```"),
        ("> ```\n> x\nmore", ""),
        ("``` a`b", ""),
    ],
)
def test_an_open_fence_is_found_and_closed(text: str, fence: str) -> None:
    found = open_fence(text)
    assert (found.opener if found else "") == fence
    assert open_fence(closed(text)) is None
    assert closed(text).startswith(text)
    if not fence:
        assert closed(text) == text


LINES = st.sampled_from(["```", "```py", "~~~~", "text", "", "- item", "  ```", "a. b"])


@given(st.lists(LINES).map("\n".join))
def test_closing_always_closes(text: str) -> None:
    assert open_fence(closed(text)) is None
    assert 0 <= split_point(text) <= len(text)
