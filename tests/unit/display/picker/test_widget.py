"""The widget without a page: what it takes, and how it goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from copilot_magics import SessionPicker

REFUSED = """
import gc
from copilot_magics import SessionPicker
from copilot_magics.errors import BadInput
try:
    SessionPicker(filter="churn")
except BadInput as error:
    print(error)
gc.collect()
"""


def test_one_that_could_not_be_made_goes_without_a_word(home: Path) -> None:
    # In a process of its own, where nothing but the picker can be collected.
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True)
    assert done.stdout.startswith("There is no filter 'churn'.")
    assert done.stderr == ""


def test_it_can_be_closed_twice(home: Path) -> None:
    picker = SessionPicker()
    picker.close()
    picker.close()
    assert repr(picker) == "SessionPicker(value=None, 0 sessions)"
