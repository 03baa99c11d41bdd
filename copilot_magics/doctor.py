"""What ``python -m copilot_magics doctor`` finds: each part a prompt needs, and a mend if it fails.

Nothing is guessed that can be asked: the runtime tells its version and whether someone is logged
in. No key and no password is ever printed, only the names of the variables that hold them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

from copilot_magics.config import CopilotMagics
from copilot_magics.errors import CopilotError
from copilot_magics.folders import copilot_home
from copilot_magics.keys import without_keys
from copilot_magics.providers import Provider, Wanted, resolve
from copilot_magics.runtime.locate import (
    cached_model,
    find_runtime,
    pinned_version,
    runtime_version,
)

_WIDGETS_SINCE = (7, 4)
_LOGIN_TIMEOUT = 60.0


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    part : str
        What was looked at.
    found : str
        What is there.
    mend : str
        What to do about it; empty where all is well.
    blocks : bool
        Whether a prompt could not be sent.
    """

    part: str
    found: str
    mend: str = ""
    blocks: bool = False


def examine(provider: str = "", runtime_url: str = "", token_env: str = "") -> list[Finding]:
    """Look at everything a prompt needs.

    Parameters
    ----------
    provider : str
        Who shall answer; empty for the one the environment configures, else the GitHub login.
    runtime_url : str
        Where a shared runtime listens; empty for a runtime of one's own.
    token_env : str
        The variable that holds its token; empty for the usual one.
    """
    config = CopilotMagics.instance()
    config.runtime_url = runtime_url
    config.runtime_token_env = token_env or config.runtime_token_env
    runtime = _shared() if runtime_url else _runtime()
    chosen = _guarded("provider", lambda: resolve(Wanted(provider), CopilotMagics(), None))
    findings = [runtime]
    if isinstance(chosen, Finding):
        findings.append(chosen)
    else:
        needed = chosen.kind == "github"
        findings.append(
            Finding("login", "not asked, for want of a runtime", blocks=needed)
            if runtime.blocks
            else _login(needed=needed)
        )
        findings += [_provider(chosen), _model(chosen)]
    local_needed = isinstance(chosen, Provider) and chosen.kind == "local"
    return [*findings, _state(), _ipykernel(), _local(needed=local_needed), _proxy()]


def report(findings: Iterable[Finding]) -> str:
    """Write the findings as a table, each mend under its problem."""
    findings = list(findings)
    width = max(len(finding.part) for finding in findings)
    lines = []
    for finding in findings:
        mark = "FAIL" if finding.blocks else "note" if finding.mend else "ok"
        lines.append(f"{mark:<4}  {finding.part:<{width}}  {finding.found}")
        if finding.mend:
            lines.append(f"{'':<{width + 8}}-> {finding.mend}")
    failed = any(finding.blocks for finding in findings)
    lines += ["", "A prompt could not be sent." if failed else "A prompt can be sent."]
    return "\n".join(lines)


def _guarded(part: str, look: Callable[[], Provider]) -> Provider | Finding:
    try:
        return look()
    except CopilotError as error:
        return _failure(part, error)


def _failure(part: str, error: CopilotError, *, blocks: bool = True) -> Finding:
    return Finding(part, error.what, error.mend, blocks)


def _runtime() -> Finding:
    try:
        path = find_runtime()
    except CopilotError as error:
        return _failure("runtime", error)
    version = runtime_version(path)
    wanted = pinned_version()
    if version is None:
        return Finding(
            "runtime",
            f"{path}, which does not tell its version",
            "Run `python -m copilot_magics setup`, and unset COPILOT_CLI_PATH if it is set.",
            blocks=True,
        )
    found = f"{version} at {path}"
    if version == wanted:
        return Finding("runtime", f"{found} (the version the SDK was made for)")
    return Finding(
        "runtime",
        f"{found} (the SDK was made for {wanted})",
        "Most things work; `python -m copilot_magics setup` fetches a version that is tested.",
    )


def _shared() -> Finding:
    from copilot_magics.runtime.loop import submit

    try:
        version, pid = submit(_ask_version()).result(_LOGIN_TIMEOUT)
    except CopilotError as error:
        return _failure("runtime", error)
    url, fits = CopilotMagics.instance().runtime_url, pinned_version()
    found = f"{version} at {url}, shared (process {pid})"
    if version == fits:
        return Finding("runtime", found)
    mend = f"Most things work; start it with runtime {fits}, the version the SDK was made for."
    return Finding("runtime", found, mend)


async def _ask_version() -> tuple[str, int | None]:
    from copilot_magics.runtime.process import runtime

    client = await runtime().client()
    return (await client.get_status()).version, runtime().pid


def _login(*, needed: bool) -> Finding:
    from copilot_magics.runtime.loop import submit

    try:
        logged_in, who = submit(_ask_login()).result(_LOGIN_TIMEOUT)
    except CopilotError as error:
        return _failure("login", error)
    except Exception as error:  # whatever the SDK raises, the other findings are still wanted
        return Finding(
            "login",
            f"the runtime could not be asked: {str(error) or type(error).__name__}",
            "Try it by hand: run the runtime's path, shown above, in a terminal.",
            blocks=True,
        )
    if logged_in:
        return Finding("login", who)
    if not needed:
        return Finding("login", "not logged in to GitHub, and the provider needs no login")
    return Finding(
        "login",
        "not logged in to GitHub",
        f"Run `{_program()} login`, or configure a provider with COPILOT_PROVIDER_BASE_URL, "
        "or use the provider 'local'.",
        blocks=True,
    )


def _program() -> str:
    try:
        return str(find_runtime())
    except CopilotError:
        # A shared one can be used without any here.
        return "copilot"


async def _ask_login() -> tuple[bool, str]:
    from copilot_magics.runtime.process import runtime

    try:
        status = await (await runtime().client(login=True)).get_auth_status()
    finally:
        await runtime().kill()
    return status.isAuthenticated, f"{status.login or 'logged in'} at {status.host or 'GitHub'}"


def _provider(provider: Provider) -> Finding:
    if provider.kind == "local":
        return Finding("provider", "local, the model inside this machine")
    if provider.kind == "github":
        return Finding("provider", "github, the GitHub login")
    try:
        provider.key()
    except CopilotError as error:
        return _failure("provider", error)
    key = f"key in {provider.api_key_env}" if provider.api_key_env else "without a key"
    return Finding("provider", f"{provider}, {key}")


def _model(provider: Provider) -> Finding:
    if provider.kind == "local":
        return Finding("model", Path(provider.local_model or cached_model()).stem)
    if provider.model:
        return Finding("model", provider.model)
    if provider.kind == "github":
        return Finding("model", "the default of the GitHub login")
    return Finding(
        "model", "none is named", "Set COPILOT_MODEL, or use `--model` in the notebook.", True
    )


def _state() -> Finding:
    home = copilot_home()
    folder = next(path for path in (home, *home.parents) if path.exists())
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "state folder",
            f"{home}, which cannot be written: {error.strerror}",
            "Mend its permissions, or name another folder with COPILOT_HOME.",
            blocks=True,
        )
    return Finding("state folder", str(home) if folder == home else f"{home}, not made yet")


def _ipykernel() -> Finding:
    version = metadata.version("ipykernel")
    if tuple(int(part) for part in version.split(".")[:2]) >= _WIDGETS_SINCE:
        return Finding("ipykernel", version)
    return Finding(
        "ipykernel",
        f"{version}, so buttons do not work while a cell runs",
        "Questions come through the input line; `pip install -U ipykernel` brings the buttons.",
    )


def _local(*, needed: bool) -> Finding:
    missing = []
    if not cached_model().is_file():
        missing.append("`python -m copilot_magics setup --local`")
    if importlib.util.find_spec("xllamacpp") is None:
        missing.append("`pip install 'copilot-magics[local]'`")
    if not missing:
        return Finding("local model", str(cached_model()))
    mend = f"Run {' and '.join(missing)}." if needed else ""
    return Finding("local model", "not set up", mend, blocks=needed)


def _proxy() -> Finding:
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    found = [
        f"{name}={without_keys(value)}"
        for name, value in sorted(os.environ.items())
        if name.lower() in names and value
    ]
    return Finding("proxy", " ".join(found) or "none configured")
