"""``%copilot_sessions`` and ``%copilot_models``: what there is, in a picker or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from copilot_magics.config import PROVIDERS
from copilot_magics.errors import BadInput
from copilot_magics.interruptible import interruptible
from copilot_magics.magics.common import HELP, NotebookMagics
from copilot_magics.options import parse

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.display.picker import SessionPicker


@magics_class
class SessionsMagics(NotebookMagics):
    """``%copilot_sessions`` and ``%copilot_models``."""

    @line_magic
    @interruptible
    @magic_arguments()
    @HELP
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
    @argument(
        "--title", nargs="+", default=[], metavar=("ID TITLE", "WORD"), help="Name a session."
    )
    def copilot_sessions(self, line: str) -> pd.DataFrame | SessionPicker | None:
        """Open the session picker, in a terminal a table; list, delete, prune or name sessions."""
        args = parse(self.copilot_sessions, line)
        if args is None:
            return None
        from copilot_magics import sessions
        from copilot_magics.transcripts.when import moment

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
            moment(args.prune, "--prune")
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
    @HELP
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
