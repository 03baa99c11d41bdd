"""Turns: what was asked, what came back, what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copilot_magics.transcripts.analysis.calls import tools
from copilot_magics.transcripts.analysis.failures import errors
from copilot_magics.transcripts.analysis.rows import answers, prompts
from copilot_magics.transcripts.analysis.tables import build, events, models
from copilot_magics.transcripts.analysis.usage import usage

if TYPE_CHECKING:
    import pandas as pd

_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens")
DTYPES = {
    "session": "string",
    "turn": "Int64",
    "started": "datetime64[us, UTC]",
    "seconds": "Float64",
    "prompt": "string",
    "answer": "string",
    "outcome": "string",
    "model": "string",
    "tools": "Int64",
    "tool_names": "string",
    "errors": "Int64",
    **dict.fromkeys(_TOKENS, "Int64"),
}
_TURN = ["session", "turn"]

# One turn of the person's may be several of the model's.
_BEGUN, _ENDED = "assistant.turn_start", "assistant.turn_end"
_ERROR, _ABORT = "session.error", "abort"


def turns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the turns, one row a turn, in order.

    Parameters
    ----------
    frame : DataFrame
        Of messages. What is before a session's first prompt is of no turn.

    Returns
    -------
    DataFrame
        ``session`` (string), ``turn`` (Int64), ``started`` (datetime64[us, UTC], of the prompt),
        ``seconds`` (Float64, until the last the agent did; NA where it did nothing), ``prompt``
        (string, as it was typed), ``answer`` (string, all texts of the agent itself, blank lines
        between them), ``outcome`` (string: ``"answered"``, ``"failed"``, ``"aborted"``; NA where
        the journal does not tell, as of a turn on its way), ``model`` (string, who answered last),
        ``tools`` (Int64, how many calls), ``tool_names`` (string, each once, in the order of their
        first calls, commas between them), ``errors`` (Int64, how many error events and failed
        calls), ``input_tokens``, ``output_tokens``, ``cache_read_tokens`` (Int64, of all models;
        NA where the journal does not tell them by turn). What sub-agents did counts for tools,
        errors and tokens.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    told = ("turn", "timestamp", "type", "role", "content", "model", "agent_id", "data")
    rows = events(frame, *told)
    rows = rows.assign(model=models(rows))[rows["turn"].notna()]
    own = rows[rows["agent_id"].isna()]
    asked, said = own[prompts(own)], own[answers(own)]
    texts = said[said["content"].notna()]
    calls = tools(frame)
    used = calls[calls["tool"].notna()].drop_duplicates([*_TURN, "tool"])

    table = _by_turn(rows)[["timestamp"]].first()
    table["started"] = _by_turn(asked)["timestamp"].first()
    table["started"] = table["started"].fillna(table["timestamp"])
    table["seconds"] = (_last_done(own).reindex(table.index) - table["started"]).dt.total_seconds()
    table["prompt"] = _by_turn(asked)["content"].first()
    table["answer"] = _joined(texts, "content", "\n\n", table)
    table["outcome"] = _outcomes(own, table)
    table["model"] = _by_turn(said)["model"].last()
    table["tools"] = _counted(calls, table)
    table["tool_names"] = _joined(used, "tool", ", ", table)
    table["errors"] = _counted(errors(frame), table)
    table = table.join(_by_turn(usage(frame))[list(_TOKENS)].sum(min_count=1))
    return build(table.reset_index(), DTYPES)


def _by_turn(rows: pd.DataFrame) -> Any:
    return rows.groupby(_TURN, sort=False)


def _joined(rows: pd.DataFrame, column: str, between: str, table: pd.DataFrame) -> list[str | None]:
    # Pandas would make a Series for each turn, which takes ten times as long.
    texts: dict[tuple[str, int], list[str]] = {}
    for session, turn, text in zip(*(rows[name] for name in (*_TURN, column)), strict=True):
        texts.setdefault((session, turn), []).append(text)
    return [between.join(texts[key]) if key in texts else None for key in table.index]


def _counted(rows: pd.DataFrame, table: pd.DataFrame) -> pd.Series[Any]:
    counts: pd.Series[Any] = _by_turn(rows).size().reindex(table.index, fill_value=0)
    return counts


def _last_done(own: pd.DataFrame) -> pd.Series[Any]:
    done = own["role"].isin(("assistant", "tool")) | own["type"].isin((_ERROR, _ABORT))
    moments: pd.Series[Any] = _by_turn(own[done])["timestamp"].max()
    return moments


def _outcomes(own: pd.DataFrame, table: pd.DataFrame) -> pd.Series[Any]:
    """Say how turns ended, from what came last in each."""
    import pandas as pd

    places = own[_TURN].assign(place=range(len(own)))

    def last(*types: str) -> pd.Series[Any]:
        found: pd.Series[Any] = _by_turn(places[own["type"].isin(types)])["place"].max()
        return found.reindex(table.index, fill_value=-1)

    begun = last(_BEGUN)
    outcomes = pd.Series(None, index=table.index, dtype="string")
    outcomes[last(_ENDED, "assistant.message") > last(_BEGUN, "tool.execution_start")] = "answered"
    outcomes[last(_ERROR) > begun] = "failed"
    outcomes[last(_ABORT) >= 0] = "aborted"
    return outcomes
