"""A key is hidden from whoever looks, and what may be one is not repeated."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from copilot_magics.errors import BadInput
from copilot_magics.keys import Key, check_name, read_key, without_keys


def test_a_key_is_hidden_and_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", "sesame")
    key = read_key("K")
    assert isinstance(key, Key)
    assert "sesame" not in repr(key) + repr({"api_key": key}) + repr(copy.deepcopy([key]))
    assert "sesame" not in repr(pickle.loads(pickle.dumps(key)))
    assert (key, f"Bearer {key}", json.dumps([key])) == ("sesame", "Bearer sesame", '["sesame"]')
    monkeypatch.setenv("K", "")
    assert read_key("K") is read_key("NOT_SET") is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "OPENAI_API_KEY",
        "MY_ODD_SECRET",
        "_k2",
        "S3_KEY",
        "myCompanysKeyForTheModels",
        "GH_PAT2",
    ],
)
def test_a_name_may_be_repeated(name: str) -> None:
    assert check_name(name, "--api-key-env") == name


@pytest.mark.parametrize(
    "name",
    [
        "sk-sesame", "a b", "K=sesame", "2K", "größe", "QQ\n",
        "sk_live_sesame", "hf_sesame", "ghp_sesame", "github_pat_11AB_sesame", "AIzaSesame",
        "a1b2c3d4e5f60718293a4b5c6d7e8f90", "X_Zk3vQ9bT1mWc7LpR5dYs2", "deadbeefdeadbeefdead1",
    ],
)  # fmt: skip
def test_what_may_be_a_key_is_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="--api-key-env holds is not the name") as caught:
        check_name(name, "--api-key-env")
    assert name.strip() not in str(caught.value)


def test_what_is_set_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ghp_mine", "k")
    assert check_name("ghp_mine", "--api-key-env") == "ghp_mine"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("localhost:7777", "localhost:7777"),
        ("http://proxy.example:3128/", "http://proxy.example:3128/"),
        ("http://user:sesame@host:1", "http://…@host:1"),
        ("user:sesame@host:1", "…@host:1"),
        ("http://user:ses//a@me@host:1/", "http://…@host:1/"),
        ("http://host:1/?token=sesame", "http://host:1/?…"),
        ("http://host:1/#sesame", "http://host:1/?…"),
        ("http://u:p@host/?q#sesame", "http://…@host/?…"),
        ("http://user:ses?ame@host", "(hidden)"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_key(url: str, shown: str) -> None:
    assert without_keys(url) == shown
