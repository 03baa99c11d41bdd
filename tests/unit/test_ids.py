"""What a session may be called, and what is proposed instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_magics.errors import InvalidSessionID
from copilot_magics.ids import check_session_id, is_session_id, propose_id


@pytest.mark.parametrize("good", ["a", "alice-churn", "A_1b-2", "-", "-a", "0", "a" * 100])
def test_good_ids_are_returned(good: str) -> None:
    assert check_session_id(good) == good


@pytest.mark.parametrize(
    ("bad", "proposed"),
    [
        ("", "session"),
        ("my session", "my-session"),
        ("../../etc", "etc"),
        (".hidden", "hidden"),
        ("a..b", "a-b"),
        ("a-1.15", "a-1-15"),
        ("a.", "a"),
        ("a/b\\c", "a-b-c"),
        ("Café Zürich", "Cafe-Zurich"),
        ("日本", "session"),
        ("a\n", "a"),
        ("a*?", "a"),
        ("x" * 101, "x" * 100),
    ],
)
def test_bad_ids_get_the_rule_and_a_good_one(bad: str, proposed: str) -> None:
    with pytest.raises(InvalidSessionID) as caught:
        check_session_id(bad)
    assert "1 to 100" in str(caught.value)
    assert str(caught.value).endswith(f"Try {proposed!r}.")


@given(st.text())
def test_every_proposal_is_an_id(text: str) -> None:
    assert check_session_id(propose_id(text)) == propose_id(text)


@pytest.mark.parametrize(("name", "readable"), [("v1.2", True), ("..", False), ("a/b", False)])
def test_ids_with_dots_are_read_but_lead_nowhere_else(name: str, readable: bool) -> None:
    assert is_session_id(name) is readable
