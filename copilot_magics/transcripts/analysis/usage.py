"""Tokens and cost by model and by turn, as far as a journal has them, and nothing twice.

What a journal has depends on the runtime that wrote it (seen by running 1.0.32 to 1.0.102):

- Since about 1.0.102, each request to a model has a ``session.usage_record``. That is everything.
- Before, ``session.shutdown`` has totals by model (``modelMetrics``). Up to about 1.0.57 they are
  of the run that it ends; later they are of the session, all runs before included. Which of them
  they are is seen from the numbers: a run asks its models at least as often as they answer.
- Up to about 1.0.68, each ``assistant.message`` has its ``outputTokens``.
- A compaction (``session.compaction_complete``) tells its own; they are not in those totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from copilot_magics.transcripts.analysis.tables import build, decoded, events, models, plain

if TYPE_CHECKING:
    import pandas as pd

_KEYS = {"session": "string", "turn": "Int64", "model": "string", "source": "string"}
_COUNTS = (
    "requests",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
_FIGURES = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(("cost", "ai_credits"), "Float64")
DTYPES = _KEYS | _FIGURES

_BEGINNINGS = ("session.start", "session.resume")
_TELLING = (
    *_BEGINNINGS,
    "session.usage_record",
    "assistant.message",
    "session.compaction_complete",
    "session.shutdown",
)
_NANO = 1e9
_EXACT = 2**53

_Numbers = tuple[float | None, ...]
"""In the order of `_FIGURES`; None where nothing is told."""

_NONE: _Numbers = (None,) * len(_FIGURES)
_REQUESTS, _OUTPUT = _COUNTS.index("requests"), _COUNTS.index("output_tokens")


def usage(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what was used, one row for each session, turn, model and source of the figures.

    The rows may be added up: nothing is in two of them. (Beside its own, a fork has the events of
    the session it was made of; where both are in a DataFrame, ``df.drop_duplicates("event_id")``
    first.)

    Parameters
    ----------
    frame : DataFrame
        Of messages. In a part of a session only what that part tells is found.

    Returns
    -------
    DataFrame
        ``session`` (string), ``turn`` (Int64; NA where the journal has a total only, and before
        the first prompt), ``model`` (string; NA where nothing tells it), ``source`` (string),
        ``requests`` (Int64, how often the model was asked), ``input_tokens``, ``output_tokens``,
        ``cache_read_tokens``, ``cache_write_tokens``, ``reasoning_tokens`` (Int64, in tokens; what
        was read from or written to the provider's cache is among the input, reasoning among the
        output), ``cost`` (Float64, in premium requests, as the runtime counts them) and
        ``ai_credits`` (Float64, in GitHub's AI credits). NA where the journal does not say.

        The source is ``"request"``: each request's own figures; ``"compaction"``: the summary of
        a long conversation; ``"answer"``: answers tell their output tokens alone; ``"total"``: the
        rest of what a run used, which the journal does not tell by turn.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    rows = events(frame, "turn", "type", "model", "agent_id", "data")
    rows = rows.assign(model=models(rows))
    rows = rows[rows["type"].isin(_TELLING)]
    keys = map(_Key, *(plain(rows[name]) for name in _Key._fields))
    ledgers: dict[str, _Ledger] = {}
    for key, kind, payload in zip(keys, rows["type"], decoded(rows["data"], _Payload), strict=True):
        ledgers.setdefault(key.session, _Ledger()).take(kind, key, payload or _Payload())
    return _summed(entry for ledger in ledgers.values() for entry in ledger.entries())


class _Key(NamedTuple):
    session: str
    turn: int | None
    model: str | None


class _Entry(NamedTuple):
    key: _Key
    source: str
    numbers: _Numbers


class _Payload(msgspec.Struct, rename="camel"):
    """What tells of usage in any of the payloads; every field may be anything."""

    usage: Any = None
    compaction_tokens_used: Any = None
    request_id: Any = None
    output_tokens: Any = None
    model_metrics: Any = None


class _Ledger:
    """The usage of one session, from its telling events in their order."""

    def __init__(self) -> None:
        self._told: list[_Entry] = []
        self._calls: set[str] = set()
        # By model, what the last shutdown told; None while what was before is not known.
        self._total: dict[str, _Numbers] | None = None
        self._begin()

    def entries(self) -> list[_Entry]:
        """Return everything, each once."""
        return self._told + self._of_answers()

    def take(self, kind: str, key: _Key, payload: _Payload) -> None:
        """Take the next event."""
        if kind in _BEGINNINGS:
            self._told += self._of_answers()
            self._begin()
            if kind == "session.start":
                self._total = {}
        elif kind == "session.usage_record":
            told = _mapping(payload.usage)
            self._recorded = True
            self._calls.add(str(told.get("providerCallId")))
            self._add("request", key, told)
        elif kind == "session.compaction_complete":
            told = _mapping(payload.compaction_tokens_used)
            # Where its request has a record of its own, that is enough.
            if told and (payload.request_id is None or str(payload.request_id) not in self._calls):
                self._add("compaction", key, told)
        elif kind == "assistant.message":
            self._answered += 1
            if _count(payload.output_tokens) is not None:
                told = {"outputTokens": payload.output_tokens}
                self._answers.append(_Entry(key, "answer", _numbers(told)))
        else:
            self._end(key, _metrics(payload.model_metrics))

    def _begin(self) -> None:
        self._recorded = False
        self._answered = 0
        self._answers: list[_Entry] = []

    def _of_answers(self) -> list[_Entry]:
        return [] if self._recorded else self._answers

    def _add(self, source: str, key: _Key, told: dict[str, Any]) -> None:
        model = told.get("model")
        if isinstance(model, str):
            key = key._replace(model=model)
        self._told.append(_Entry(key, source, _numbers(told)))

    def _end(self, key: _Key, total: dict[str, _Numbers]) -> None:
        run = {} if self._recorded else self._of_run(total)
        # Of a model that the total knows under another name, the total is enough.
        answers = [entry for entry in self._of_answers() if not run or entry.key.model in run]
        self._told += answers
        for model, numbers in run.items():
            for answer in answers:
                if answer.key.model == model:
                    numbers = _less(numbers, answer.numbers)
            if any(numbers):
                self._told.append(_Entry(_Key(key.session, None, model), "total", numbers))
        self._total = total
        self._begin()

    def _of_run(self, total: dict[str, _Numbers]) -> dict[str, _Numbers]:
        """Return what was used since the last shutdown, given what this one tells."""
        before = self._total
        if before is None:
            # If it is of the session, some was used in what is not here.
            return total if _sum(total, _REQUESTS) <= self._answered else {}
        since = {model: _less(told, before.get(model, _NONE)) for model, told in total.items()}
        of_session = (
            before.keys() <= total.keys()
            and _sum(since, _REQUESTS) >= self._answered
            and _sum(since, _OUTPUT) >= sum(entry.numbers[_OUTPUT] or 0 for entry in self._answers)
        )
        return since if of_session else total


def _metrics(told: Any) -> dict[str, _Numbers]:
    """Read a shutdown's ``modelMetrics``."""
    found = {}
    for model, metric in _mapping(told).items():
        asked = _mapping(_mapping(metric).get("requests"))
        found[model] = _numbers(
            {
                **_mapping(_mapping(metric).get("usage")),
                "requestCount": asked.get("count"),
                "cost": asked.get("cost"),
                "copilotUsage": metric,
                "aiCreditsStatus": _mapping(metric).get("aiCreditsStatus"),
            }
        )
    return found


def _numbers(told: dict[str, Any]) -> _Numbers:
    """Read figures under the names that the runtime's versions give them."""
    billed = told.get("aiCreditsStatus") != "unavailable"
    nano = _number(_mapping(told.get("copilotUsage")).get("totalNanoAiu")) if billed else None
    return (
        _count(told.get("requestCount", 1)),
        _count(told.get("inputTokens", told.get("input"))),
        _count(told.get("outputTokens", told.get("output"))),
        _count(told.get("cacheReadTokens", told.get("cachedInput"))),
        _count(told.get("cacheWriteTokens")),
        _count(told.get("reasoningTokens")),
        _number(told.get("cost")),
        None if nano is None else nano / _NANO,
    )


def _number(value: Any) -> float | None:
    """Return a value that can be added up, else None."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return value if usable and abs(value) < _EXACT else None


def _count(value: Any) -> float | None:
    """Return a number that counts something, else None: there is no half of a token."""
    number = _number(value)
    return number if number is not None and number == int(number) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _less(numbers: _Numbers, known: _Numbers) -> _Numbers:
    return tuple(
        None if number is None else max(number - (taken or 0), 0)
        for number, taken in zip(numbers, known, strict=True)
    )


def _more(numbers: _Numbers, others: _Numbers) -> _Numbers:
    return tuple(
        (number or 0) + (other or 0) if (number, other) != (None, None) else None
        for number, other in zip(numbers, others, strict=True)
    )


def _sum(total: dict[str, _Numbers], figure: int) -> float:
    return sum(numbers[figure] or 0 for numbers in total.values())


def _summed(entries: Iterable[_Entry]) -> pd.DataFrame:
    groups: dict[tuple[_Key, str], _Numbers] = {}
    for key, source, numbers in entries:
        groups[key, source] = _more(groups.get((key, source), _NONE), numbers)
    order = {session: place for place, session in enumerate(dict.fromkeys(k[0] for k, _ in groups))}

    def place(group: tuple[_Key, str]) -> tuple[int, bool, int]:
        key, _ = group
        return order[key.session], key.turn is None, key.turn or 0

    rows = [(*key, source, *groups[key, source]) for key, source in sorted(groups, key=place)]
    columns = zip(*rows, strict=True) if rows else ([] for _ in DTYPES)
    return build(dict(zip(DTYPES, map(list, columns), strict=True)), DTYPES)
