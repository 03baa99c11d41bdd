"""`Session`: one conversation, as a notebook or a script holds it.

A handle costs nothing: the session is created or resumed when it is first used. The work is async,
on the runtime's loop; each method here is a thin door to it, `Session.aask` where one may await
and `Session.ask` where one may not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from copilot_magics import doors
from copilot_magics.answers.asking import await_answer, wait_for_answer
from copilot_magics.answers.options import of_type
from copilot_magics.answers.rounds import Rounds
from copilot_magics.binding import this_notebook
from copilot_magics.config import PERMISSIONS, CopilotMagics
from copilot_magics.display import prompts
from copilot_magics.display.stream import Silent
from copilot_magics.errors import BadInput
from copilot_magics.ids import check_session_id
from copilot_magics.permissions import Pattern
from copilot_magics.plain_prompt import turn_for
from copilot_magics.providers import Wanted
from copilot_magics.reply import Reply

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.conversation import Conversation
    from copilot_magics.settings import How, Options
    from copilot_magics.turn import Turn


class Session:
    """A named conversation with GitHub Copilot that outlives the kernel.

    Parameters
    ----------
    id : str
        Its ID (letters, digits, ``-`` and ``_``), or a title that a person gave it.
        Resumed where it exists, else created.
    model, reasoning_effort : str
        Who answers, and how hard it thinks.
    provider, base_url, api_key_env, wire_api : str
        As the options of ``%copilot_session``; ``api_key_env`` is the NAME of a variable.
    permissions : {"ask", "read-only", "allow-all", "deny"}
        What the agent may do; ``%config CopilotMagics.permissions`` where left out.
    allow, deny : str or sequence of str
        Patterns such as ``shell(git:*)``; deny wins.
    cwd : str or Path
        Where the agent works; the notebook's folder where left out.
    trust_folder : bool
        Let that folder's own hooks, MCP servers, skills, plugins and extensions run.
    tools : callable or sequence of callable
        Functions that the agent of this session may call; see `copilot_tool`.

    Raises
    ------
    InvalidSessionID
        The ID could not be created, and no session has it as its title.
    BadInput
        An option cannot be used.
    """

    def __init__(
        self,
        id: str,
        *,
        model: str = "",
        reasoning_effort: str = "",
        provider: str = "",
        base_url: str = "",
        api_key_env: str = "",
        wire_api: str = "",
        permissions: str = "",
        allow: str | Sequence[str] = (),
        deny: str | Sequence[str] = (),
        cwd: str | Path = "",
        trust_folder: bool | None = None,
        tools: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
    ) -> None:
        from copilot_magics.settings import Options
        from copilot_magics.tools.own import tools_of
        from copilot_magics.transcripts.catalog import find
        from copilot_magics.transcripts.restrictions import as_list

        if permissions and permissions not in PERMISSIONS:
            raise BadInput(
                f"There are no permissions {permissions!r}.",
                f"They are {', '.join(PERMISSIONS)}.",
            )
        allowed, denied = (tuple(as_list(some, "pattern") or ()) for some in (allow, deny))
        for pattern in (*allowed, *denied):
            Pattern.parse(pattern)
        self._id = find(id) or check_session_id(id)
        self._options: Options = Options(
            Wanted(provider, base_url, api_key_env, wire_api, model),
            reasoning_effort=reasoning_effort,
            permissions=permissions,
            allow=allowed,
            deny=denied,
            cwd=str(cwd),
            trust_folder=trust_folder,
            notebook=this_notebook(doors.shell()),
            tools=tools_of([tools] if callable(tools) else tools),
        )

    @property
    def id(self) -> str:
        """The ID, chosen when the session was created and kept for good."""
        return self._id

    @property
    def title(self) -> str:
        """The title: a person's, else the first prompt, shortened."""
        from copilot_magics.transcripts.catalog import facts

        found = facts(self._id)
        return found.title if found else ""

    @property
    def exists(self) -> bool:
        """Whether there is such a session on disk."""
        from copilot_magics.held import repository
        from copilot_magics.transcripts.journal import journal_path

        # One that this kernel holds is; looking would cost each prompt half a millisecond.
        return self._id in repository or journal_path(self._id).is_file()

    def open(self, how: How = "either") -> Session:
        """Create or resume the session now.

        Parameters
        ----------
        how : {"either", "new", "resume"}
            What to insist on.

        Raises
        ------
        SessionExists, SessionNotFound, BadInput
            It is not as ``how`` demands, or there is no such demand.
        SessionInUse
            Another kernel holds it.
        RuntimeUnavailable, ProviderUnavailable
            There is no runtime, or nobody would answer.
        """
        doors.block(self._opened(how))
        return self

    def ask(
        self,
        prompt: str,
        *,
        model: str = "",
        timeout: float | None = None,
        attachments: str | Path | Sequence[str | Path] = (),
        now: bool = False,
        schema: Any = None,
    ) -> Reply:
        """Send a prompt and wait for the reply; the session is opened with the first.

        Parameters
        ----------
        prompt : str
            The prompt, word for word: ``@`` mentions nothing here, as it does in a cell.
        model : str
            Another model, for this prompt only.
        timeout : float, optional
            Seconds after which to give up; ``%config CopilotMagics.timeout`` where left out.
        attachments : path or sequence of path
            Files, images and folders to send along.
        now : bool
            Send it into the turn that is running, if one is, instead of waiting for its end; the
            answer is then what came after it.
        schema : type or str, optional
            What the answer has to be, validated, in ``Reply.value``: a Pydantic model, a dataclass,
            a TypedDict, ``list[Model]``, pandas' DataFrame, ``"DataFrame[name: str, age: int]"``.
            It is asked for again where it is not, at most twice.

        Returns
        -------
        Reply
            The answer.

        Raises
        ------
        TurnFailed, TurnTimedOut, TurnAborted, TurnInterrupted
            No whole answer came; ``.reply`` holds what did.
        InvalidAnswer
            An answer came that is not what ``schema`` asks for; ``.reply.text`` has it.
        BadInput
            The prompt is empty, an attachment or a model is not there, or options exclude each
            other; nothing was sent.
        SessionInUse, RuntimeUnavailable, ProviderUnavailable
            The session cannot be opened, as in `Session.open`; nothing was sent.
        """
        turn = turn_for(self._id, prompt, model, timeout, attachments, now, schema)
        rounds = Rounds(turn, Silent(prompts.by_input), of_type(schema))
        return wait_for_answer(rounds, self.send)

    async def aask(
        self,
        prompt: str,
        *,
        model: str = "",
        timeout: float | None = None,
        attachments: str | Path | Sequence[str | Path] = (),
        now: bool = False,
        schema: Any = None,
    ) -> Reply:
        """Send a prompt and await the reply; as `Session.ask`, where one may await."""
        turn = turn_for(self._id, prompt, model, timeout, attachments, now, schema)
        rounds = Rounds(turn, Silent(prompts.by_buttons), of_type(schema))
        return await await_answer(rounds, self.send)

    def start(
        self,
        prompt: str,
        *,
        model: str = "",
        timeout: float | None = None,
        attachments: str | Path | Sequence[str | Path] = (),
        now: bool = False,
        schema: Any = None,
    ) -> Reply:
        """Send a prompt and return at once; as `Session.ask`, but the turn goes on by itself.

        What has come so far is in the reply; `Reply.wait` or ``await`` wait for the turn's end.
        """
        from copilot_magics.background import start_unseen

        turn = turn_for(self._id, prompt, model, timeout, attachments, now, schema)
        return start_unseen(turn, self.send, of_type(schema))

    def messages(self, **filters: Any) -> pd.DataFrame:
        """Return the session's history: `get_messages` of this session, with its filters."""
        from copilot_magics.transcripts import get_messages

        return get_messages(self._id, **filters)

    def fork(self, title: str = "", *, at: str = "") -> Session:
        """Return a new session that starts with this one's history; this one stays as it is.

        Parameters
        ----------
        title : str
            Its title; this one's with ``(fork)`` behind it where left out. The ID is the runtime's
            choice.
        at : str
            Event ID (column ``event_id`` of `messages`): only what was before that event.

        Returns
        -------
        Session
            Not yet opened.

        Raises
        ------
        SessionNotFound, BadInput
            This session has no history yet, or no such event, or the title cannot be used.
        """
        from copilot_magics.sessions import fork_session

        return Session(fork_session(self._id, title, at=at))

    def to_notebook(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the conversation as a notebook: prompts as cells, answers as their outputs.

        The code blocks of an answer follow it as cells; nothing is run, and nothing is asked.

        Parameters
        ----------
        path : str or Path
            The file, such as ``churn.ipynb``.
        overwrite : bool
            Whether to replace a file that is there.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        SessionNotFound, BadInput
            There is no such session, or the path cannot be used: a file is there, say.
        CopilotError
            The file cannot be written.
        """
        from copilot_magics.writing import write_notebook

        return write_notebook(self._id, path, overwrite=overwrite)

    def rewind(self, turn: int) -> Session | None:
        """Go back to just after a turn; what is cut off is kept in a fork, files stay as they are.

        Parameters
        ----------
        turn : int
            The turn's number (column ``turn`` of `messages`); 0 goes back to the beginning, and -1
            takes the last turn back.

        Returns
        -------
        Session or None
            The fork, not yet opened: it has all that this one had. None where nothing came after
            the turn.

        Raises
        ------
        SessionNotFound, BadInput
            There is no such session, or it has no such turn.
        SessionInUse
            Another kernel holds it, or a prompt is being answered.
        """
        from copilot_magics.rewinding import back_to, check_turn, rewind, turn_number
        from copilot_magics.transcripts import not_found

        number = turn_number(turn)
        if not self.exists:
            raise not_found(self._id)
        check_turn(self._id, number)
        work = rewind(self._id, self._options, back_to(self._id, number))
        rewound = doors.block(work, whole=True)
        return Session(rewound.fork) if rewound else None

    def abort(self) -> None:
        """End the turn that is running, from any thread; the session stays usable."""
        from copilot_magics.held import abort

        abort(self._id)

    def close(self) -> None:
        """Release the session, once its queued prompts are answered; its data stays on disk.

        Raises
        ------
        SessionInUse
            It works on a prompt in the background.
        """
        doors.block(self._closed())

    async def send(self, turn: Turn) -> None:
        """Bring a turn to its end, on the runtime's loop."""
        from copilot_magics.watching import watched

        await watched(turn, self._send(turn))

    async def _send(self, turn: Turn) -> None:
        while not await (await self._opened("either")).ask(turn):
            # It was released while the prompt waited for its turn.
            continue

    async def _opened(self, how: How) -> Conversation:
        from copilot_magics.held import opened

        return await opened(self._id, self._options, CopilotMagics.instance(), how)

    async def _closed(self) -> None:
        from copilot_magics.held import close

        await close(self._id)

    def __enter__(self) -> Session:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Session:
        await doors.awaited(self._opened("either"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await doors.awaited(self._closed())

    def __repr__(self) -> str:
        from copilot_magics.display.card import session_text

        return session_text(self._id)

    def _repr_html_(self) -> str:
        from copilot_magics.display.card import session_html

        return session_html(self._id)
