"""What a prompt came to: the value of a ``%%copilot`` cell."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from copilot_magics.errors import (
    TurnAborted,
    TurnFailed,
    TurnInterrupted,
    TurnTimedOut,
)
from copilot_magics.records import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.turn import Turn


@dataclass(frozen=True)
class Drawn:
    """What is shown of an answer that is more than its text.

    Attributes
    ----------
    markdown : str
        Inert Markdown (`copilot_magics.display.inert`).
    plain : str
        The same as plain text.
    printed : str
        What of it stands below the answer where that was printed as it came.
    """

    markdown: str
    plain: str
    printed: str


class Reply:
    """The reply to one prompt.

    Attributes
    ----------
    text : str
        The answer, Markdown; what had arrived of it where the turn did not end well.
    session : str
        The session's ID.
    model : str
        Who answered, as the provider names it.
    usage : dict of str to float
        ``input_tokens``, ``output_tokens``, ``cache_read_tokens``, ``cache_write_tokens``,
        ``reasoning_tokens`` (tokens), ``cost`` (premium requests), ``model_calls`` (a number) and
        ``first_token`` (seconds from the first call to the first piece of its answer), as far as
        they were reported.
    context : dict of str to int
        How full the model's context was at its last call, in tokens: ``tokens`` of ``limit``, and
        what they hold: ``system``, ``tools``, ``conversation``; empty where it was not reported.
    duration : float
        Seconds from sending the prompt to the turn's end.
    outcome : {"answered", "aborted", "failed", "lost"} or None
        How the turn ended; ``lost`` means that the prompt is not in the journal; None while the
        turn runs in the background.
    message_id : str
        The prompt's ID in the journal (``messageId`` of its ``user.message``).
    steered_by : list of str
        The IDs of the prompts that were sent into the turn (``--now``).
    last_message : str
        The last message of the answer, without what was said on the way to it.
    value : object
        What was asked for with ``--as``, validated; else None.
    turns : int
        How many turns the answer took: more than one where it was asked for again.
    drawn : Drawn or None
        What is shown in the place of the text.
    notes : list of str
        Lines that are shown below it: what was made of it.
    """

    def __init__(
        self,
        text: str,
        *,
        session: str,
        model: str,
        usage: dict[str, float],
        duration: float,
        outcome: Outcome | None,
        message_id: str,
        last_message: str = "",
        context: dict[str, int] | None = None,
        steered_by: Sequence[str] = (),
    ) -> None:
        self.text = text
        self.session = session
        self.model = model
        self.usage = usage
        self.duration = duration
        self.outcome = outcome
        self.message_id = message_id
        self.last_message = last_message or text
        self.context = context or {}
        self.steered_by = list(steered_by)
        self.value: Any = None
        self.turns = 1
        self.drawn: Drawn | None = None
        self.notes: list[str] = []
        self._shown_by: int | None = None

    @classmethod
    def of(cls, turn: Turn) -> Reply:
        """Return the reply of a turn, as far as it has come."""
        # Where nothing came of asking again, the answer is what it was.
        earlier = turn.earlier if turn.outcome not in (None, "answered") else ""
        return cls(
            turn.text or earlier,
            session=turn.session,
            model=turn.answered_by or turn.model,
            usage=dict(turn.meter.usage),
            duration=turn.duration,
            outcome=turn.outcome,
            message_id=turn.message_id,
            last_message=turn.last_message,
            context=dict(turn.meter.context),
            steered_by=turn.steered_by,
        )

    @property
    def code(self) -> list[str]:
        """The fenced code blocks of the answer, without their fences."""
        from copilot_magics.display.fences import Fence, blocks

        found = (block for block in blocks(self.text) if isinstance(block, Fence))
        return [fence.code.rstrip("\n") for fence in found]

    def to_cell(self, number: int | None = None) -> None:
        """Put the answer's Python code into a new cell below; nothing is run.

        In a terminal it becomes the next input.

        Parameters
        ----------
        number : int, optional
            Only this block of `code`, counted from 0; all Python in it where left out.

        Raises
        ------
        BadInput
            There is no such code, or no notebook.
        """
        from copilot_magics.answers.cells import into_cell

        into_cell(self.text, number)

    @property
    def messages(self) -> pd.DataFrame:
        """The turn's events, as in `get_messages`."""
        from copilot_magics.transcripts import get_turn

        first = get_turn(self.session, self.message_id)
        if not self.steered_by:
            return first
        import pandas as pd

        parts = [first, *(get_turn(self.session, message) for message in self.steered_by)]
        return pd.concat([part for part in parts if len(part)] or [first], ignore_index=True)

    @property
    def done(self) -> bool:
        """Whether the turn has ended."""
        return self.outcome is not None

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until the turn has ended; one of a cell that waited for it has.

        Parameters
        ----------
        timeout : float, optional
            Seconds after which to wait no longer; the turn goes on.

        Returns
        -------
        Reply
            This one.

        Raises
        ------
        TurnFailed, TurnTimedOut, TurnAborted
            The turn ended without a whole answer.
        StillRunning
            It runs longer than ``timeout``.
        Interrupted
            The user interrupted the waiting; the turn goes on.
        """
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        """Await the turn's end; as `wait`."""
        return self
        yield

    def stop(self) -> None:
        """End the turn, if it still runs; the session stays usable."""

    @property
    def summary(self) -> str:
        """One quiet line: session, model, seconds, tokens."""
        tokens = sum(self.usage.get(name, 0) for name in ("input_tokens", "output_tokens"))
        parts = [self.session, self.model, f"{self.duration:.1f} s"]
        if tokens:
            parts.append(f"{tokens:,.0f} tokens")
        if self.outcome != "answered":
            parts.append(self.outcome or "running")
        return " · ".join(part for part in parts if part)

    def shown_by(self, execution: int) -> None:
        """Note which cell shows this reply already, so that its value is not shown twice."""
        self._shown_by = execution

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Reply: {self.summary}>"

    def _repr_markdown_(self) -> str:
        from copilot_magics.display.stream import final_bundle

        return final_bundle(self)["text/markdown"]

    def _repr_html_(self) -> str:
        from copilot_magics.display.html import markdown_to_html, text_to_html

        quiet = f"<p><small>{text_to_html(self.summary)}</small></p>"
        # A front end that looks for formulas in HTML would not know what is code.
        ignored = "tex2jax_ignore mathjax_ignore"
        shown = markdown_to_html(self.drawn.markdown if self.drawn else self.text)
        return f'<div class="{ignored}">{shown}{quiet}</div>'

    def _ipython_display_(self) -> None:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        shell: Any = get_ipython()
        if shell is None or not hasattr(shell, "kernel"):
            print(repr(self))
        elif self._shown_by != shell.execution_count:
            from copilot_magics.display.stream import final_bundle

            display(final_bundle(self), raw=True)


def failure_of(turn: Turn, reply: Reply, *, interrupted: bool) -> BaseException | None:
    """Return what to raise for a turn that ended without a whole answer, or None."""
    if interrupted:
        if turn.outcome == "answered":
            told = "Interrupted when the answer was there: it is kept, and the session goes on."
            return TurnInterrupted(told, reply=reply)
        what = (
            "what had arrived is kept, and the session goes on."
            if turn.begun
            else "nothing had been sent, and the session is as it was."
        )
        if turn.steered is not None:
            told = "The cell was interrupted; the turn that its prompt was sent into goes on."
            return TurnInterrupted(told, reply=reply)
        return TurnInterrupted(f"The turn was interrupted; {what}", reply=reply)
    if turn.outcome == "answered":
        return None
    if turn.failure is None:
        what, mend = "The turn was aborted.", "Send the prompt again."
        if turn.steered is not None:
            what = "The turn that the prompt was sent into goes on, and may still answer it."
            mend = "`get_messages()` has the answer then."
        return TurnAborted(what, mend, reply=reply)
    kind = TurnTimedOut if turn.outcome == "aborted" else TurnFailed
    return kind(turn.failure.what, turn.failure.mend, reply=reply)
