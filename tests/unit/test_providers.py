"""Who answers is taken whole from one layer, so that no key meets a URL from elsewhere."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from variables import variables_of

from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput, ProviderUnavailable
from copilot_magics.providers import Provider, Wanted, resolve
from copilot_magics.records import Settings

MINE = "https://mine.example/v1"
OTHER = "https://other.example/v1"
KEY = "COPILOT_PROVIDER_API_KEY"
ENV = {"COPILOT_PROVIDER_BASE_URL": MINE, KEY: "k", "COPILOT_MODEL": "env-model"}
CONFIG = {"provider": "openai", "base_url": OTHER, "api_key_env": "CONF_KEY", "model": "conf-model"}


@pytest.fixture(autouse=True)
def no_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def resolved(
    monkeypatch: pytest.MonkeyPatch,
    wanted: dict[str, str],
    config: dict[str, Any],
    env: dict[str, str],
    remembered: Settings | None = None,
) -> Provider:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return resolve(Wanted(**wanted), CopilotMagics(**config), remembered)


GITHUB = Provider("github")
FROM_ENV = Provider("openai", MINE, KEY, model="env-model", from_environment=True)
FROM_CONFIG = Provider("openai", OTHER, "CONF_KEY", model="conf-model")


@pytest.mark.parametrize(
    ("wanted", "config", "env", "expected"),
    [
        pytest.param({}, {}, {}, GITHUB, id="nothing said"),
        pytest.param({}, {}, {"COPILOT_MODEL": "m"}, Provider("github", model="m"), id="a model"),
        pytest.param({}, {}, ENV, FROM_ENV, id="the environment"),
        pytest.param({}, CONFIG, {}, FROM_CONFIG, id="the configuration"),
        pytest.param({}, CONFIG, ENV, FROM_CONFIG, id="the configuration before the environment"),
        pytest.param(
            {"model": "m"},
            CONFIG,
            {},
            Provider("openai", OTHER, "CONF_KEY", model="m"),
            id="a model changes nobody",
        ),
        pytest.param(
            {"wire_api": "responses"},
            {},
            ENV,
            Provider("openai", MINE, KEY, "responses", "env-model", from_environment=True),
            id="the API changes nobody",
        ),
        pytest.param(
            {"provider": "github"},
            {},
            {**ENV, "COPILOT_MODEL": ""},
            GITHUB,
            id="github in spite of the environment",
        ),
        pytest.param(
            {"provider": "local"},
            {"local_model": "/m.gguf"},
            ENV,
            Provider("local", local_model="/m.gguf"),
            id="local takes no model's name",
        ),
        pytest.param(
            {"provider": "openai", "model": "m"},
            {},
            {},
            Provider("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", model="m"),
            id="openai's own URL and key",
        ),
        pytest.param(
            {"provider": "openai", "api_key_env": "K", "model": "m"},
            {},
            ENV,
            Provider("openai", "https://api.openai.com/v1", "K", model="m"),
            id="a key for the provider's own URL, not for the environment's",
        ),
        pytest.param(
            {"provider": "anthropic", "model": "m"},
            {},
            ENV,
            Provider("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", model="m"),
            id="another kind takes no key of the environment",
        ),
        pytest.param(
            {"provider": "ollama", "model": "m"},
            {},
            {},
            Provider("ollama", "http://localhost:11434/v1", model="m"),
            id="ollama needs no key",
        ),
        pytest.param(
            {"provider": "openai"}, {}, ENV, FROM_ENV, id="the kind that the environment has"
        ),
        pytest.param(
            {"base_url": OTHER, "model": "m"},
            {},
            {**ENV, "OPENAI_API_KEY": "k"},
            Provider("openai", OTHER, "", model="m"),
            id="a URL gets no key from elsewhere",
        ),
        pytest.param(
            {"base_url": MINE, "provider": "anthropic", "model": "m"},
            {},
            ENV,
            Provider("anthropic", MINE, "", model="m"),
            id="the URL with another kind gets no key either",
        ),
        pytest.param(
            {"base_url": MINE}, {}, ENV, FROM_ENV, id="the environment's URL, spelled out"
        ),
        pytest.param(
            {"base_url": OTHER, "api_key_env": "K", "wire_api": "responses", "model": "m"},
            CONFIG,
            ENV,
            Provider("openai", OTHER, "K", "responses", "m"),
            id="all of it",
        ),
        pytest.param(
            {},
            {"base_url": OTHER, "model": "m"},
            ENV,
            Provider("openai", OTHER, model="m"),
            id="a configured URL gets no key of the environment",
        ),
        pytest.param(
            {},
            {},
            {**ENV, "COPILOT_PROVIDER_BEARER_TOKEN": "b", "COPILOT_PROVIDER_TYPE": "anthropic"},
            Provider(
                "anthropic",
                MINE,
                "COPILOT_PROVIDER_BEARER_TOKEN",
                model="env-model",
                from_environment=True,
            ),
            id="a bearer token before a key",
        ),
    ],
)
def test_one_layer_decides(
    monkeypatch: pytest.MonkeyPatch,
    wanted: dict[str, str],
    config: dict[str, Any],
    env: dict[str, str],
    expected: Provider,
) -> None:
    assert resolved(monkeypatch, wanted, config, env) == expected


REMEMBERED = Settings("openai", MINE, KEY, "", "", "held-model")


@pytest.mark.parametrize(
    ("remembered", "wanted", "env", "expected"),
    [
        pytest.param(
            REMEMBERED,
            {},
            ENV,
            Provider("openai", MINE, KEY, model="held-model", from_environment=True),
            id="the same again, and its model",
        ),
        pytest.param(
            Settings("openai", OTHER, "K", "responses", "", "m"),
            {},
            ENV,
            Provider("openai", OTHER, "K", "responses", "m"),
            id="not the environment's",
        ),
        pytest.param(
            Settings("github"), {}, ENV, Provider("github", model="env-model"), id="still github"
        ),
        pytest.param(
            Settings("local", local_model="/m.gguf"),
            {},
            ENV,
            Provider("local", local_model="/m.gguf"),
            id="still local",
        ),
        pytest.param(
            Settings("openai", OTHER, "K", "", "", "m"),
            {"wire_api": "responses", "model": "n"},
            ENV,
            Provider("openai", OTHER, "K", "responses", "n"),
            id="how it answers changes nobody",
        ),
        pytest.param(
            Settings("openai", OTHER, "K", "", "", "m"),
            {"provider": "github"},
            {},
            GITHUB,
            id="an explicit option does, without the other's model",
        ),
        pytest.param(
            Settings("openai", MINE, "", "", "", "m"),
            {},
            ENV,
            Provider("openai", MINE, KEY, model="m", from_environment=True),
            id="a key that came later belongs to the same URL",
        ),
        pytest.param(Settings(), {}, ENV, FROM_ENV, id="nothing was remembered"),
    ],
)
def test_a_session_goes_back_to_who_held_it(
    monkeypatch: pytest.MonkeyPatch,
    remembered: Settings,
    wanted: dict[str, str],
    env: dict[str, str],
    expected: Provider,
) -> None:
    assert resolved(monkeypatch, wanted, {}, env, remembered) == expected


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({}, "COPILOT_PROVIDER_BASE_URL is not set"),
        ({**ENV, "COPILOT_PROVIDER_BASE_URL": OTHER}, f"is that of openai at {OTHER} now"),
        ({**ENV, "COPILOT_PROVIDER_TYPE": "anthropic"}, f"is that of anthropic at {MINE} now"),
    ],
)
def test_what_a_session_remembers_and_is_gone_is_said(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], told: str
) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        resolved(monkeypatch, {}, {}, env, REMEMBERED)
    assert f"was held with openai at {MINE}" in str(caught.value)
    assert told in str(caught.value)


def test_a_url_with_a_key_is_not_remembered_either(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = Settings("openai", f"{MINE}?api-key=sesame", KEY)
    with pytest.raises(BadInput, match="in what the session remembers must not hold") as caught:
        resolved(monkeypatch, {}, {}, {}, remembered)
    assert "sesame" not in str(caught.value)
    assert resolved(monkeypatch, {"base_url": MINE}, {}, {}, remembered).base_url == MINE


@pytest.mark.parametrize("name", [KEY, "COPILOT_PROVIDER_BEARER_TOKEN"])
def test_a_remembered_key_that_is_gone_is_missed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    held = Settings("openai", MINE, name, "", "", "m")
    provider = resolved(monkeypatch, {}, {}, {"COPILOT_PROVIDER_BASE_URL": MINE}, held)
    with pytest.raises(ProviderUnavailable, match=f"The variable {name}, .*, is not set"):
        provider.session_options()


@pytest.mark.parametrize(
    ("wanted", "config", "env", "told"),
    [
        ({"provider": "openia"}, {}, {}, "Did you mean 'openai'"),
        ({"provider": "azure"}, {}, {}, "needs its URL"),
        ({"provider": "local", "base_url": MINE}, {}, {}, "takes no --base-url"),
        ({"api_key_env": "K"}, {}, {}, "without the URL"),
        ({"api_key_env": "K"}, {}, ENV, "without the URL"),
        ({"base_url": "mine.example"}, {}, {}, "no URL of a provider"),
        ({"base_url": "ftp://mine.example"}, {}, {}, "no URL of a provider"),
        ({"base_url": "http://[::1"}, {}, {}, "no URL of a provider"),
        ({"base_url": "https://u:sesame@mine.example"}, {}, {}, "must not hold"),
        ({"base_url": "https://sesame@mine.example"}, {}, {}, "must not hold"),
        ({}, {"provider": "azure"}, {}, "needs a URL"),
        ({}, {"base_url": "https://sesame@mine.example"}, {}, "must not hold"),
        ({}, {}, {"COPILOT_PROVIDER_BASE_URL": "https://x:sesame@mine.example"}, "must not hold"),
        ({"base_url": f"{MINE}?api-key=sesame"}, {}, {}, "URL in --base-url must not hold"),
        ({"base_url": f"{MINE}#sesame"}, {}, {}, "must not hold"),
        ({"base_url": f"{MINE}?api-version=1"}, {}, {}, "COPILOT_PROVIDER_AZURE_API_VERSION"),
        ({}, {"base_url": f"{MINE}?sesame"}, {}, "in %config CopilotMagics.base_url must not hold"),
        ({}, {}, {**ENV, "COPILOT_PROVIDER_BASE_URL": f"{MINE}/?sesame"}, "BASE_URL must not hold"),
        ({"base_url": "sk-sesame"}, {}, {}, "What --base-url holds is no URL of a provider"),
        ({"base_url": MINE, "api_key_env": "sk-sesame"}, {}, {}, "--api-key-env holds is not the"),
        ({"provider": "openai", "api_key_env": "sk_sesame"}, {}, {}, "is not the name of a"),
        ({"api_key_env": "sk-sesame"}, {}, {}, "is not the name of a variable"),
        ({}, {**CONFIG, "api_key_env": "sk-sesame"}, {}, "CopilotMagics.api_key_env holds is not"),
        ({}, {}, {**ENV, "COPILOT_PROVIDER_TYPE": "ollama"}, "COPILOT_PROVIDER_TYPE is 'ollama'"),
    ],
)
def test_what_leads_nowhere_is_said(
    monkeypatch: pytest.MonkeyPatch,
    wanted: dict[str, str],
    config: dict[str, Any],
    env: dict[str, str],
    told: str,
) -> None:
    with pytest.raises(BadInput) as caught:
        resolved(monkeypatch, wanted, config, env)
    assert told in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_the_terminals_variables_reach_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {
        **ENV,
        "COPILOT_PROVIDER_TYPE": "azure",
        "COPILOT_PROVIDER_WIRE_API": "responses",
        "COPILOT_PROVIDER_TRANSPORT": "websockets",
        "COPILOT_PROVIDER_MODEL_ID": "known",
        "COPILOT_PROVIDER_WIRE_MODEL": "deployed",
        "COPILOT_PROVIDER_MAX_PROMPT_TOKENS": "1000",
        "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "100",
        "COPILOT_PROVIDER_AZURE_API_VERSION": "2026-01-01",
        "COPILOT_PROVIDER_HEADERS": "X-One: 1\nX-Two: a:b",
    }
    assert resolved(monkeypatch, {}, {}, env).session_options() == {
        "model": "env-model",
        "provider": {
            "type": "azure",
            "base_url": MINE,
            "api_key": "k",
            "wire_api": "responses",
            "transport": "websockets",
            "model_id": "known",
            "wire_model": "deployed",
            "max_prompt_tokens": 1000,
            "max_output_tokens": 100,
            "azure": {"api_version": "2026-01-01"},
            "headers": {"X-One": "1", "X-Two": "a:b"},
        },
    }


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"COPILOT_PROVIDER_BEARER_TOKEN": "b"}, {"bearer_token": "b"}),
        ({"COPILOT_PROVIDER_API_KEY_COMMAND": "pass key"}, {"api_key_command": "pass key"}),
    ],
)
def test_other_ways_to_give_a_key(
    monkeypatch: pytest.MonkeyPatch, secret: dict[str, str], expected: dict[str, str]
) -> None:
    options = resolved(monkeypatch, {}, {}, {**ENV, **secret}).session_options()
    assert options["provider"] == {"type": "openai", "base_url": MINE, **expected}


def test_a_number_of_tokens_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {**ENV, "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "many"}
    with pytest.raises(BadInput, match="COPILOT_PROVIDER_MAX_OUTPUT_TOKENS is 'many'"):
        resolved(monkeypatch, {}, {}, env).session_options()


def test_a_model_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = resolved(monkeypatch, {"base_url": MINE}, {}, {})
    with pytest.raises(BadInput, match="No model is named"):
        provider.session_options()


def test_no_key_is_among_what_is_remembered_or_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = resolved(monkeypatch, {}, {}, {**ENV, KEY: "open-sesame"})
    assert provider.session_options()["provider"]["api_key"] == "open-sesame"
    assert "sesame" not in f"{provider!r} {provider} {provider.settings('')}"
    assert b"sesame" not in pickle.dumps(copy.deepcopy(provider))


def test_no_variable_of_an_error_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(KEY, "open-sesame")
    monkeypatch.setenv("COPILOT_PROVIDER_HEADERS", "X-Key: open-sesame")
    provider = resolve(Wanted(), CopilotMagics(), None)
    options = provider.session_options()
    monkeypatch.setenv("COPILOT_PROVIDER_MAX_OUTPUT_TOKENS", "many")
    with pytest.raises(BadInput, match="is 'many'") as caught:
        provider.session_options()
    shown = variables_of(caught.value)
    assert "provider = Provider(" in shown
    assert "options = {" in shown
    assert "sesame" not in shown
    assert json.loads(json.dumps(options))["provider"]["api_key"] == "open-sesame"
