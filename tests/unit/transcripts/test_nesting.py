"""What is nested too deep to be decoded is an event all the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pytest
from journals import answer, event, prompt, write_session

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.journal import decode

T = TypeVar("T")

# About where the decoders, and then the encoder, begin to refuse; and far beyond.
DEPTHS = [*range(900, 1020, 7), 5_000, 100_000]


def nested(depth: int) -> tuple[bytes, bytes]:
    lists = b"[" * depth + b"]" * depth
    objects = b'{"a]\\"":' * depth + b"1" + b"}" * depth
    return lists, objects


def called(depth: int, tool: str = "bash") -> bytes:
    said = {"toolCallId": "c", "toolName": tool, "arguments": {"k": "DEEP"}}
    return event("tool.execution_start", said).replace(b'"DEEP"', nested(depth)[0])


def asked(depth: int, **envelope: str) -> bytes:
    return prompt("hi", **envelope).replace(b'"data":{', b'"data":{"x":%s,' % nested(depth)[1])


def from_deep_in_the_stack(frames: int, read: Callable[[], T]) -> T:
    return from_deep_in_the_stack(frames - 1, read) if frames else read()


@pytest.fixture(params=[0, 600], ids=["called from near", "called from far"])
def read(request: pytest.FixtureRequest) -> Callable[[str], pd.DataFrame]:
    def read(session: str) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return from_deep_in_the_stack(request.param, lambda: get_messages(session))

    return read


@pytest.mark.parametrize("depth", DEPTHS)
def test_it_is_a_row(home: Path, read: Callable[[str], pd.DataFrame], depth: int) -> None:
    lines = [called(depth), asked(depth), answer("yes"), called(1, "view")]
    write_session(home, "s", *lines)
    frame = read("s")
    assert frame["tool"].fillna("").tolist() == ["bash", "", "", "view"]
    assert frame["content"].tolist()[1:3] == ["hi", "yes"]
    assert frame["turn"].fillna(0).tolist() == [0, 1, 1, 1]
    for line, data in zip(lines, frame["data"], strict=True):
        assert b'"data":' + data.encode() + b',"id"' in line


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        (asked(3000) + called(3000) + asked(3000), 2),
        (called(3000)[:-30] + asked(3000), 1),
        (b"\0" * 9 + called(3000), 1),
        (called(3000).replace(b"bash", b"b\xffsh"), 1),
        (asked(3000, id="MARK").replace(b'"MARK"', nested(3000)[0]), 1),
        (asked(3000).replace(b"hi", b"\\ud800"), 1),
    ],
    ids=["run together", "after a torn one", "NULs", "no UTF-8", "an odd ID", "a surrogate"],
)
def test_it_survives_damage(line: bytes, damaged: int) -> None:
    journal = decode(line + b"\n" + answer("next"))
    whole = line.count(b'"parentId":null}')
    assert len(journal.events) == whole + 1
    assert len(journal.damage) == damaged
    assert journal.events[-1].type == "assistant.message"


@pytest.mark.parametrize(
    ("intact", "broken"),
    [
        (b"[]", b"[}"),
        (b"[]", b"[1 2]"),
        (b"[]", b'["]'),
        (b"[]", b"[tru]"),
        (b"[]", b"[{[]:1}]"),
        (b"[]", b"[]]"),
        (b"[]", b"["),
        (b'"data":', b'"data"'),
    ],
    ids=lambda value: value.decode(),
)
def test_what_is_no_json_is_no_event(intact: bytes, broken: bytes) -> None:
    line = called(3000).replace(intact, broken, 1)
    journal = decode(line + b"\n" + answer("next"))
    assert [event.type for event in journal.events] == ["assistant.message"]
    assert len(journal.damage) == 1
