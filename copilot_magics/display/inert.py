"""Text made inert: what a model, a tool or a file says is shown, and cannot act there."""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What drives a terminal or turns the order of what is read; tabs and new lines are no harm."""

_HARMLESS = re.compile(r"https?://|mailto:|(?![^/?#]*[:&\\])", re.IGNORECASE)


def plain(text: str) -> str:
    """Return a text without control characters and without those that reorder what is seen."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def harmless_target(target: str) -> bool:
    """Say whether a link may lead there: to the web, to a mailbox, or to a relative place."""
    return _HARMLESS.match(target) is not None
