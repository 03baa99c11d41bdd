"""The session picker: a widget in which sessions are found, read, taken up and cleared away.

The page is written in JavaScript (``front/`` in the repository, built into ``static/``); here is
what it shows and does, one module each.
"""

from copilot_magics.display.picker.widget import SessionPicker

__all__ = ["SessionPicker"]
