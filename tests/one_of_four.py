"""One of several processes that do what they are told to one session, and say what came of it.

Run as a program: a line of JSON in is one thing to do, a line of JSON out is what came of it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from copilot_magics import Session, delete_sessions
from copilot_magics.errors import CopilotError


def do(what: str, name: str, prompt: str) -> Any:
    """Do one thing to a session; the answer's text where that is asking."""
    if what == "create":
        Session(name).open("new")
    elif what == "resume":
        Session(name).open("resume")
    elif what == "ask":
        return Session(name).ask(prompt).text
    elif what == "close":
        Session(name).close()
    else:
        delete_sessions(name, yes=True)
    return None


def main() -> None:
    """Do what comes in, until there is no more."""
    out = sys.stdout
    print("ready", flush=True)
    for line in sys.stdin:
        what, name, prompt = json.loads(line)
        told: dict[str, Any] = {"what": what, "name": name, "prompt": prompt}
        try:
            # What is printed for a person is not for our reader.
            with contextlib.redirect_stdout(sys.stderr):
                told["value"] = do(what, name, prompt)
        except CopilotError as error:
            told |= {"error": type(error).__name__, "told": str(error)}
        except BaseException as error:
            told |= {"error": f"unexpected {type(error).__name__}", "told": repr(error)}
        print(json.dumps(told), file=out, flush=True)


if __name__ == "__main__":
    main()
