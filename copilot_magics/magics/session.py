"""``%copilot_session``: bind this notebook to a session."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from copilot_magics.config import PERMISSIONS, PROVIDERS, RERUNS, WIRE_APIS
from copilot_magics.errors import BadInput, SessionExists, closest
from copilot_magics.ids import check_session_id
from copilot_magics.interruptible import interruptible
from copilot_magics.magics.common import HELP, NotebookMagics, begin_imports
from copilot_magics.options import parse

if TYPE_CHECKING:
    from copilot_magics.settings import How


@magics_class
class SessionMagics(NotebookMagics):
    """``%copilot_session``."""

    @line_magic
    @interruptible
    @magic_arguments()
    @HELP
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
    @argument(
        "--rewind",
        default="",
        metavar="TURN",
        help="Go back to just after this turn (column turn of get_messages(); 0: the beginning, "
        "-1: take the last turn back). What is cut off is kept in a fork; files stay as they are.",
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
        help="What a cell does that was answered before: append (in an earlier kernel: send it "
        "again and say so), replay (in an earlier kernel: show that answer), rewind (also in this "
        "kernel: go back to before it, then send it).",
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
        if args.rewind and (args.new or args.disconnect or args.fork or args.at):
            raise BadInput(
                "--rewind goes with a session that is there.",
                "Leave out --new, --fork, --at and --disconnect, or run them before it.",
            )
        if args.disconnect:
            self._disconnect(args.session)
        elif args.rewind:
            print(self._rewind(args))
        elif args.fork or args.at:
            print(self._fork(args))
        elif args.session or args.new or _opens(args):
            print(self._open(args))
        else:
            print(self.notebook.status())

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

    def _rewind(self, args: Namespace) -> str:
        from copilot_magics.doors import block
        from copilot_magics.rewinding import back_to, check_turn, rewind, turn_number
        from copilot_magics.session import Session
        from copilot_magics.settings import Options
        from copilot_magics.transcripts import not_found

        turn = turn_number(args.rewind)
        bound = Session(args.session) if args.session else self.notebook.bound_or_none()
        if bound is None:
            raise BadInput(
                "This notebook is not bound to a session that could go back.",
                "Name one, as in `%copilot_session alice-churn --rewind 3`.",
            )
        if not bound.exists:
            raise not_found(bound.id)
        # Before anything is opened or bound.
        last = check_turn(bound.id, turn)
        args.session, args.resume = bound.id, True
        self._open(args)
        rewound = block(rewind(bound.id, Options(), back_to(bound.id, turn)), whole=True)
        if rewound is None:
            return f"Session {bound.id}: nothing comes after turn {last}; it is as it was."
        return str(rewound)

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
