"""What a line about a variable leaves out, because of a name that sounds like a secret."""

from __future__ import annotations

import enum

import pytest

from copilot_magics.mentions.overview import variable_line

SECRET = [
    "creds", "aws_creds", "cred", "cookie", "COOKIES", "jwt", "pat", "github_pat", "csrf", "dsn",
    "db_pass", "otp", "passcode", "conn_str", "connectionString", "database_url", "DB_URI",
    "slack_webhook", "password", "api_key", "access_token",
]  # fmt: skip
ORDINARY = [
    "path", "pattern", "patient", "spatial", "credit", "sacred", "accredited", "incredible",
    "passengers", "passed", "compass", "url", "base_url", "robot", "hotpot", "headers", "string",
    "connection", "cook", "pwm", "span", "connected", "constr",
]  # fmt: skip


class Field(enum.StrEnum):
    LOGIN = "password"


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_by_its_name_is_not_told(name: str) -> None:
    line = variable_line(name, "hidden")
    assert line == f"{name}: str of 6 characters, not told because of its name"
    for key in (name, name.encode(), name.upper(), ("login", name), ("login", name.encode())):
        line = variable_line("settings", {key: "hidden", "port": 80})
        assert "hidden" not in line
        assert line.endswith(": <str, not told>, 'port': 80}")


@pytest.mark.parametrize("name", ORDINARY)
def test_a_name_that_only_looks_alike_is_told(name: str) -> None:
    assert variable_line(name, "told") == f"{name}: str 'told'"
    assert "'told'" in variable_line("settings", {name: "told", name.encode(): 1})


def test_keys_of_other_kinds_are_read_as_texts() -> None:
    assert "hidden" not in variable_line("settings", {Field.LOGIN: "hidden"})
    assert "hidden" not in variable_line("settings", {b"\xffpassword": "hidden"})
    assert variable_line("settings", {1: "told", None: 2, (): 3, (b"a", 4): 5}).count("told") == 1
    assert variable_line("cookies", 3) == "cookies: int 3"


def test_no_code_of_a_key_is_run() -> None:
    class Key(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise AssertionError

    assert "hidden" not in variable_line("settings", {Key("password"): "hidden"})
