"""Who answers: GitHub, a provider by URL, or the language model inside this machine.

A provider is taken whole from one layer: the magic's options, else what the session remembers, else
``%config``, else the Copilot CLI's variables, else the GitHub login. A key therefore never meets
a URL that was configured elsewhere, and a conversation held with one provider is never sent to
another by a forgotten flag. Keys are read from the environment at the last moment and kept nowhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from copilot_magics.config import PROVIDERS, CopilotMagics
from copilot_magics.errors import BadInput, ProviderUnavailable, closest
from copilot_magics.keys import Key, check_name, read_key
from copilot_magics.records import Settings

_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://localhost:11434/v1",
}
_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_ENVIRONMENT_URL = "COPILOT_PROVIDER_BASE_URL"
_ENVIRONMENT_KEY = "COPILOT_PROVIDER_API_KEY"
_ENVIRONMENT_BEARER = "COPILOT_PROVIDER_BEARER_TOKEN"
_ENVIRONMENT_COMMAND = "COPILOT_PROVIDER_API_KEY_COMMAND"


@dataclass(frozen=True)
class Wanted:
    """What a user asked for with a magic's options; empty strings where nothing was said."""

    provider: str = ""
    base_url: str = ""
    api_key_env: str = ""
    wire_api: str = ""
    model: str = ""
    local_model: str = ""

    @property
    def names_provider(self) -> bool:
        """Whether it was said who answers, and not only how."""
        return bool(self.provider or self.base_url or self.api_key_env)


@dataclass(frozen=True)
class Provider:
    """One provider, ready to be asked.

    Attributes
    ----------
    kind : str
        github, openai, azure, anthropic, ollama or local.
    base_url : str
        Its URL; empty for github and local.
    api_key_env : str
        The name of the variable that holds its key.
    wire_api : str
        completions or responses; empty for the default.
    model : str
        The model to ask; empty for the provider's default.
    local_model : str
        Path of a GGUF file; empty for the one that ``setup --local`` fetched.
    from_environment : bool
        Whether ``COPILOT_PROVIDER_*`` configure it; then all of them apply.
    """

    kind: str
    base_url: str = ""
    api_key_env: str = ""
    wire_api: str = ""
    model: str = ""
    local_model: str = ""
    from_environment: bool = False

    def __str__(self) -> str:
        return f"{self.kind} at {self.base_url}" if self.base_url else self.kind

    def settings(self, cwd: str) -> Settings:
        """Return what a session remembers of it."""
        return Settings(
            self.kind,
            self.base_url,
            self.api_key_env,
            self.wire_api,
            self.local_model,
            self.model,
            cwd,
        )

    def secrets(self) -> frozenset[str]:
        """Return the names of the variables that hold its keys."""
        return frozenset(filter(None, (self.api_key_env,)))

    def key(self) -> Key | None:
        """Return its key, or None where it needs none or the runtime asks a command for it.

        Raises
        ------
        ProviderUnavailable
            The variable that should hold the key is not set.
        """
        if self.api_key_env in ("", _ENVIRONMENT_COMMAND):
            return None
        key = read_key(self.api_key_env)
        if key is None:
            raise ProviderUnavailable(
                f"The variable {self.api_key_env}, which holds the key of {self}, is not set.",
                f"Set it without showing the key: `import os, getpass; "
                f"os.environ[{self.api_key_env!r}] = getpass.getpass()`.",
            )
        return key

    def session_options(self) -> dict[str, Any]:
        """Return what the SDK's ``create_session`` and ``resume_session`` need to reach it.

        Raises
        ------
        ProviderUnavailable
            The key is missing, or the local model is.
        BadInput
            No model is named.
        """
        if self.kind == "github":
            return {"model": self.model} if self.model else {}
        if self.kind == "local":
            from copilot_magics.local import server, session_options

            local = server(self.local_model or None)
            config: dict[str, Any] = {
                "type": "openai",
                "base_url": local.base_url,
                "api_key": Key(local.api_key),
            }
            return {"provider": config, "model": local.model, **session_options()}
        if not self.model:
            raise BadInput(
                f"No model is named for {self}.",
                "Name one with `--model`; `%copilot_models` lists what it offers.",
            )
        config = {"type": self.kind if self.kind != "ollama" else "openai"}
        config["base_url"] = self.base_url
        if key := self.key():
            config["bearer_token" if self.api_key_env == _ENVIRONMENT_BEARER else "api_key"] = key
        if self.wire_api:
            config["wire_api"] = self.wire_api
        if self.from_environment:
            config |= _environment_extras()
        return {"provider": config, "model": self.model}


_GITHUB_TOKENS = ("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")


def github_token() -> Key | None:
    """Return the GitHub token of the environment, in the Copilot CLI's order, or None."""
    return next(filter(None, map(read_key, _GITHUB_TOKENS)), None)


def not_logged_in() -> ProviderUnavailable:
    """Return the error for a prompt that nobody would answer, with the three ways out."""
    return ProviderUnavailable(
        "You are not logged in to GitHub Copilot, and no other provider is named.",
        "Run `!python -m copilot_magics login` in a cell and follow it; or name a provider, such "
        "as `%copilot_session ID --provider openai --api-key-env OPENAI_API_KEY --model NAME`; or "
        "use the model inside this machine with `--provider local`.",
    )


def resolve(wanted: Wanted, config: CopilotMagics, remembered: Settings | None) -> Provider:
    """Decide who answers.

    Parameters
    ----------
    wanted : Wanted
        The magic's options.
    config : CopilotMagics
        ``%config CopilotMagics``.
    remembered : Settings or None
        What the session was held with, for one that is resumed.

    Raises
    ------
    BadInput
        The options name no provider that can be reached.
    ProviderUnavailable
        What the session remembers is not configured any more; says what is missing.
    """
    if wanted.names_provider:
        provider = _from_options(wanted, config)
    elif remembered is not None and remembered.kind:
        provider = _from_memory(remembered)
    else:
        provider = _from_config(config) or _from_environment() or Provider("github")
    known = remembered.model if remembered is not None and _same(provider, remembered) else ""
    model = wanted.model or known or config.model or os.environ.get("COPILOT_MODEL", "")
    if not model and provider.from_environment:
        model = os.environ.get("COPILOT_PROVIDER_MODEL_ID", "")
    if provider.kind == "local":
        model = ""
    return replace(provider, model=model, wire_api=wanted.wire_api or provider.wire_api)


def _same(provider: Provider, remembered: Settings) -> bool:
    return (provider.kind, provider.base_url) == (remembered.kind, remembered.base_url)


def _from_options(wanted: Wanted, config: CopilotMagics) -> Provider:
    kind = wanted.provider
    if kind and kind not in PROVIDERS:
        raise BadInput(
            f"There is no provider {kind!r}.",
            closest(kind, PROVIDERS) or f"The providers are {', '.join(PROVIDERS)}.",
        )
    configured = [found for found in (_from_config(config), _from_environment()) if found]
    check_name(wanted.api_key_env, "--api-key-env")
    if wanted.base_url:
        _check_url(wanted.base_url, "--base-url")
        known = [found for found in configured if found.base_url == wanted.base_url]
        # The same URL, spelled out: its own layer's key belongs to it.
        if known and not wanted.api_key_env and kind in ("", known[0].kind):
            return known[0]
        kind = kind or "openai"
        if kind in ("github", "local"):
            raise BadInput(
                f"The provider {kind!r} takes no --base-url.",
                "Leave it out, or name --provider openai, azure, anthropic or ollama.",
            )
        return Provider(kind, wanted.base_url, wanted.api_key_env)
    if not kind:
        raise BadInput(
            "--api-key-env was given without the URL that the key is for.",
            "Add `--base-url URL`, or `--provider openai` for that provider's own URL.",
        )
    if not wanted.api_key_env:
        for found in configured:
            if found.kind == kind:
                return found
    if kind == "local":
        return Provider(kind, local_model=wanted.local_model or config.local_model)
    if kind == "github":
        return Provider(kind)
    if kind not in _URLS:
        raise BadInput(
            f"The provider {kind!r} needs its URL.",
            f"Add `--base-url https://…` to --provider {kind}.",
        )
    key_env = wanted.api_key_env or _KEYS.get(kind, "")
    return Provider(kind, _URLS[kind], key_env)


def _from_memory(remembered: Settings) -> Provider:
    if remembered.base_url:
        _check_url(remembered.base_url, "what the session remembers")
    if remembered.api_key_env in (_ENVIRONMENT_KEY, _ENVIRONMENT_BEARER, _ENVIRONMENT_COMMAND):
        found = _from_environment()
        if found is None or not _same(found, remembered):
            raise ProviderUnavailable(
                f"This session was held with {remembered.kind} at {remembered.base_url}, and "
                f"{_ENVIRONMENT_URL} is {'not set' if found is None else f'that of {found} now'}.",
                "Set it to that URL, or name who answers with `--provider` and `--base-url`.",
            )
        # A key that is missing now is missed, and not done without.
        return replace(found, api_key_env=found.api_key_env or remembered.api_key_env)
    environment = _from_environment()
    if environment is not None and _same(environment, remembered) and not remembered.api_key_env:
        return environment
    return Provider(
        remembered.kind,
        remembered.base_url,
        remembered.api_key_env,
        remembered.wire_api,
        local_model=remembered.local_model,
    )


def _from_config(config: CopilotMagics) -> Provider | None:
    kind = config.provider or ("openai" if config.base_url else "")
    if not kind:
        return None
    url = config.base_url or _URLS.get(kind, "")
    if kind in ("github", "local"):
        return Provider(kind, local_model=config.local_model if kind == "local" else "")
    if not url:
        raise BadInput(
            f"%config CopilotMagics.provider is {kind!r}, which needs a URL.",
            "Set `%config CopilotMagics.base_url = 'https://…'`.",
        )
    _check_url(url, "%config CopilotMagics.base_url")
    own_url = not config.base_url
    key_env = check_name(config.api_key_env, "%config CopilotMagics.api_key_env")
    key_env = key_env or (_KEYS.get(kind, "") if own_url else "")
    return Provider(kind, url, key_env, config.wire_api)


def _from_environment() -> Provider | None:
    url = os.environ.get(_ENVIRONMENT_URL, "")
    if not url:
        return None
    _check_url(url, _ENVIRONMENT_URL)
    kind = os.environ.get("COPILOT_PROVIDER_TYPE") or "openai"
    if kind not in ("openai", "azure", "anthropic"):
        raise BadInput(
            f"COPILOT_PROVIDER_TYPE is {kind!r}.", "It can be openai, azure or anthropic."
        )
    # The terminal's own order of precedence.
    names = (_ENVIRONMENT_BEARER, _ENVIRONMENT_COMMAND, _ENVIRONMENT_KEY)
    key_env = next((name for name in names if os.environ.get(name)), "")
    wire_api = os.environ.get("COPILOT_PROVIDER_WIRE_API", "")
    return Provider(kind, url, key_env, wire_api, from_environment=True)


def _environment_extras() -> dict[str, Any]:
    """Return the rest of ``copilot help providers`` as the SDK's provider configuration."""
    extras: dict[str, Any] = {}
    for name, option in (
        ("COPILOT_PROVIDER_TRANSPORT", "transport"),
        ("COPILOT_PROVIDER_MODEL_ID", "model_id"),
        ("COPILOT_PROVIDER_WIRE_MODEL", "wire_model"),
    ):
        if value := os.environ.get(name):
            extras[option] = value
    for name, option in (
        ("COPILOT_PROVIDER_MAX_PROMPT_TOKENS", "max_prompt_tokens"),
        ("COPILOT_PROVIDER_MAX_OUTPUT_TOKENS", "max_output_tokens"),
    ):
        if value := os.environ.get(name):
            if not value.isdecimal():
                raise BadInput(f"{name} is {value!r}.", "Set it to a whole number of tokens.")
            extras[option] = int(value)
    if version := os.environ.get("COPILOT_PROVIDER_AZURE_API_VERSION"):
        extras["azure"] = {"api_version": version}
    if headers := os.environ.get("COPILOT_PROVIDER_HEADERS"):
        pairs = (line.partition(":") for line in headers.replace("\\n", "\n").splitlines())
        extras["headers"] = {
            name.strip(): Key(value.strip()) for name, colon, value in pairs if colon
        }
    command = read_key(_ENVIRONMENT_COMMAND)
    if command and not os.environ.get(_ENVIRONMENT_BEARER):
        extras["api_key_command"] = command
    return extras


def _check_url(url: str, where: str) -> None:
    """Refuse what is no URL, or holds a key; it is not repeated, as it may be one."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Nobody could be asked with a query either: the path would stand behind it.
        secret = "@" in parts.netloc or "?" in url or "#" in url
    except ValueError:
        good = secret = False
    if secret:
        raise BadInput(
            f"The URL in {where} must not hold a name, a password or a key, nor anything after a "
            "? or #.",
            "Give it without, and the name of the variable that holds the key with "
            "`--api-key-env`; Azure's version belongs in COPILOT_PROVIDER_AZURE_API_VERSION.",
        )
    if not good:
        raise BadInput(
            f"What {where} holds is no URL of a provider.", "It should look like https://host/v1."
        )
