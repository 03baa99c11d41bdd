"""The words a user types: arguments and help of the magics.

Each magic parses its line, calls what does the work, and says in one line what was done. Nothing
slow is imported before it is needed: ``%load_ext`` must cost nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import threading
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from copilot_magics.config import PERMISSIONS, PROVIDERS, RERUNS, WIRE_APIS
from copilot_magics.errors import BadInput, RuntimeUnavailable, SessionExists, closest
from copilot_magics.ids import check_session_id
from copilot_magics.interruptible import interruptible
from copilot_magics.options import parse, split_prompt

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.display.picker import SessionPicker
    from copilot_magics.notebook import Notebook
    from copilot_magics.prompting import Prompt
    from copilot_magics.reply import Reply
    from copilot_magics.settings import How

_HELP = argument("-h", "--help", action="store_true", help="Show this help.")


@magics_class
class CopilotMagicsMagics(Magics):
    """The magics of copilot_magics."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        from copilot_magics.notebook import Notebook

        self.notebook: Notebook = Notebook(shell)
        self.raw_cell = ""

    @line_magic
    @interruptible
    @magic_arguments()
    @_HELP
    @argument("session", nargs="*", metavar="ID", help="ID or title of the session.")
    @argument("--new", action="store_true", help="Fail if the session exists.")
    @argument("--resume", action="store_true", help="Fail if the session does not exist.")
    @argument("--disconnect", action="store_true", help="Release the session; its data stays.")
    @argument(
        "--fork",
        default="",
        metavar="SOURCE",
        help="Start a new session with SOURCE's history; ID becomes its title.",
    )
    @argument(
        "--at",
        default="",
        metavar="EVENT",
        help="With --fork: only with what was before this event (an event_id of get_messages()).",
    )
    @argument("--model", default="", help="The model to ask; %%copilot_models lists them.")
    @argument("--reasoning-effort", default="", help="How hard it thinks: low, medium, high, …")
    @argument("--provider", default="", help=f"Who answers: {', '.join(PROVIDERS)}.")
    @argument("--base-url", default="", metavar="URL", help="The provider's URL.")
    @argument(
        "--api-key-env",
        default="",
        metavar="VAR",
        help="NAME of the variable that holds the key; a key is never typed into a notebook.",
    )
    @argument("--wire-api", default="", help=f"The provider's API: {' or '.join(WIRE_APIS)}.")
    @argument(
        "--permissions",
        default="",
        help=f"What the agent may do: {', '.join(PERMISSIONS)}.",
    )
    @argument(
        "--allow",
        action="append",
        default=[],
        metavar="PATTERN",
        help="Allow without asking, e.g. 'shell(git:*)', 'write(out)', 'url(github.com)', "
        "'read(../data)', 'tool(name)'; repeatable.",
    )
    @argument(
        "--deny",
        action="append",
        default=[],
        metavar="PATTERN",
        help="Always refuse; wins over --allow; repeatable.",
    )
    @argument("--cwd", default="", metavar="DIR", help="Where the agent works.")
    @argument(
        "--trust-folder",
        action="store_true",
        default=None,
        help="Let that folder's own hooks, MCP servers, skills, plugins and extensions run.",
    )
    @argument(
        "--rerun",
        default="",
        help=f"What a cell does that was answered in an earlier kernel: {' or '.join(RERUNS)}.",
    )
    def copilot_session(self, line: str) -> None:
        """Bind this notebook to a session: resume it, or create it where it does not exist.

        Without an ID it says what this notebook is bound to, and how its last turn ended.
        """
        args = parse(self.copilot_session, line)
        if args is None:
            return
        # A title may have several words.
        args.session = " ".join(args.session)
        begin_imports()
        _check_choices(args)
        self.notebook.rerun = args.rerun or self.notebook.rerun
        if args.disconnect:
            self._disconnect(args.session)
        elif args.fork or args.at:
            print(self._fork(args))
        elif args.session or args.new or _opens(args):
            print(self._open(args))
        else:
            print(self.notebook.status())

    @line_cell_magic
    @interruptible
    @magic_arguments()
    @_HELP
    @argument("--session", default="", metavar="ID", help="Another session, for this prompt only.")
    @argument("--model", default="", help="Another model, for this prompt only.")
    @argument("--timeout", default=None, metavar="SECONDS", help="Give the turn up after that.")
    @argument(
        "--attach",
        action="append",
        default=[],
        metavar="PATH",
        help="A file, image or folder to send along; repeatable.",
    )
    @argument("--quiet", action="store_true", help="Show nothing; the reply is in _.")
    @argument("--into", default="", metavar="VAR", help="Put the reply into this variable too.")
    def copilot(self, line: str, cell: str | None = None) -> Reply | None:
        """Send the cell, word for word, as a prompt to this notebook's session.

        ``%copilot TEXT`` sends one line, with IPython's {name} and $name expanded. The value is a
        Reply: .text, .code, .messages, .usage, .session, .duration, .outcome.
        """
        prompt = self._prompt(line, cell, awaited=False)
        if prompt is None:
            return None
        from copilot_magics.doors import wait_for_turn

        if prompt.turn is None:
            return prompt.replay()
        return prompt.keep(wait_for_turn(prompt.turn, prompt.work(), prompt.view))

    async def copilot_awaited(self, line: str, cell: str | None = None) -> Reply | None:
        """``%%copilot`` at the top of a cell; see `copilot_magics.awaiting`."""
        prompt = self._prompt(line, cell, awaited=True)
        if prompt is None:
            return None
        from copilot_magics.doors import await_turn
        from copilot_magics.reply import Reply, failure_of

        if prompt.turn is None:
            return prompt.replay()
        try:
            return prompt.keep(await await_turn(prompt.turn, prompt.work(), prompt.view))
        except asyncio.CancelledError:
            error = failure_of(prompt.turn, Reply.of(prompt.turn), interrupted=True)
            assert error is not None
            raise error from None

    @line_magic
    @interruptible
    @magic_arguments()
    @_HELP
    @argument("--list", action="store_true", help="Return the table of all sessions.")
    @argument("--delete", nargs="+", default=[], metavar="ID", help="Delete sessions for good.")
    @argument(
        "--prune",
        default="",
        metavar="AGE",
        help="Delete sessions not used for so long, e.g. 30d; those bound, in use or starred are "
        "kept.",
    )
    @argument("--dry-run", action="store_true", help="With --prune: say what would go.")
    @argument("--yes", action="store_true", help="Do not ask.")
    @argument("--title", nargs="+", default=[], metavar=("ID", "TITLE"), help="Name a session.")
    def copilot_sessions(self, line: str) -> pd.DataFrame | SessionPicker | None:
        """Open the session picker, in a terminal a table; list, delete, prune or name sessions."""
        args = parse(self.copilot_sessions, line)
        if args is None:
            return None
        from copilot_magics import sessions

        if sum(map(bool, (args.delete, args.prune, args.title))) > 1:
            raise BadInput("--delete, --prune and --title go one at a time.", "Run them in turn.")
        if args.dry_run and not args.prune:
            raise BadInput("--dry-run goes with --prune.", "Add `--prune 30d`.")
        if args.delete:
            sessions.delete_sessions(args.delete, yes=args.yes)
            return None
        if args.title:
            if len(args.title) < 2:
                raise BadInput("--title needs an ID and a title.", "Such as `--title ID My title`.")
            sessions.set_title(args.title[0], " ".join(args.title[1:]))
            return None
        if args.prune:
            return sessions.prune_sessions(args.prune, dry_run=args.dry_run, yes=args.yes)
        if hasattr(self.shell, "kernel") and not args.list:
            from copilot_magics.display.picker import SessionPicker

            return SessionPicker()
        found = sessions.list_sessions()
        if hasattr(self.shell, "kernel"):
            return found
        from copilot_magics.display.table import sessions_table

        print(sessions_table(found))
        return None

    @line_magic
    @interruptible
    @magic_arguments()
    @_HELP
    @argument("--provider", default="", help=f"Whose: {', '.join(PROVIDERS)}.")
    @argument("--base-url", default="", metavar="URL", help="The provider's URL.")
    @argument("--api-key-env", default="", metavar="VAR", help="NAME of the key's variable.")
    def copilot_models(self, line: str) -> pd.DataFrame | None:
        """List the models that this notebook can ask."""
        args = parse(self.copilot_models, line)
        if args is None:
            return None
        from copilot_magics.doors import block
        from copilot_magics.models import offered_table
        from copilot_magics.providers import Wanted

        session = self.notebook.session
        wanted = Wanted(args.provider, args.base_url, args.api_key_env)
        return block(offered_table(wanted, session.id if session else ""))

    def _prompt(self, line: str, cell: str | None, *, awaited: bool) -> Prompt | None:
        options, text = split_prompt(self.copilot, line) if cell is None else (line, cell)
        args = parse(self.copilot, options)
        if args is None:
            return None
        begin_imports()
        from copilot_magics.prompting import Prompt

        if cell is not None:
            text = word_for_word(self.raw_cell, cell)
        return Prompt(self.notebook, args, text, whole_cell=awaited and cell is not None)

    def _fork(self, args: Namespace) -> str:
        from copilot_magics.sessions import fork_session

        if not args.fork:
            raise BadInput("--at goes with --fork.", "Add `--fork SOURCE`.")
        if args.resume:
            raise BadInput("--fork makes a new session.", "Leave --resume out.")
        args.session = fork_session(args.fork, args.session, at=args.at)
        # A fork is new in any case.
        args.new = False
        return f"Forked {args.fork}. {self._open(args)}"

    def _open(self, args: Namespace) -> str:
        from copilot_magics.session import Session

        if args.new and args.resume:
            raise BadInput("--new and --resume exclude each other.", "Leave one out.")
        if args.session:
            if args.new:
                # Before anybody's title is looked at.
                check_session_id(args.session)
            session_id = args.session
        elif args.new:
            session_id = self.notebook.new_session().id
        else:
            session_id = self.notebook.bound()[0].id
        session = Session(
            session_id,
            model=args.model,
            reasoning_effort=args.reasoning_effort,
            provider=args.provider,
            base_url=args.base_url,
            api_key_env=args.api_key_env,
            wire_api=args.wire_api,
            permissions=args.permissions,
            allow=args.allow,
            deny=args.deny,
            cwd=args.cwd,
            trust_folder=args.trust_folder,
        )
        if args.new and args.session and session.id != args.session:
            raise SessionExists(
                f"The session {session.id!r} has the title {args.session!r}.",
                "Leave out --new to resume it, or choose another ID.",
            )
        how: How = "new" if args.new else "resume" if args.resume else "either"
        return self.notebook.bind(session, how)

    def _disconnect(self, name: str) -> None:
        from copilot_magics.session import Session

        session = Session(name) if name else self.notebook.bound_or_none()
        if session is None or not session.exists:
            raise BadInput(
                "There is no session to disconnect.", "`%copilot_session` says what is bound."
            )
        session.close()
        print(f"Disconnected {session.id}; its data stays on disk.")


def word_for_word(raw: str, body: str) -> str:
    """Return a cell's prompt as it was typed.

    IPython takes ``>>>`` and ``In [1]:`` off the beginning of lines, and adds a newline.

    Parameters
    ----------
    raw : str
        The cell that is running, as typed.
    body : str
        What IPython made of its lines below the first.
    """
    head, newline, typed = raw.lstrip().partition("\n")
    if newline and head.startswith("%%copilot"):
        return typed
    return body.removesuffix("\n")


def begin_imports() -> None:
    """Begin to import what a first prompt needs, in the background.

    Not where there is no runtime: the imports would only delay the error that says so.
    """
    global _importing
    if _importing is None:
        from copilot_magics.runtime.shared import check_runtime

        try:
            check_runtime()
        except RuntimeUnavailable:
            return
        _importing = threading.Thread(target=_import_slow, name="copilot-magics-imports")
        _importing.daemon = True
        _importing.start()


_importing: threading.Thread | None = None


def _import_slow() -> None:
    for name in ("copilot", "pandas", "ipywidgets"):
        # Whoever needs it will see the error.
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _opens(args: Namespace) -> bool:
    """Whether options were given that only opening a session can take up."""
    told = vars(args).keys() - {"help", "session", "new", "disconnect", "rerun"}
    return any(vars(args)[name] for name in told)


def _check_choices(args: Namespace) -> None:
    for name, known in (
        ("provider", PROVIDERS),
        ("wire_api", WIRE_APIS),
        ("permissions", PERMISSIONS),
        ("rerun", RERUNS),
    ):
        value = getattr(args, name)
        if value and value not in known:
            option = f"--{name.replace('_', '-')}"
            raise BadInput(
                f"{option} cannot be {value!r}.",
                closest(value, known) or f"It can be {', '.join(known)}.",
            )
    if args.cwd and not Path(args.cwd).expanduser().is_dir():
        raise BadInput(f"There is no folder {args.cwd!r}.", "Name one that exists with `--cwd`.")
