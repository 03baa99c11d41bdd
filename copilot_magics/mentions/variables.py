"""What is told of a variable: what it is, and a faithful, bounded summary of what it holds.

Nobody's code is run for it in this process but that of the libraries named here, with the work
bounded beforehand; any other object is asked by `guarded_repr`.
"""

from __future__ import annotations

from copilot_magics.mentions.guarded import guarded_repr
from copilot_magics.mentions.naming import class_name
from copilot_magics.mentions.summary import Summary, fitted


def summarise(value: object, name: str) -> Summary:
    """Return what is told of a value.

    Parameters
    ----------
    value : object
        The value, of any kind.
    name : str
        What it is called.

    Returns
    -------
    Summary
        At most about 1,900 tokens, whatever the value is.
    """
    return Summary(name, class_name(type(value)), fitted(guarded_repr(value)))
