"""The provider ``local``: a small language model that answers from inside this process."""

from copilot_magics.local.model import LocalModel, server, session_options

__all__ = ["LocalModel", "server", "session_options"]
