"""A process that reads sessions for another one (``python -m`` this module, by `parallel`).

It is told over a socket what is wanted, then which sessions, some at a time. It writes their rows
to a file without a name, which the other process gave it and maps into its memory, and says where
they stand. It ends with the socket. It does without pandas, whose import would take it longer than
many sessions.
"""

from __future__ import annotations

import socket
import sys
from importlib.abc import MetaPathFinder
from io import FileIO
from pathlib import Path

import msgspec

from copilot_magics.transcripts.damage import Place, places
from copilot_magics.transcripts.gathering import Rows, gather
from copilot_magics.transcripts.wire import Answer, Job, receive, send, write

_ALIGNED = 64


def serve(connection: socket.socket, file: FileIO) -> None:
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
        # Arrow wants its numbers where the processor does.
        start = -(-file.tell() // _ALIGNED) * _ALIGNED
        file.seek(start)
        write(file, rows.pieces)
        send(connection, msgspec.json.encode(Answer(start, file.tell(), damage)))


class _WithoutPandas(MetaPathFinder):
    """Finds no pandas, which Arrow would import to see whether a list is a Series."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Refuse pandas, and leave all else to the other finders."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def main() -> None:
    """Serve on the socket, with the file, whose numbers are the arguments."""
    sys.meta_path.insert(0, _WithoutPandas())
    connection, file = map(int, sys.argv[1:])
    with socket.socket(fileno=connection) as ours, FileIO(file, "r+") as rows:
        try:
            serve(ours, rows)
        except ConnectionError:
            # Nobody waits for the answer any more.
            return


if __name__ == "__main__":
    main()
