"""What ``%load_ext copilot_magics`` leaves in a shell, and how it is taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copilot_magics import bare, completion, magics, questions, working
from copilot_magics.awaiting import Awaiting
from copilot_magics.config import CopilotMagics
from copilot_magics.late import Late
from copilot_magics.mentions.outputs import Recorder
from copilot_magics.notebook import Notebook


def load(shell: Any) -> None:
    """Register the magics, completion and configuration with a shell; starts nothing."""
    config = CopilotMagics.instance()
    config.update_config(shell.config)
    if config not in shell.configurables:
        shell.configurables.append(config)
    notebook = Notebook(shell)
    magics.register(shell, notebook)
    _loaded[id(shell)] = loaded = Loaded(shell, notebook)
    loaded.start()


def unload(shell: Any) -> None:
    """Undo `load`, and release the sessions that the notebook holds."""
    if loaded := _loaded.pop(id(shell), None):
        loaded.stop()


class Loaded:
    """What an extension leaves in a shell, and how it is taken out again."""

    def __init__(self, shell: Any, notebook: Notebook) -> None:
        self.shell = shell
        self.notebook = notebook
        self.awaiting = Awaiting(shell)
        self.outputs = Recorder(shell)
        self.late = Late(shell)
        self.names: dict[str, Any] = {}

    def start(self) -> None:
        """Hook into the shell, and offer the functions that no name of the user's hides."""
        import copilot_magics

        self.awaiting.start()
        bare.start(self.shell)
        self.outputs.start()
        self.late.start()
        self.shell.events.register("pre_run_cell", self._began)
        # Set when a kernel is asked to shut down, before it ends its children.
        self.shell.observe(self._ending, "exit_now")
        self.completer = completion.start(self.shell)
        questions.start(self.shell)
        offered: tuple[Any, ...] = (copilot_magics.get_messages, copilot_magics.list_sessions)
        offered += (SessionPicker, copilot_magics.copilot_tool)
        for one in offered:
            if one.__name__ not in self.shell.user_ns:
                self.names[one.__name__] = one
        self.shell.push(self.names, interactive=False)

    def stop(self) -> None:
        """Leave the shell as it was."""
        self.awaiting.stop()
        bare.stop(self.shell)
        self.outputs.stop()
        self.late.stop()
        self.shell.events.unregister("pre_run_cell", self._began)
        self.shell.unobserve(self._ending, "exit_now")
        completion.stop(self.shell, self.completer)
        questions.stop(self.shell)
        for name, ours in self.names.items():
            if self.shell.user_ns.get(name) is ours:
                self.shell.drop_by_id({name: ours})
        for kind in self.shell.magics_manager.magics.values():
            for name in [name for name in kind if name in magics.NAMES]:
                del kind[name]
        self.shell.configurables.remove(CopilotMagics.instance())
        working.stop_all()
        if self.notebook.session is not None:
            self.notebook.session.close()

    def _ending(self, change: Any) -> None:
        if change.new:
            working.stop_all()

    def _began(self, info: Any) -> None:
        self.notebook.raw_cell = info.raw_cell


def SessionPicker(filter: str | Sequence[str] = (), **options: Any) -> Any:
    """Open the session picker; `copilot_magics.SessionPicker`, imported when it is first used.

    Parameters
    ----------
    filter : str or sequence of str
        Show only some sessions at first: ``"this-notebook"``, ``"this-folder"``, ``"bound"``,
        ``"in-use"``, ``"damaged"``, ``"older"`` or ``"older:7d"``.
    **options
        ``search`` (a text), ``height`` (CSS or pixels), and what any widget takes.

    Returns
    -------
    copilot_magics.SessionPicker
        A widget; ``value`` is the ID of the selected session.
    """
    from copilot_magics.display.picker import SessionPicker

    return SessionPicker(filter, **options)


def loaded_notebook(shell: Any) -> Notebook | None:
    """Return what a shell is bound to, where the extension is loaded in it."""
    loaded = _loaded.get(id(shell))
    return loaded.notebook if loaded else None


_loaded: dict[int, Loaded] = {}
