"""Keys: read where they are used, told apart from names, and taken out of what is shown."""

from __future__ import annotations

import os
import re

from copilot_magics.errors import BadInput

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(
    r"(?:sk|hf|gsk|xai|gh[a-z]|github_pat)_.*|AIza.*|\w*(?=[A-Za-z]*\d)[A-Za-z0-9]{20}\w*"
)
_QUERY = re.compile(r"[?#]")
_UP_TO_HOST = re.compile(r"(?s)^([A-Za-z][\w+.-]*://)?.*@")


class Key(str):
    """A key: a string for whom it is handed to, and hidden from whoever looks at variables.

    Error reporters show those of each frame that an error came through, the SDK's too.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<a key>"


def read_key(name: str) -> Key | None:
    """Return the key that a variable holds, or None where it is not set."""
    value = os.environ.get(name)
    return Key(value) if value else None


def check_name(name: str, where: str) -> str:
    """Return the name of a variable, unless it may be a key in that one's place.

    Parameters
    ----------
    name : str
        What was given as the name; may be empty.
    where : str
        How it was given.

    Raises
    ------
    BadInput
        It is no name, or looks more like a key; it is not repeated.
    """
    named = _NAME.fullmatch(name) and (name in os.environ or not _LIKE_A_KEY.fullmatch(name))
    if name and not named:
        raise BadInput(
            f"What {where} holds is not the name of a variable; if it is the key itself, it does "
            "not belong in a notebook.",
            "Put the key into a variable, and give its name, such as OPENAI_API_KEY.",
        )
    return name


def without_keys(url: str) -> str:
    """Return a URL as it can be shown: without user, password, query and fragment."""
    before, *query = _QUERY.split(url, maxsplit=1)
    if query and "@" in query[0]:
        # A password may hold the mark, and the host then stands behind it.
        return "(hidden)"
    return _UP_TO_HOST.sub(r"\1…@", before) + ("?…" if query else "")
