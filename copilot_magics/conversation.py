"""One session as this kernel holds it: locked, attached to the runtime, its prompts in a queue.

Several handles of one session share one conversation. It is attached when first needed and again
when the runtime has died; the lock is held throughout, so nobody slips in between. Everything here
runs on the runtime's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from copilot_magics import limits, locking, records, recovery
from copilot_magics.asking import Asking
from copilot_magics.attachments import leave_out_pictures
from copilot_magics.config import CopilotMagics
from copilot_magics.dying import answered, died, died_all
from copilot_magics.entering import already_exists, enter, of_provider, unchanging
from copilot_magics.errors import CopilotError, SessionInUse
from copilot_magics.failures import explain_exception, timed_out
from copilot_magics.metering import Meter
from copilot_magics.noting import begin
from copilot_magics.permissions import Policy
from copilot_magics.providers import Provider, github_token, not_logged_in, resolve
from copilot_magics.queueing import Queue
from copilot_magics.runtime.heard import PATIENCE, heard
from copilot_magics.runtime.process import runtime
from copilot_magics.settings import How, Options
from copilot_magics.steering import Steering
from copilot_magics.texts import check_text
from copilot_magics.tools.offering import Toolbox
from copilot_magics.transcripts import check_place, not_found
from copilot_magics.trust import trust_options
from copilot_magics.turn import Turn

if TYPE_CHECKING:
    from copilot import CopilotClient
    from copilot.session import CopilotSession

    from copilot_magics.rewinding import Back, Rewound

_SETTLE_PATIENCE = 2.0
"""Seconds from an error to the runtime's ``session.idle``; measured: up to 0.8."""


class Conversation:
    """A session that this kernel holds."""

    def __init__(self, session: str, options: Options, config: CopilotMagics) -> None:
        self.session = session
        self.options = options
        self.config = config
        self.asking = Asking()
        self.toolbox = Toolbox(session, self.asking)
        self._lock = locking.SessionLock(session, options.notebook)
        records.look_again(session)
        self.queue = Queue(session)
        self._steering = Steering()
        self._news: list[str] = []
        self._idle = asyncio.Event()
        self._sdk: CopilotSession | None = None
        self._generation = 0
        self.closed = False
        self.provider: Provider
        self._recovery: recovery.Watch

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
        check_text(self.cwd, "The working folder's path", "Name another with `--cwd DIR`.")
        if not os.path.isdir(self.cwd):
            raise CopilotError(
                f"The working folder {self.cwd} does not exist.", "Name another with `--cwd DIR`."
            )
        policy = Policy(
            options.permissions or config.permissions,
            [*config.allow, *options.allow],
            [*config.deny, *options.deny],
            self.cwd,
        )
        self.asking.obey(policy, self.cwd)

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
        async with self.queue.alone():
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

        if self.closed:
            raise CopilotError(f"The session {self.session!r} was just released.", "Try again.")
        process = runtime()
        if self._sdk is not None and self._generation == process.generation and process.alive:
            return False
        if self.options.wanted.model and self._sdk is None:
            await check_model(self.provider, self.options.wanted.model)
        options = await asyncio.to_thread(self.provider.session_options)
        # Before the runtime writes there: it would follow a link.
        await asyncio.to_thread(check_place, self.session)
        await asyncio.to_thread(recovery.check_files, self.session)
        client = await self._client()
        exists = await client.get_session_metadata(self.session) is not None
        if how == "new" and exists:
            raise already_exists(self.session)
        if how == "resume" and not exists:
            raise await asyncio.to_thread(not_found, self.session)
        common: dict[str, Any] = {
            "on_permission_request": self.asking.permission,
            "on_user_input_request": self.asking.question,
            "working_directory": self.cwd,
            **unchanging(self.session),
            **trust_options(self.cwd, trusted=self.trusted, creating=not exists),
            **options,
            **of_provider(self.provider),
        }
        if self._calls_tools:
            common["tools"] = self.toolbox.offer(self.options.tools)
        if effort := self.options.reasoning_effort or self.config.reasoning_effort:
            common["reasoning_effort"] = effort
        self._generation = process.generation
        self._recovery = recovery.Watch(self.session)
        try:
            with recovery.explained(self.session):
                await enter(client, self.session, common, self._entered, exists=exists)
        except BaseException:
            # Nobody will use it; left there, it would look to others as if somebody did.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._detach(), PATIENCE)
            raise
        records.remember(self.session, self.provider.settings(self._named_cwd))
        return True

    @property
    def _calls_tools(self) -> bool:
        """Whether the model can: the local one is too small to be told of any."""
        return self.provider.kind != "local"

    def _entered(self, sdk: CopilotSession) -> None:
        self._sdk = sdk
        sdk.on(self._feed)

    async def _client(self) -> CopilotClient:
        secrets = self.provider.secrets() | {name for name in (self.config.api_key_env,) if name}
        return await runtime().client(secrets, login=self.provider.kind == "github")

    async def ask(self, turn: Turn) -> bool:
        """Bring a turn to its end; False where the session was released before its turn came.

        Raises
        ------
        CopilotError
            Nothing could be sent.
        """
        turn.session = self.session
        if turn.now and (running := await self.queue.running()) and (sdk := self._sdk):
            with self.queue.beside(turn):
                await self._brought(turn, self._steering.send(sdk, turn, running))
            return True
        async with self.queue.place(turn):
            if self.closed:
                return False
            try:
                await self._brought(turn, self._send(turn))
            finally:
                self.asking.turn = None
        return True

    async def _brought(self, turn: Turn, work: Coroutine[Any, Any, None]) -> None:
        """Have a turn brought to its end, also by what goes wrong once it has begun."""
        try:
            await work
        except Exception as error:
            if not turn.begun:
                raise
            if how := await runtime().death(error):
                died(turn, how)
            turn.end("failed", explain_exception(error))

    async def _send(self, turn: Turn) -> None:
        from copilot_magics.models import check_model

        sdk = await self._ready(turn.notice)
        if self._calls_tools:
            await self.toolbox.renew(sdk, self.options.tools)
        await self._check_login()
        if turn.model:
            await check_model(self.provider, turn.model)
        if self.provider.kind == "local":
            leave_out_pictures(turn)
        if turn.before is not None:
            # Last of all: what can fail before the prompt is sent has not failed.
            await turn.before(sdk)
        process, default = runtime(), self.provider.model
        sent = begin(turn)
        while self._news:
            turn.notice(self._news.pop(0))
        unwatch = process.on_death(lambda how: died_all((turn, *self._steering.turns), how))
        self.asking.turn = turn
        process.turns += 1
        try:
            if turn.model:
                await sdk.set_model(turn.model)
            self._idle.clear()
            try:
                await heard(sdk.send(turn.wording, **turn.extras), sent)
                await asyncio.wait_for(turn.ended.wait(), turn.timeout or None)
            except TimeoutError:
                # First, since the runtime's own end of the turn gives no reason.
                turn.end("aborted", timed_out(turn.timeout))
                await self._abort()
            except asyncio.CancelledError:
                await self._abort()
                turn.end("aborted")
                raise
            await self._settle()
            await self._late(sdk)
        finally:
            self._steering.end(turn)
            unwatch()
            process.turns -= 1
            if turn.model and default and process.alive:
                await answered(sdk.set_model(default))

    async def _ready(self, tell: Callable[[str], None]) -> CopilotSession:
        """Return the session in the runtime, attached anew where it has to be, and ours alone."""
        was_attached = self._sdk is not None
        if await self.attach("resume") and was_attached:
            tell(runtime().renewed)
        await self._check_alone()
        if was_attached:
            await self._check_journal()
        assert self._sdk is not None
        return self._sdk

    async def _settle(self) -> None:
        """Wait until the runtime is done too: the next prompt must not overlap this one."""
        if runtime().alive:
            try:
                await asyncio.wait_for(self._idle.wait(), _SETTLE_PATIENCE)
            except TimeoutError:
                await self._abort()

    async def _late(self, sdk: CopilotSession) -> None:
        """Wait for what was sent into a turn in its last moment: it becomes a turn of its own."""
        for turn in self._steering.turns:
            if turn.outcome is not None or not runtime().alive:
                continue
            if await self._steering.is_pending(sdk, turn) and turn.outcome is None:
                self.asking.turn = turn
                self._idle.clear()
                await turn.ended.wait()
                if turn.outcome == "aborted":
                    await self._abort()

    async def _abort(self) -> None:
        """Abort what the runtime does; one that does not answer is ended."""
        assert self._sdk is not None
        await answered(self._sdk.abort(), self._idle.wait())

    async def _check_alone(self) -> None:
        """Refuse to write beside a terminal's copilot, which does not take our lock."""
        pids = locking.foreign_runtimes(self.session, runtime().pid)
        if pids:
            # It goes on without us: what it adds is heard by resuming once it is gone.
            await self._detach()
            raise locking.in_use(self.session, locking.foreign(pids[0]))

    async def _check_journal(self) -> None:
        """Refuse to go on where the history was deleted: only the runtime's memory has it."""
        if recovery.begins(self.session):
            return
        from copilot_magics.held import repository

        repository.pop(self.session, None)
        with recovery.nothing_left(self.session):
            await self._release()
        raise recovery.deleted(self.session)

    async def _check_login(self) -> None:
        if self.provider.kind != "github":
            return
        client = await self._client()
        if not github_token() and not (await client.get_auth_status()).isAuthenticated:
            raise not_logged_in()

    def _feed(self, event: Any) -> None:
        kind = str(getattr(event.type, "value", event.type))
        limits.hear(kind, event.data, self._sdk, self.turn)
        if kind == "session.idle":
            self._idle.set()
            if self.turn is not None and (told := self._recovery.told()):
                # The turn ends with this event: what is to be seen with it comes before.
                self.turn.notice(told)
        if self.turn is not None:
            self.turn.feed(event)
            self._steering.feed(event, self.turn)
        elif told := Meter().take(kind, event.data):
            # Between two prompts: the next one is shown with it.
            self._news.append(told)

    async def rewind(self, back: Back) -> Rewound | None:
        """Go back to an earlier turn, once nothing is on its way; see `rewinding`.

        Raises
        ------
        SessionInUse
            A prompt is being answered.
        """
        self.queue.check_free()
        if self.turn is not None and self.turn.outcome is None:
            raise SessionInUse(
                f"The session {self.session!r} is answering a prompt, and cannot go back.",
                "Wait for the answer, or interrupt it first.",
            )
        async with self.queue.alone():
            return await back(await self._ready(lambda _line: None))

    async def rename(self, title: str) -> None:
        """Give the session a title (RPC ``session.name.set``)."""
        from copilot.rpc import NameSetRequest

        async with self.queue.alone():
            await self.attach("resume")
            assert self._sdk is not None
            await self._sdk.rpc.name.set(NameSetRequest(name=title))

    async def _detach(self) -> None:
        sdk, self._sdk = self._sdk, None
        if sdk is not None and self._generation == runtime().generation and runtime().alive:
            try:
                await sdk.disconnect()
            except Exception:
                # On a full disk, or without its journal, it has kept something back, and must not
                # write that later, beside whoever holds the session then.
                await runtime().kill()

    async def close(self) -> None:
        """Release the session once its queued prompts are answered; its data stays on disk."""
        async with self.queue.alone():
            await self._release()

    async def _release(self) -> None:
        self.closed = True
        try:
            await self._detach()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Give the lock back."""
        self._lock.release()
