"""Whatever bytes are in a journal: the intact events come out, and the rest is told as damage."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from journals import SAMPLE, answer, event, prompt, start

from copilot_magics.transcripts.journal import decode, events_of, stretches
from copilot_magics.transcripts.outline import outline
from copilot_magics.transcripts.reading import (
    arguments_of,
    brief,
    content_of,
    is_prompt,
    payload_of,
    role_of,
    tool_of,
)
from copilot_magics.transcripts.salvage import Event, salvage

if TYPE_CHECKING:
    from conftest import Fuzz

LINES = [
    start(),
    prompt("Größe?"),
    answer("5 m\u2028or so"),
    event("tool.execution_start", {"toolName": "bash", "arguments": {"command": "ls"}}),
    event("session.brand_new", {"x": [1, {"type": "a", "data": {}, "id": "b", "timestamp": "c"}]}),
    event("user.message", {"content": 5, "source": [], "attachments": None}),
    *(line for path in sorted(SAMPLE.glob("*.jsonl")) for line in path.read_bytes().split(b"\n")),
]
SHORT = [line for line in LINES if 0 < len(line) < 2000]
RUBBISH = [
    *(b"\0" * 30, b"\xef\xbb\xbf", b"\xff\xfe", b"{}", b"[]", b"null", b'{"type":', b'{"type":1}'),
    *(b"\n", b"\r\n", b"}", b'"', b"\\", b'\\ud800"', b"[" * 3000, b'{"data":' * 60, b"9" * 5000),
    *(b'{"type":"a","data":{},"id":"i","timestamp":"t"}', b"\xf0\x9f", b"\xc0\x80", b"1e400"),
]

sound = st.sampled_from(SHORT)
cut = st.builds(lambda line, at: line[: int(at * len(line))], sound, st.floats(0, 1))


def _changed(line: bytes, at: float, by: bytes, gone: int) -> bytes:
    place = int(at * len(line))
    return line[:place] + by + line[place + gone :]


rubbish = st.one_of(st.sampled_from(RUBBISH), st.binary(max_size=12))
changed = st.builds(_changed, sound, st.floats(0, 1), rubbish, st.integers(0, 9))
pieces = st.lists(
    st.tuples(
        st.one_of(sound, sound, cut, changed, rubbish),
        st.sampled_from([b"\n", b"\n", b"", b"\r\n"]),
    ),
    max_size=6,
)


def read(written: list[tuple[bytes, bytes]]) -> None:
    """Read a journal in every way there is, and hold the answers against each other."""
    blob = b"".join(piece + end for piece, end in written)
    journal = decode(blob)
    last = 0
    for place in journal.damage:
        assert last <= place.start < place.end <= len(blob)
        assert place.what
        last = place.start
    found = iter(journal.events)
    for line in _whole_lines(written):
        # In order, though other events may be between them.
        assert any(event.id == json.loads(line)["id"] for event in found), line
    in_parts = [event for part in stretches(io.BytesIO(blob)) for event in part.events]
    one_by_one, damage = salvage(blob)
    # JSON may break a line inside an event. The runtime does not, so there it may be found or not.
    found = iter(journal.events)
    assert all(event in found for event in in_parts)
    found = iter(journal.events)
    assert all(event in found for event in one_by_one)
    assert in_parts == journal.events or damage
    assert one_by_one == journal.events or damage
    asked = [event for event in journal.events if event.type == "user.message"]
    told = [event.id for event in events_of(blob, "user.message")]
    assert told == [event.id for event in asked]
    outline(blob)
    for event_ in journal.events:
        _understand(event_)


def _whole_lines(written: list[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the sound lines that have a line to themselves."""
    whole, fresh = [], True
    for piece, end in written:
        alone = fresh and end.endswith(b"\n")
        if alone and piece in SHORT:
            whole.append(piece)
        fresh = (piece + end).endswith(b"\n") or (fresh and not piece + end)
    return whole


def _understand(event_: Event) -> None:
    payload = payload_of(event_)
    content = content_of(event_.type, payload)
    assert content is None or isinstance(content, str)
    role_of(event_.type)
    is_prompt(event_, payload)
    tool_of(payload)
    brief(arguments_of(payload))


def test_whatever_bytes_are_in_it(fuzz: Fuzz) -> None:
    fuzz("the journal reader", pieces, read)
