"""The widget without a page: what it takes, and how it goes."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from copilot_magics import SessionPicker
from copilot_magics.errors import BadInput


@pytest.mark.filterwarnings("error")
def test_one_that_could_not_be_made_goes_without_a_word(home: Path) -> None:
    with pytest.raises(BadInput, match="There is no filter 'churn'"):
        SessionPicker(filter="churn")
    gc.collect()


def test_it_can_be_closed_twice(home: Path) -> None:
    picker = SessionPicker()
    picker.close()
    picker.close()
    assert repr(picker) == "SessionPicker(value=None, 0 sessions)"
