"""What the runtime reports of a failed turn, as one sentence and what to try.

The runtime's own messages name its own switches, repeat URLs and end in the innards of an HTTP
library; what happened is in their status code, or in a few words of theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from copilot_magics.disk import refused_to_runtime
from copilot_magics.folders import copilot_home


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
    (
        r"proxy|407",
        Failure(
            "The proxy refused the connection to the provider.",
            "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
        ),
    ),
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
        r"[Ff]ailed to parse|malformed",
        Failure(
            "The provider's answer could not be understood.",
            "Check that its URL is the one of an OpenAI-compatible API.",
        ),
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
    told = f"{call.error_code or ''} {call.error_message or ''}"
    useless = re.search(rf"insufficient_quota|{_UNTRUSTED}|wrong version number", told)
    return _explain(told, None) if useless else None


def trying_again(call: Any) -> str:
    """Say after what a failed call is made again, in the words of a ``model.call_failure``."""
    if call.status_code:
        return f"trying again after HTTP {call.status_code}"
    what = _explain(call.error_message or "", None).what.replace(_TRIED, "")
    return f"trying again: {what.rstrip('.')}"


def _explain(message: str, status: int | None) -> Failure:
    # First: the rest of it is a path, in which any word may stand.
    if refused := refused_to_runtime(message, copilot_home()):
        return Failure(refused.what, refused.mend)
    # What these say is more than their status, with which providers do not agree.
    for words, failure in _BY_WORDS:
        if words in (_QUOTA, _TOO_LONG) and re.search(words, message):
            return failure
    if status in _BY_STATUS:
        found = _BY_STATUS[status]
        return replace(found, what=found.what.format(detail=_detail(message, status)))
    if status is not None and status >= 500:
        return Failure(
            f"The provider has a fault of its own (HTTP {status}){_TRIED}.",
            "Wait a little and send the prompt again.",
        )
    for words, failure in _BY_WORDS:
        if re.search(words, message):
            return failure
    first = message.strip().splitlines()[0].rstrip(".") if message.strip() else "no reason given"
    return Failure(f"The turn failed: {first}.", _AGAIN)


def _detail(message: str, status: int | None) -> str:
    said = message.strip().splitlines()[0].removeprefix(str(status)).strip().rstrip(".")
    return f" ({said})" if said else ""
