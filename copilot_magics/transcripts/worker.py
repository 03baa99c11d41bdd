"""A process that reads sessions for another one (``python -m`` this module, by `parallel`).

It is told over a socket what is wanted, then which sessions, some at a time, and answers with their
rows: as an Arrow stream, or as MessagePack where there is no pyarrow. It ends with the socket. It
does not import pandas, which would take it longer than many sessions.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from copilot_magics.transcripts.damage import Place, places
from copilot_magics.transcripts.gathering import Rows, gather
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.schema import Piece

_LENGTH = struct.Struct("!Q")


class Job(msgspec.Struct, frozen=True):
    """What is wanted of all sessions.

    Attributes
    ----------
    state : str
        The folder that holds one folder a session.
    wanted : Restrictions
        What is wanted of them.
    """

    state: str
    wanted: Restrictions


def send(connection: socket.socket, message: bytes | memoryview) -> None:
    """Send a message."""
    connection.sendall(_LENGTH.pack(len(message)))
    connection.sendall(message)


def receive(connection: socket.socket) -> bytearray | None:
    """Receive a message; None once the other side has gone."""
    length = _received(connection, _LENGTH.size)
    return None if length is None else _received(connection, _LENGTH.unpack(length)[0])


def _received(connection: socket.socket, size: int) -> bytearray | None:
    message = bytearray(size)
    view = memoryview(message)
    while view:
        # In one call, so that the thread that waits does not wait for the interpreter's lock too.
        count = connection.recv_into(view, 0, socket.MSG_WAITALL)
        if not count:
            return None
        view = view[count:]
    return message


def encode(pieces: Sequence[Piece]) -> memoryview | bytes:
    """Return pieces as bytes."""
    if not pieces or isinstance(pieces[0], dict):
        return msgspec.msgpack.encode(pieces)
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pieces[0].schema) as writer:
        for piece in pieces:
            writer.write_batch(piece)
    return memoryview(sink.getvalue())


def decode(message: bytearray) -> list[Piece]:
    """Return the pieces that were encoded; their texts stay in the message."""
    # A MessagePack list begins with 0x9., 0xdc or 0xdd; an Arrow stream with 0xff.
    if message[0] != 0xFF:
        found: list[Any] = msgspec.msgpack.decode(message)
        return found
    import pyarrow as pa

    return list(pa.ipc.open_stream(pa.py_buffer(message)))


def serve(connection: socket.socket) -> None:
    """Do a job until the other side has gone."""
    told = receive(connection)
    if told is None:
        return
    job = msgspec.json.decode(told, type=Job)
    while (sessions := receive(connection)) is not None:
        rows, damage = Rows(job.wanted), list[Place]()
        for session in msgspec.json.decode(sessions, type=list[str]):
            found = gather(Path(job.state), session, rows, lambda count: None)
            damage += places(session, found)
        send(connection, msgspec.json.encode(damage))
        send(connection, encode(rows.pieces))


def main() -> None:
    """Serve on the socket whose number is the first argument."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except ConnectionError:
            # Nobody waits for the answer any more.
            return


if __name__ == "__main__":
    main()
