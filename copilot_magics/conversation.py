"""One session as this kernel holds it: locked, attached to the runtime, its prompts in a queue.

Several handles of one session share one conversation. It is attached when first needed and again
when the runtime has died; the lock is held throughout, so nobody slips in between. Everything here
runs on the runtime's loop, `repository` apart, which the doors to it use.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from copilot_magics import locking, records
from copilot_magics.asking import Asking
from copilot_magics.config import CopilotMagics, session_state
from copilot_magics.errors import (
    CopilotError,
    ProviderUnavailable,
    SessionExists,
    SessionNotFound,
    closest,
)
from copilot_magics.permissions import Policy
from copilot_magics.providers import Provider, Wanted, github_token, resolve
from copilot_magics.runtime.process import runtime
from copilot_magics.trust import trust_options
from copilot_magics.turn import Failure, Turn

if TYPE_CHECKING:
    from copilot import CopilotClient
    from copilot.session import CopilotSession

How = Literal["either", "new", "resume"]

_ABORT_PATIENCE = 0.5
"""Seconds that an abort may go unanswered before the runtime is ended."""

_SETTLE_PATIENCE = 2.0
"""Seconds from an error to the runtime's ``session.idle``; measured: up to 0.8."""


@dataclass(frozen=True)
class Options:
    """What was asked for when a session is opened; see ``%copilot_session --help``."""

    wanted: Wanted = field(default_factory=Wanted)
    reasoning_effort: str = ""
    permissions: str = ""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    cwd: str = ""
    trust_folder: bool | None = None
    notebook: str = ""

    def over(self, older: Options) -> Options:
        """Return these options, and the older ones where these say nothing."""
        said = {
            name: value
            for name in ("reasoning_effort", "permissions", "allow", "deny", "cwd", "trust_folder")
            if (value := getattr(self, name)) not in ("", (), None)
        }
        wanted = self.wanted
        if not wanted.names_provider:
            wanted = replace(
                older.wanted,
                model=wanted.model or older.wanted.model,
                wire_api=wanted.wire_api or older.wanted.wire_api,
            )
        return replace(older, wanted=wanted, **said)


class Conversation:
    """A session that this kernel holds."""

    def __init__(self, session: str, options: Options, config: CopilotMagics) -> None:
        self.session = session
        self.options = options
        self.config = config
        self.asking = Asking()
        self._lock = locking.SessionLock(session, options.notebook)
        self._queue = asyncio.Lock()
        self._idle = asyncio.Event()
        self._sdk: CopilotSession | None = None
        self._generation = 0
        self.provider: Provider

    def configure(self) -> None:
        """Decide who answers, where the agent works and what it may do.

        Raises
        ------
        CopilotError
            The options, and what the session remembers, do not lead to all of that.
        """
        remembered = records.settings(self.session)
        options, config = self.options, self.config
        self.provider = resolve(options.wanted, config, remembered)
        named = os.path.expanduser(options.cwd or (remembered.cwd if remembered else ""))
        self.cwd = os.path.abspath(
            named or (os.path.dirname(options.notebook) if options.notebook else os.getcwd())
        )
        self._named_cwd = self.cwd if named else ""
        if not os.path.isdir(self.cwd):
            raise CopilotError(
                f"The working folder {self.cwd} does not exist.", "Name another with `--cwd DIR`."
            )
        self.asking.policy = Policy(
            options.permissions or config.permissions,
            [*config.allow, *options.allow],
            [*config.deny, *options.deny],
            self.cwd,
        )
        self.asking.cwd = self.cwd

    @property
    def turn(self) -> Turn | None:
        """The turn that is running."""
        return self.asking.turn

    @property
    def trusted(self) -> bool:
        """Whether the working folder's own hooks, servers, skills and plugins may run."""
        trust = self.options.trust_folder
        return self.config.trust_folder if trust is None else trust

    async def change(self, options: Options) -> None:
        """Take new options; what the runtime must know is told when it is attached again."""
        merged = options.over(self.options)
        if merged == self.options:
            return
        async with self._queue:
            before = self.options
            self.options = merged
            try:
                self.configure()
                await self._detach()
                await self.attach("resume")
            except BaseException:
                self.options = before
                self.configure()
                raise

    async def attach(self, how: How) -> bool:
        """Create or resume the session in the runtime; whether it was attached anew.

        Existence is the runtime's metadata, never the folder: creating over an existing session
        would make the agent forget it, and a folder alone cannot be resumed.
        """
        from copilot_magics.models import check_model

        process = runtime()
        if self._sdk is not None and self._generation == process.generation and process.alive:
            return False
        if self.options.wanted.model and self._sdk is None:
            await check_model(self.provider, self.options.wanted.model)
        options = await asyncio.to_thread(self.provider.session_options)
        client = await self._client()
        exists = await client.get_session_metadata(self.session) is not None
        if how == "new" and exists:
            raise SessionExists(
                f"The session {self.session!r} exists.",
                "Leave out --new to resume it, or choose another ID.",
            )
        if how == "resume" and not exists:
            raise await asyncio.to_thread(not_found, self.session)
        folder = session_state() / self.session
        common = {
            "on_permission_request": self.asking.permission,
            "on_user_input_request": self.asking.question,
            "streaming": True,
            "client_name": "copilot_magics",
            "working_directory": self.cwd,
            "enable_session_store": False,
            # Elsewhere a large result would be readable by all, and outlive a killed runtime.
            "large_output": {"output_directory": str(folder / "files" / "large")},
            **trust_options(self.cwd, trusted=self.trusted, creating=not exists),
            **options,
        }
        if self.provider.kind == "github" and (token := github_token()):
            # Not through the environment, which the agent's own commands can read.
            common["github_token"] = token
        if effort := self.options.reasoning_effort or self.config.reasoning_effort:
            common["reasoning_effort"] = effort
        if exists:
            self._sdk = await client.resume_session(self.session, **common)
        else:
            if _journal_size(self.session):
                raise CopilotError(
                    f"The session {self.session!r} has a journal that the runtime cannot resume.",
                    f"Read it with `get_messages({self.session!r})`, or choose another ID.",
                )
            # A name makes the runtime write it to disk at once.
            self._sdk = await client.create_session(
                session_id=self.session, name=self.session[:100], **common
            )
            from copilot.rpc import SessionsSaveRequest

            await client.rpc.sessions.save(SessionsSaveRequest(session_id=self.session))
        self._sdk.on(self._feed)
        self._generation = process.generation
        records.remember(self.session, self.provider.settings(self._named_cwd))
        return True

    async def _client(self) -> CopilotClient:
        process, secrets = runtime(), self.provider.secrets()
        if process.alive and process.knows(secrets):
            if any(other.turn is not None for other in repository.values() if other is not self):
                raise ProviderUnavailable(
                    f"The runtime was started before {', '.join(sorted(secrets))} was known to "
                    f"hold a key, and it works for another session now.",
                    "Run this again when that session has answered.",
                )
            await process.kill()
        return await process.client(secrets)

    async def ask(self, turn: Turn) -> None:
        """Bring a turn to its end; `Turn.run` calls it.

        Raises
        ------
        CopilotError
            Nothing could be sent.
        """
        turn.session = self.session
        if self._queue.locked():
            turn.say("waiting for the prompts before it")
        async with self._queue:
            try:
                await self._send(turn)
            except Exception as error:
                if isinstance(error, CopilotError) and not turn.message_id:
                    raise
                from copilot_magics.failures import explain_exception

                turn.end("failed", explain_exception(error))
            finally:
                self.asking.turn = None
                if turn.message_id:
                    records.ended(self.session, turn.message_id, turn.outcome or "aborted")

    async def _send(self, turn: Turn) -> None:
        from copilot_magics.models import check_model

        was_attached = self._sdk is not None
        if await self.attach("resume") and was_attached:
            turn.notice("The Copilot runtime had ended; a new one has resumed the session.")
        await self._check_alone()
        await self._check_login()
        if turn.model:
            await check_model(self.provider, turn.model)
        sdk = self._sdk
        assert sdk is not None
        unwatch = runtime().on_death(lambda reason: self._died(turn, reason))
        default = self.provider.model
        self.asking.turn = turn
        try:
            if turn.model:
                await sdk.set_model(turn.model)
            turn.begin()
            self._idle.clear()
            try:
                turn.sent(await sdk.send(turn.prompt, attachments=turn.attachments or None))  # type: ignore[arg-type]
                records.began(self.session, turn.message_id, turn.origin)
                await asyncio.wait_for(turn.ended.wait(), turn.timeout or None)
            except TimeoutError:
                # First, since the runtime's own end of the turn gives no reason.
                turn.end("aborted", _timed_out(turn.timeout))
                await self._abort()
            except asyncio.CancelledError:
                await self._abort()
                turn.end("aborted")
                raise
            await self._settle()
        finally:
            unwatch()
            if turn.model and default and runtime().alive:
                await sdk.set_model(default)

    async def _settle(self) -> None:
        """Wait until the runtime is done too: the next prompt must not overlap this one."""
        if runtime().alive:
            try:
                await asyncio.wait_for(self._idle.wait(), _SETTLE_PATIENCE)
            except TimeoutError:
                await self._abort()

    async def _abort(self) -> None:
        """Abort what the runtime does; one that does not answer is ended."""
        assert self._sdk is not None
        try:
            await asyncio.wait_for(self._sdk.abort(), _ABORT_PATIENCE)
            await asyncio.wait_for(self._idle.wait(), _ABORT_PATIENCE)
        except Exception:
            await runtime().kill()

    def _died(self, turn: Turn, reason: str) -> None:
        from copilot_magics.transcripts import has_message

        known = turn.message_id and has_message(self.session, turn.message_id)
        mend = (
            "The prompt is in the journal; send it again, or go on with the next one."
            if known
            else "The prompt is not in the journal: send it again."
        )
        what = f"The Copilot runtime ended while it worked ({reason})."
        turn.end("failed" if known else "lost", Failure(what, mend))

    async def _check_alone(self) -> None:
        """Refuse to write beside a terminal's copilot, which does not take our lock."""
        pids = locking.foreign_runtimes(self.session, runtime().pid)
        if pids:
            # It goes on without us: what it adds is heard by resuming once it is gone.
            await self._detach()
            raise locking.in_use(self.session, f"another Copilot runtime (process {pids[0]})")

    async def _check_login(self) -> None:
        if self.provider.kind != "github":
            return
        client = await runtime().client()
        if not github_token() and not (await client.get_auth_status()).isAuthenticated:
            raise not_logged_in()

    def _feed(self, event: Any) -> None:
        if getattr(event.type, "value", event.type) == "session.idle":
            self._idle.set()
        if self.turn is not None:
            self.turn.feed(event)

    async def rename(self, title: str) -> None:
        """Give the session a title (RPC ``session.name.set``)."""
        from copilot.rpc import NameSetRequest

        async with self._queue:
            await self.attach("resume")
            assert self._sdk is not None
            await self._sdk.rpc.name.set(NameSetRequest(name=title))

    async def _detach(self) -> None:
        sdk, self._sdk = self._sdk, None
        if sdk is not None and self._generation == runtime().generation and runtime().alive:
            await sdk.disconnect()

    async def close(self) -> None:
        """Release the session once its queued prompts are answered; its data stays on disk."""
        async with self._queue:
            try:
                await self._detach()
            finally:
                repository.pop(self.session, None)
                self._lock.release()

    def let_go(self) -> None:
        """Give the lock back, at the interpreter's end."""
        self._lock.release()


repository: dict[str, Conversation] = {}
"""The sessions that this kernel holds, by ID."""

_opening: dict[str, asyncio.Lock] = {}


@atexit.register
def _release_all() -> None:
    for held in repository.values():
        held.let_go()


def _forget() -> None:
    repository.clear()
    _opening.clear()


if hasattr(os, "register_at_fork"):
    # A forked child holds nothing: its parent does.
    os.register_at_fork(after_in_child=_forget)


async def opened(
    session: str, options: Options, config: CopilotMagics, how: How = "either"
) -> Conversation:
    """Return the conversation of a session, created or resumed where this kernel has it not.

    Raises
    ------
    SessionExists, SessionNotFound
        As ``how`` demands.
    SessionInUse
        Somebody else holds it.
    """
    async with _opening.setdefault(session, asyncio.Lock()):
        held = repository.get(session)
        if held is not None:
            if how == "new":
                raise SessionExists(
                    f"The session {session!r} exists.",
                    "Leave out --new to resume it, or choose another ID.",
                )
            await held.change(options)
            return held
        conversation = Conversation(session, options, config)
        try:
            conversation.configure()
            await conversation.attach(how)
        except BaseException:
            conversation.let_go()
            raise
        repository[session] = conversation
        return conversation


def not_found(session: str) -> SessionNotFound:
    """Return the error for a session that does not exist, with the closest that do."""
    from copilot_magics.transcripts.catalog import known_ids

    guess = closest(session, known_ids())
    return SessionNotFound(
        f"There is no session {session!r}.",
        guess or "`%copilot_sessions --list` shows those that exist.",
    )


def not_logged_in() -> ProviderUnavailable:
    """Return the error for a prompt that nobody would answer, with the three ways out."""
    return ProviderUnavailable(
        "You are not logged in to GitHub Copilot, and no other provider is named.",
        "Run `!python -m copilot_magics login` in a cell and follow it; or name a provider, such "
        "as `%copilot_session ID --provider openai --api-key-env OPENAI_API_KEY --model NAME`; or "
        "use the model inside this machine with `--provider local`.",
    )


def _timed_out(seconds: float) -> Failure:
    return Failure(
        f"No whole answer came within {seconds:g} seconds, so the turn was ended.",
        "Give it longer with `--timeout`, or ask for less.",
    )


def _journal(session: str) -> Path:
    return session_state() / session / "events.jsonl"


def _journal_size(session: str) -> int:
    try:
        return _journal(session).stat().st_size
    except OSError:
        return 0
