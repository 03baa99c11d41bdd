"""Which events and which columns somebody wants, checked before any journal is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from copilot_magics.errors import BadInput, closest
from copilot_magics.transcripts.reading import ROLES, role_of
from copilot_magics.transcripts.schema import COLUMNS
from copilot_magics.transcripts.when import moment


@dataclass(frozen=True)
class Restrictions:
    """What is wanted of sessions; everything, where nothing is said.

    Parameters
    ----------
    types, roles : frozenset of str or None
        Only events of these types, of these roles.
    since, until : datetime or None
        Only events from then, until then, both included; aware, in UTC.
    columns : tuple of str
        The columns, in the order wanted.
    """

    types: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    columns: tuple[str, ...] = COLUMNS

    @property
    def is_bounded(self) -> bool:
        """Whether only events of some time are wanted."""
        return self.since is not None or self.until is not None

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that are wanted, and one that tells which events are, and how many."""
        if (self.is_bounded or not self.columns) and "timestamp" not in self.columns:
            return (*self.columns, "timestamp")
        return self.columns

    def takes(self, event_type: str) -> bool:
        """Say whether events of a type are wanted."""
        return (self.types is None or event_type in self.types) and (
            self.roles is None or role_of(event_type) in self.roles
        )

    def may_take(self, timestamp: str | None) -> bool:
        """Say whether an event of some time may be wanted; only where it is surely not, False."""
        if timestamp is None:
            return not self.is_bounded
        # As the runtime writes it, to the millisecond and in UTC, so that order is the alphabet's.
        if len(timestamp) != 24 or timestamp[10] != "T" or timestamp[23] != "Z":
            return True
        first, last = self._texts
        return first <= timestamp <= last

    @cached_property
    def _texts(self) -> tuple[str, str]:
        ends = (self.since or datetime.min, self.until or datetime.max)
        first, last = (f"{end.isoformat(timespec='milliseconds')[:23]}Z" for end in ends)
        return first, last


def restrictions(
    types: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    columns: str | Iterable[str] | None = None,
) -> Restrictions:
    """Check what a person wants of sessions.

    Parameters
    ----------
    types, roles, since, until, columns
        As in `copilot_magics.transcripts.get_messages`.

    Returns
    -------
    Restrictions

    Raises
    ------
    BadInput
        For an unknown role or column, or a moment that is none.
    """
    wanted = as_list(columns, "column")
    kept_roles, kept_types = as_list(roles, "role"), as_list(types, "type of events")
    _known("column", wanted or [], COLUMNS)
    _known("role", kept_roles or [], ROLES)
    return Restrictions(
        types=None if kept_types is None else frozenset(kept_types),
        roles=None if kept_roles is None else frozenset(kept_roles),
        since=None if since is None else moment(since, "since"),
        until=None if until is None else moment(until, "until", ends=True),
        columns=COLUMNS if wanted is None else tuple(wanted),
    )


def as_list(value: str | Iterable[str] | None, what: str) -> list[str] | None:
    """Return one name, or several, as a list without repetitions; None stays None.

    Parameters
    ----------
    value : str, iterable of str or None
        A list, an array, a Series, and whatever else has names.
    what : str
        What they name, for the error.

    Raises
    ------
    BadInput
        Where one of them is no text.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return [value]
    try:
        names = list(dict.fromkeys(value))
    except TypeError:
        names = [value]  # type: ignore[list-item]
    for name in names:
        if not isinstance(name, str):
            raise BadInput(f"{name!r} is no {what}.", "Give a text, or a list of texts.")
    return names


def _known(kind: str, names: list[str], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise BadInput(
                f"There is no {kind} {name!r}.",
                f"{closest(str(name), known)} There are: {', '.join(known)}.".lstrip(),
            )
