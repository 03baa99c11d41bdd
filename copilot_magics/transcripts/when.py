"""Moments as a person gives them: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from copilot_magics.errors import BadInput

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)


def age(text: str) -> timedelta | None:
    """Return the length of time that a text like ``7d``, ``12h`` or ``30m`` names.

    Parameters
    ----------
    text : str
        A number and one of s, m, h, d, w.

    Returns
    -------
    timedelta or None
        None for any other text.
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        return None


def moment(value: datetime | date | str, name: str, *, ends: bool = False) -> datetime:
    """Return the moment in UTC that a value means.

    Parameters
    ----------
    value : datetime, date or str
        A moment, a day, either of them in ISO form, or an age. What has no time zone is local time.
    name : str
        The option's name, for the error.
    ends : bool
        Whether a day means its end and not its beginning.

    Returns
    -------
    datetime
        Aware, in UTC.

    Raises
    ------
    BadInput
        Where the value means no moment.
    """
    try:
        return _moment(value, ends)
    # An age or a zone can lead before the year 1.
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise BadInput(
            f"{name}={value!r} is no moment.",
            "Use a datetime, a date, an ISO string like '2026-01-31 18:00', or an age like '7d', "
            "'12h' or '30m'.",
        ) from error


def _moment(value: datetime | date | str, ends: bool) -> datetime:
    if isinstance(value, str):
        text = value.strip()
        ago = age(text)
        if ago is not None:
            return datetime.now(UTC) - ago
        try:
            value = date.fromisoformat(text)
        except ValueError:
            value = datetime.fromisoformat(text)
    if not isinstance(value, date):
        raise TypeError("neither a date nor a datetime")
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max if ends else time.min).astimezone(UTC)
    # By way of text, because a pandas Timestamp is a datetime whose methods are not, and its NaT is
    # one by name only.
    return datetime.fromisoformat(value.isoformat()).astimezone(UTC)
