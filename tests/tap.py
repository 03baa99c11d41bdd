"""A runtime that says other things than it does: the real one, with a tap on what it says.

A `Tap` is a program to be named by ``COPILOT_CLI_PATH``. It becomes the real runtime, and leaves a
child behind that hands on the runtime's messages and puts other words into some of its events:
those of a newer runtime, which the SDK does not know.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python}
import json, os, signal, sys

runtime, words, others = {runtime!r}, {words!r}, {others!r}
heard, said = os.pipe()
if os.fork():
    os.dup2(said, 1)
    os.close(said)
    os.close(heard)
    os.execv(runtime, [runtime, *sys.argv[1:]])
os.close(said)
os.close(0)
source, out = os.fdopen(heard, "rb"), sys.stdout.buffer
while head := source.readline():
    length = int(head.split(b":")[1])
    while source.readline().strip():
        pass
    body = source.read(length)
    message = json.loads(body)
    event = message.get("params", {{}}).get("event", {{}})
    if event.get("type") == "permission.requested":
        with open(words) as file:
            rest = json.load(file)
        if rest:
            call = event["data"]["permissionRequest"].get("toolCallId")
            put = rest.pop(0)
            if isinstance(put, dict) and call:
                put["toolCallId"] = call
            event["data"]["permissionRequest"] = put
            event["data"].pop("promptRequest", None)
            with open(words, "w") as file:
                json.dump(rest, file)
            body = json.dumps(message).encode()
    with open(others) as file:
        other = json.load(file).get(event.get("type"))
    if other:
        event["type"] = other.pop("type", event["type"])
        event["data"].update(other)
        body = json.dumps(message).encode()
    out.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
    out.flush()
"""


class Tap:
    """The program, and the words it will put into the next requests.

    Parameters
    ----------
    folder : Path
        Where the program is written.
    runtime : Path
        The real runtime.
    """

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.words = folder / "words.json"
        self.others = folder / "others.json"
        self.put([])
        self.change({})
        self.program = folder / "tapped-copilot"
        self.program.write_text(
            _PROGRAM.format(
                python=sys.executable,
                runtime=str(runtime),
                words=str(self.words),
                others=str(self.others),
            )
        )
        self.program.chmod(0o755)

    def put(self, requests: list[Any]) -> None:
        """Have the next requests say this; those that follow are left as they are."""
        self.words.write_text(json.dumps(requests))

    def change(self, fields: dict[str, dict[str, Any]]) -> None:
        """Have every event of these types say this in these fields, from now on.

        The field ``type`` makes it an event of another type.
        """
        self.others.write_text(json.dumps(fields))

    @property
    def left(self) -> int:
        """How many were not put yet."""
        return len(json.loads(self.words.read_text()))
