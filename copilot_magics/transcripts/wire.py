"""What two processes that read sessions together tell each other (`parallel`, `worker`).

Over a socket: what is wanted, which sessions, and where their rows stand. The rows themselves are
in a file that both have, as an Arrow stream, or as MessagePack where there is no pyarrow.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from io import FileIO

import msgspec

from copilot_magics.transcripts.damage import Place
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


def send(connection: socket.socket, message: bytes) -> None:
    """Send a message."""
    connection.sendall(_LENGTH.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes | None:
    """Receive a message; None once the other side has gone."""
    length = _received(connection, _LENGTH.size)
    return None if length is None else _received(connection, _LENGTH.unpack(length)[0])


def _received(connection: socket.socket, size: int) -> bytes | None:
    message = b""
    while len(message) < size:
        part = connection.recv(size - len(message), socket.MSG_WAITALL)
        if not part:
            return None
        message += part
    return message


class Answer(msgspec.Struct, frozen=True):
    """What was found in some sessions.

    Attributes
    ----------
    start, end : int
        Where in the file their rows stand.
    damage : list of dict
        That of their journals.
    """

    start: int
    end: int
    damage: list[Place]


def write(file: FileIO, pieces: Sequence[Piece]) -> None:
    """Write pieces to a file."""
    if not pieces or isinstance(pieces[0], dict):
        file.write(msgspec.msgpack.encode(pieces))
        return
    import pyarrow as pa

    with pa.ipc.new_stream(pa.PythonFile(file, mode="w"), pieces[0].schema) as writer:
        for piece in pieces:
            writer.write_batch(piece)


def read(memory: memoryview) -> list[Piece]:
    """Return the pieces that were written; their texts stay where they are."""
    # A MessagePack list begins with 0x9., 0xdc or 0xdd; an Arrow stream with 0xff.
    if memory[0] != 0xFF:
        found: list[Piece] = msgspec.msgpack.decode(memory)
        return found
    import pyarrow as pa

    return list(pa.ipc.open_stream(pa.py_buffer(memory)))
