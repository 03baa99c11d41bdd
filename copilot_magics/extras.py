"""What is installed only on request: plots, Parquet datasets, Dask.

Whoever needs one of these modules asks for it here when it is first needed, so that importing the
package stays fast and the error of a missing one names the extra to install.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from copilot_magics.errors import BadInput


def needs(module: str, extra: str, what: str) -> ModuleType:
    """Return a module that comes with an extra.

    Parameters
    ----------
    module : str
        Its full name: ``"matplotlib.pyplot"``.
    extra : str
        The extra of ``copilot-magics`` that brings it.
    what : str
        What needs it, as the sentence begins: ``"df.copilot.plot"``.

    Returns
    -------
    module

    Raises
    ------
    BadInput
        Where it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        # A broken installation is another matter, and its own error says more.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise BadInput(
            f"{what} needs {package}.",
            f"Install it with `%pip install copilot-magics[{extra}]`.",
        ) from error
