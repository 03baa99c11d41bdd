"""What the runtime reports of a failed turn, as one sentence and what to try.

The runtime's own messages name its own switches, repeat URLs and end in the innards of an HTTP
library; what happened is in their status code, or in a few words of theirs.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from copilot_magics.disk import refused_to_runtime
from copilot_magics.folders import copilot_home
from copilot_magics.words import one_line


@dataclass(frozen=True)
class Failure:
    """Why there is no whole answer: one sentence, and what to try.

    Attributes
    ----------
    invalid : bool
        Whether the provider does not take such a request, though perhaps another one.
    """

    what: str
    mend: str = ""
    invalid: bool = False


_AGAIN = "Send the prompt again; the session is usable."
_TRIED = ", also after several tries"

_RETRIED = re.compile(r"retried [1-9]\d* times?")
_INNARDS = re.compile(
    r"^(?:Failed to get response from the AI model.*?Last error: )?"
    r"(?:Failed native model HTTP request: )?",
    re.DOTALL,
)
_URL = re.compile(r"(?: for url| at)? ?\(?\b\w+://[^\s)]+\)?")
_WIDTH = 300
"""How much of a message is shown that is not known here."""

_OTHER_API = "Check `--base-url`: a sign-in page or a proxy may stand there instead of its API."

_ELSEWHERE = Failure("The provider redirects elsewhere{status}.", _OTHER_API)
_REFUSED = Failure(
    "The provider refused the request{status}.", "Check `--base-url`, `--model` and the key."
)
_BY_PROXY = Failure(
    "The proxy refused the connection to the provider.",
    "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
)
_LATER = Failure(
    "The provider has had too many requests (HTTP 429), and asks to wait longer than is waited for "
    "here{detail}.",
    "Send the prompt again later, or ask another one with `--provider`.",
)
_ITSELF = Failure(
    f"The provider has a fault of its own{{status}}{_TRIED}.",
    "Wait a little and send the prompt again.",
)

_BY_STATUS = {
    400: Failure(
        "The provider refused the request as invalid{detail}.",
        "Check `--model` and what was attached.",
        invalid=True,
    ),
    401: Failure(
        "The provider refused the key (HTTP 401).",
        "Check that the variable named by `--api-key-env` holds a valid key for this URL.",
    ),
    402: Failure(
        "The quota at the provider is exhausted (HTTP 402).",
        "Check your plan, or ask another one with `--provider`.",
    ),
    403: Failure(
        "The provider forbids this (HTTP 403).",
        "Check that the key may use this model, or name another with `--model`.",
    ),
    404: Failure(
        "The provider does not know the model or the URL (HTTP 404).",
        "`%copilot_models` lists its models; check `--model` and `--base-url`.",
    ),
    407: _BY_PROXY,
    413: Failure(
        "The prompt and its history are too long for the model.",
        "Attach less, or start a new session with `%copilot_session --new ID`.",
    ),
    422: Failure(
        "The provider refused the request as invalid (HTTP 422).",
        "Check `--model` and what was attached.",
        invalid=True,
    ),
    429: Failure(
        f"The provider has had too many requests (HTTP 429){_TRIED}.",
        "Wait a minute and send the prompt again.",
    ),
}

_QUOTA = r"quota|insufficient_quota|billing"
_TOO_LONG = r"prompt (is|as) too long|context.length|maximum context|context size"
_UNTRUSTED = r"certificate|self.signed|UnknownIssuer|CERT_"

# The first whose words occur in the message says what happened.
_BY_WORDS: tuple[tuple[str, Failure], ...] = (
    (
        r"No GitHub OAuth token|Not authenticated",
        Failure(
            "You are not logged in to GitHub Copilot, and no other provider is named.",
            "Run `!python -m copilot_magics login`, or name one with `--provider`.",
        ),
    ),
    (
        _QUOTA,
        Failure(
            "The quota at the provider is exhausted.",
            "Check your plan, or ask another one with `--provider`.",
        ),
    ),
    (_TOO_LONG, _BY_STATUS[413]),
    (
        _UNTRUSTED,
        Failure(
            "The provider's certificate is not trusted.",
            "Behind a company proxy, add its certificate to the system's store.",
        ),
    ),
    (
        r"SSL|TLS|tls_",
        Failure(
            "No secure connection to the provider came about.",
            "Check whether its URL starts with http or https, and the proxy.",
        ),
    ),
    (r"proxy|407", _BY_PROXY),
    (
        r"dns error|ENOTFOUND|resolv",
        Failure(
            "The provider's host name is not known.",
            "Check its URL, and whether this machine is online.",
        ),
    ),
    (
        r"[Cc]ould not connect|ECONNREFUSED|Connect\)|timed out|ETIMEDOUT|ENETUNREACH",
        Failure(
            "The provider could not be reached.",
            "Check that it runs, its URL, and the proxy (HTTPS_PROXY, NO_PROXY).",
        ),
    ),
    (
        r"unexpected EOF|connection closed|ECONNRESET|error reading a body|Socket closed",
        Failure(f"The answer was cut off in the middle{_TRIED}.", _AGAIN),
    ),
    (
        r"following redirect",
        Failure("The provider redirects elsewhere, again and again.", _OTHER_API),
    ),
    (
        r"[Ff]ailed to parse|malformed|not valid JSON|without sending any chunks"
        r"|error decoding response body",
        Failure("The provider's answer could not be understood.", _OTHER_API),
    ),
    (
        "allowed.model policy",
        Failure(
            "The working folder's .github/allowed_models.txt keeps the runtime from asking.",
            "Correct that file, or let the agent work elsewhere with `--cwd DIR`.",
        ),
    ),
    (r"No response was returned", Failure("The provider's answer was empty.", _AGAIN)),
)

# What these say is more than a status, on which providers do not agree.
_MORE_THAN_STATUS = [known for known in _BY_WORDS if known[0] in (_QUOTA, _TOO_LONG)]


def explain(error: Any) -> Failure:
    """Say what a ``session.error`` event means.

    Parameters
    ----------
    error : copilot.session_events.SessionErrorData
        The event's data.
    """
    return _explain(error.message or "", error.status_code)


def explain_exception(error: BaseException) -> Failure:
    """Say what an exception of the SDK means."""
    message = str(error) or type(error).__name__
    if type(error).__name__ == "ProcessExitedError":
        return Failure("The Copilot runtime ended.", _AGAIN)
    return _explain(message, None)


def timed_out(seconds: float) -> Failure:
    """Say that a turn took longer than it may."""
    return Failure(
        f"No whole answer came within {seconds:g} seconds, so the turn was ended.",
        "Give it longer with `--timeout`, or ask for less.",
    )


def cut_off(what: str, *, in_journal: bool) -> Failure:
    """Say what becomes of a prompt that something has cut off."""
    return Failure(
        what,
        "The prompt is in the journal; send it again, or go on with the next one."
        if in_journal
        else "The prompt is not in the journal: send it again.",
    )


def hopeless(call: Any) -> Failure | None:
    """Return the failure where a ``model.call_failure`` says that trying again is useless."""
    told = f"{call.error_code or ''} {_bare(call.error_message or '')}"
    useless = re.search(rf"insufficient_quota|{_UNTRUSTED}|wrong version number", told)
    return _explain(told, None) if useless else None


def trying_again(call: Any) -> str:
    """Say after what a failed call is made again, in the words of a ``model.call_failure``."""
    if call.status_code:
        return f"trying again after HTTP {call.status_code}"
    message = _message_of(call)
    known = _known(message, None)
    return f"trying again: {known.what.rstrip('.') if known else _first(_bare(message))}"


def _message_of(call: Any) -> str:
    """Return what a ``model.call_failure`` says, which is JSON: a text, or what has one."""
    message: str = call.error_message or ""
    with contextlib.suppress(ValueError, RecursionError):
        said = json.loads(message)
        message = str(said.get("message") if isinstance(said, dict) else said)
    return message


def _explain(message: str, status: int | None) -> Failure:
    known = _known(message, status)
    return known or Failure(
        f"The turn failed: {_first(_bare(message)) or 'no reason given'}.", _AGAIN
    )


def _known(message: str, status: int | None) -> Failure | None:
    # First: the rest of it is a path, in which any word may stand.
    if refused := refused_to_runtime(message, copilot_home()):
        return Failure(refused.what, refused.mend)
    bare = _bare(message)
    found = (
        _by_words(bare, _MORE_THAN_STATUS)
        or _by_status(status, message)
        or _by_words(bare, _BY_WORDS)
    )
    if found is None or _RETRIED.search(message):
        return found
    return replace(found, what=found.what.replace(_TRIED, ""))


def _by_words(bare: str, known: Iterable[tuple[str, Failure]]) -> Failure | None:
    return next((failure for words, failure in known if re.search(words, bare)), None)


def _by_status(status: int | None, message: str) -> Failure | None:
    if status is None or status < 300:
        return None
    found = _BY_STATUS.get(status) or (
        _ELSEWHERE if status < 400 else _REFUSED if status < 500 else _ITSELF
    )
    if status == 429 and not _RETRIED.search(message):
        found = _LATER
    said = _first(_INNARDS.sub("", message).removeprefix(str(status)))
    detail = f" ({said})" if said else ""
    return replace(found, what=found.what.format(status=f" (HTTP {status})", detail=detail))


def _bare(message: str) -> str:
    """Return what is left of a message without what the runtime puts around it, and without URLs.

    In a URL any word may stand.
    """
    return _URL.sub("", _INNARDS.sub("", message))


def _first(message: str) -> str:
    lines = message.strip().splitlines() or [""]
    return one_line(lines[0], _WIDTH).rstrip(".")
