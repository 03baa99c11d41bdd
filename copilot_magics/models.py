"""Which models one can ask: the login's, or what a provider says that it offers."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from copilot_magics import records
from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput, ProviderUnavailable, closest
from copilot_magics.providers import Provider, Wanted, github_token, not_logged_in, resolve
from copilot_magics.runtime.process import runtime

if TYPE_CHECKING:
    import pandas as pd

_PATIENCE = 5.0
"""Seconds that a provider may take to list its models."""

_MOST = 10_000_000
"""Bytes of such a list that are read."""


async def offered(provider: Provider) -> list[str] | None:
    """Return the names of a provider's models, or None where it does not say.

    Raises
    ------
    ProviderUnavailable
        Nobody is logged in, the key is missing, or the provider cannot be reached.
    """
    if provider.kind == "github":
        return [model.id for model in await _of_the_login()]
    if provider.kind == "local":
        from copilot_magics.local import server

        return [(await asyncio.to_thread(server, provider.local_model or None)).model]
    return await asyncio.to_thread(_listed, provider)


async def check_model(provider: Provider, model: str) -> None:
    """Raise where a provider says that it has no such model.

    Raises
    ------
    BadInput
        With the closest names.
    """
    try:
        known = await offered(provider)
    except ProviderUnavailable:
        # Whoever asks next says what is wrong, and better.
        return
    if known and model not in known:
        raise BadInput(
            f"The provider {provider} has no model {model!r}; nothing was sent.",
            closest(model, known) or "`%copilot_models` lists those it has.",
        )


async def offered_table(wanted: Wanted, session: str) -> pd.DataFrame:
    """Return what ``%copilot_models`` shows.

    Parameters
    ----------
    wanted : Wanted
        The magic's options.
    session : str
        The session whose provider counts where they name none; may be empty.
    """
    import pandas as pd

    remembered = records.settings(session) if session else None
    provider = resolve(wanted, CopilotMagics.instance(), remembered)
    if provider.kind == "github":
        rows = [_row(model) for model in await _of_the_login()]
        return pd.DataFrame(rows, columns=["model", "name", "context", "multiplier"])
    known = await offered(provider)
    if known is None:
        print(f"The provider {provider} does not list its models; it was configured with")
        known = [provider.model] if provider.model else []
    return pd.DataFrame({"model": pd.array(sorted(known), dtype="string")})


async def _of_the_login() -> list[Any]:
    client = await runtime().client(login=True)
    if token := github_token():
        from copilot.rpc import ModelsListRequest

        return list((await client.rpc.models.list(ModelsListRequest(git_hub_token=token))).models)
    if not (await client.get_auth_status()).isAuthenticated:
        raise not_logged_in()
    return list(await client.list_models())


def _row(model: Any) -> tuple[str, str, int | None, float | None]:
    limits = model.capabilities.limits
    multiplier = model.billing.multiplier if model.billing else None
    return model.id, model.name, limits.max_context_window_tokens, multiplier


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: it may lead to where the key must not go."""

    def redirect_request(self, *_told: object) -> None:
        """Return no request, which makes the redirect an error."""


_UNREACHED = 0
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def _listed(provider: Provider) -> list[str] | None:
    # An error is raised here, and not where it is met: frames there hold the key.
    found = _answer(provider)
    if found == _UNREACHED:
        raise ProviderUnavailable(
            f"The provider {provider} could not be reached.",
            "Check that it runs, its URL, and the proxy.",
        )
    if found in _REFUSED:
        raise ProviderUnavailable(
            f"The provider {provider} refused the key (HTTP {found}).",
            "Check the variable named by `--api-key-env`.",
        )
    return found if isinstance(found, list) else None


def _answer(provider: Provider) -> list[str] | int | None:
    """Return the names that a provider lists, else the status of its answer, if it has one."""
    headers = {}
    if key := provider.key():
        headers = {"Authorization": f"Bearer {key}"}
        if provider.kind == "anthropic":
            headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if provider.kind == "azure":
        # Azure lists deployments elsewhere, for other keys.
        return None
    base = provider.base_url.rstrip("/")
    url = f"{base}/v1/models" if provider.kind == "anthropic" else f"{base}/models"
    try:
        with build_opener(_Stay).open(Request(url, headers=headers), timeout=_PATIENCE) as answer:
            found = json.loads(answer.read(_MOST))
        return [str(model["id"]) for model in found["data"]]
    except HTTPError as error:
        return error.code
    except OSError:
        return _UNREACHED
    except (HTTPException, ValueError, KeyError, TypeError, RecursionError):
        return None
