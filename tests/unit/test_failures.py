"""Each fault of a provider is one sentence; the messages are the runtime's own (1.0.102)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from copilot_magics.failures import explain, explain_exception, hopeless, trying_again

RETRIED = (
    "Failed to get response from the AI model; retried 5 times "
    "(total retry wait time: 5.00 seconds) Last error: "
)
REQUEST = "Failed native model HTTP request: error sending request for url (http://h/v1/chat): "


def authentication(status: int) -> str:
    return (
        f"Authentication failed with provider at http://127.0.0.1:1/v1 (HTTP {status}).\n"
        "  Check your COPILOT_PROVIDER_API_KEY, COPILOT_PROVIDER_API_KEY_COMMAND, or "
        "COPILOT_PROVIDER_BEARER_TOKEN."
    )


@pytest.mark.parametrize(
    ("status", "message", "what"),
    [
        (
            400,
            "400 Invalid value for 'messages'.",
            "The provider refused the request as invalid (Invalid value for 'messages').",
        ),
        (401, authentication(401), "The provider refused the key (HTTP 401)."),
        (402, "402 Insufficient balance.", "The quota at the provider is exhausted (HTTP 402)."),
        (403, authentication(403), "The provider forbids this (HTTP 403)."),
        (
            404,
            "Resource not found on provider at http://127.0.0.1:1/v1 (HTTP 404).\n"
            "  Check the base URL and model name.",
            "The provider does not know the model or the URL (HTTP 404).",
        ),
        (
            None,
            "The provider rejected the prompt as too long, but automatic recovery could not "
            "reduce it. Reduce context before retrying.",
            "The prompt and its history are too long for the model.",
        ),
        (
            400,
            "400 This model's maximum context length is 8192 tokens. However, your messages "
            "resulted in 9000 tokens.",
            "The prompt and its history are too long for the model.",
        ),
        (
            400,
            "400 the request exceeds the available context size, try increasing it",
            "The prompt and its history are too long for the model.",
        ),
        (
            429,
            RETRIED + "429 Rate limit reached for requests.",
            "The provider has had too many requests (HTTP 429), also after several tries.",
        ),
        (
            429,
            RETRIED + "429 You exceeded your current quota, please check your plan and billing "
            "details.",
            "The quota at the provider is exhausted.",
        ),
        (
            500,
            RETRIED + "500 The server had an error. Sorry about that!",
            "The provider has a fault of its own (HTTP 500), also after several tries.",
        ),
        (
            503,
            RETRIED + "503 The engine is currently overloaded.",
            "The provider has a fault of its own (HTTP 503), also after several tries.",
        ),
        (
            None,
            RETRIED + "Failed native model HTTP request: error decoding response body: error "
            "reading a body from connection: unexpected EOF during chunk size line",
            "The answer was cut off in the middle, also after several tries.",
        ),
        (
            None,
            RETRIED + REQUEST + "client error (SendRequest): connection closed before message "
            "completed",
            "The answer was cut off in the middle, also after several tries.",
        ),
        (
            None,
            RETRIED + "Failed to parse chat-completions stream chunk: EOF while parsing an object "
            "at line 1 column 37",
            "The provider's answer could not be understood.",
        ),
        (
            None,
            "No response was returned. Send your message again to retry.",
            "The provider's answer was empty.",
        ),
        (
            None,
            "Could not connect to local model provider at http://127.0.0.1:1/v1.\n"
            "  Check that the service is running and the port is correct.",
            "The provider could not be reached.",
        ),
        (
            None,
            RETRIED + REQUEST + "client error (Connect): dns error: error resolving DNS: failed "
            "to lookup address information: Name or service not known [ENOTFOUND]",
            "The provider's host name is not known.",
        ),
        (
            None,
            RETRIED + REQUEST + "client error (Connect): error:0A00010B:SSL "
            "routines:tls_validate_record_header:wrong version number:",
            "No secure connection to the provider came about.",
        ),
        (
            None,
            RETRIED + REQUEST + "client error (Connect): error:0A000086:SSL "
            "routines:tls_post_process_server_certificate:certificate verify failed: "
            "self-signed certificate",
            "The provider's certificate is not trusted.",
        ),
        (
            None,
            RETRIED + REQUEST + "client error (Connect): tunnel error: unsuccessful: proxy "
            "authentication required",
            "The proxy refused the connection to the provider.",
        ),
        (
            None,
            "Execution failed: InvalidArg, No GitHub OAuth token or Copilot HMAC key provided",
            "You are not logged in to GitHub Copilot, and no other provider is named.",
        ),
        (302, "302 Found", "The provider redirects elsewhere (HTTP 302)."),
        (
            None,
            RETRIED + "Failed native model HTTP request: error following redirect for url "
            "(http://h/v1/chat/completions): too many redirects",
            "The provider redirects elsewhere, again and again.",
        ),
        (407, "407 X", "The proxy refused the connection to the provider."),
        (451, "451 X", "The provider refused the request (HTTP 451)."),
        (
            529,
            RETRIED + "529 Overloaded.",
            "The provider has a fault of its own (HTTP 529), also after several tries.",
        ),
        (503, "503 Be back soon.", "The provider has a fault of its own (HTTP 503)."),
        (
            429,
            "429 Slow down.",
            "The provider has had too many requests (HTTP 429), and asks to wait longer than is "
            "waited for here (Slow down).",
        ),
        (
            429,
            "429",
            "The provider has had too many requests (HTTP 429), and asks to wait longer "
            "than is waited for here.",
        ),
        *(
            (None, RETRIED + said, "The provider's answer could not be understood.")
            for said in (
                "Failed to finalize chat-completions stream: request ended without sending any "
                "chunks",
                "non-streaming response body was not valid JSON: expected value at line 1 column 1",
                "Failed native model HTTP request: error decoding response body: Invalid gzip "
                "header",
                "Failed native model HTTP request: error decoding response body: brotli error",
            )
        ),
        # In a URL any word may stand.
        (
            None,
            RETRIED + REQUEST.replace("//h/", "//proxy.certificates.dns/") + "client error "
            "(Connect): tcp connect error: Connection refused [ECONNREFUSED]",
            "The provider could not be reached.",
        ),
        (None, RETRIED + "The server is on fire", "The turn failed: The server is on fire."),
        (
            None,
            RETRIED + REQUEST + "something new",
            "The turn failed: error sending request: something new.",
        ),
        (None, "Something else broke.\nDetails.", "The turn failed: Something else broke."),
        (None, "", "The turn failed: no reason given."),
    ],
)
def test_what_the_runtime_reports_is_one_sentence(
    status: int | None, message: str, what: str
) -> None:
    failure = explain(SimpleNamespace(message=message, status_code=status))
    assert failure.what == what
    assert failure.mend.endswith(".")
    assert "\n" not in failure.what + failure.mend
    assert "COPILOT_PROVIDER_" not in failure.what + failure.mend
    assert "://" not in failure.what + failure.mend


def call(
    message: str | None = None, code: str | None = None, status: int | None = None
) -> SimpleNamespace:
    return SimpleNamespace(error_message=message, error_code=code, status_code=status)


@pytest.mark.parametrize(
    ("failed", "what"),
    [
        (
            call('{"message":"You exceeded your current quota"}', "insufficient_quota", 429),
            "The quota at the provider is exhausted.",
        ),
        (
            call(REQUEST + "certificate verify failed: (self-signed certificate)"),
            "The provider's certificate is not trusted.",
        ),
        (
            call(REQUEST + "SSL routines:tls_validate_record_header:wrong version number"),
            "No secure connection to the provider came about.",
        ),
    ],
)
def test_what_cannot_get_better_is_known_before_it_was_tried_six_times(
    failed: SimpleNamespace, what: str
) -> None:
    failure = hopeless(failed)
    assert failure is not None
    assert failure.what == what


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (call("Rate limit reached", "rate_limit_exceeded", 429), "trying again after HTTP 429"),
        (call(status=500), "trying again after HTTP 500"),
        (
            call(REQUEST + "client error (Connect): Connection refused [ECONNREFUSED]"),
            "trying again: The provider could not be reached",
        ),
        (
            call("error reading a body from connection: unexpected EOF during chunk size line"),
            "trying again: The answer was cut off in the middle",
        ),
        (call('{"message":"On fire.","code":"fire"}', "fire"), "trying again: On fire"),
        (
            call(f'"{REQUEST.replace("//h/", "//self-signed/")}something new"'),
            "trying again: error sending request: something new",
        ),
    ],
)
def test_what_may_get_better_is_tried_again_and_said(failed: SimpleNamespace, said: str) -> None:
    assert hopeless(failed) is None
    assert trying_again(failed) == said


def test_exceptions_of_the_sdk_are_sentences_too() -> None:
    from copilot._jsonrpc import ProcessExitedError

    ended = explain_exception(ProcessExitedError("CLI process exited with code -9"))
    assert ended.what == "The Copilot runtime ended."
    assert explain_exception(ValueError()).what == "The turn failed: ValueError."
