"""What docstrings of any style say of a function and of its parameters."""

from __future__ import annotations

import pytest

from copilot_magics.tools.docstrings import described

NUMPY = """Add numbers.

    It takes its time.

    Parameters
    ----------
    a, b : int
        The numbers,
        both of them.
    *rest : str
        What else there is.
    how : {"fast", "slow"}, optional
        Which way.

    Returns
    -------
    int
        Their sum.

    Examples
    --------
    >>> add(1, 2)
    """

GOOGLE = """Add numbers.

    It takes its time.

    Args:
        a (int): The numbers,
            both of them.
        b: The numbers, both of them.
        *rest: What else there is.
        how (Literal["fast", "slow"], optional): Which way.

    Returns:
        Their sum.

    Example:
        add(1, 2)
    """

SPHINX = """Add numbers.

    It takes its time.

    :param a: The numbers,
        both of them.
    :param int b: The numbers, both of them.
    :param rest: What else there is.
    :param how: Which way.
    :type how: str
    :returns: Their sum.
    :rtype: int
    """


@pytest.mark.parametrize("docstring", [NUMPY, GOOGLE, SPHINX])
def test_the_function_and_its_parameters_are_told(docstring: str) -> None:
    told, parameters = described(docstring)
    assert told.startswith("Add numbers.\n\nIt takes its time.\n\nReturns: ")
    assert told.endswith("Their sum.")
    both = "The numbers, both of them."
    rest = "What else there is."
    assert parameters == {"a": both, "b": both, "rest": rest, "how": "Which way."}


def test_one_parameter_is_told_too() -> None:
    numpy = "Do.\n\n    Parameters\n    ----------\n    a : int\n        It.\n    "
    assert described(numpy) == ("Do.", {"a": "It."})
    google = "Do.\n\n    Args:\n        a: It,\n            all of it.\n    "
    assert described(google) == ("Do.", {"a": "It, all of it."})


def test_plain_text_is_told_as_it_is() -> None:
    assert described(None) == ("", {})
    assert described("One line.") == ("One line.", {})
    assert described("A ratio: 1 to 2.\n\n    - a list: of things") == (
        "A ratio: 1 to 2.\n\n- a list: of things",
        {},
    )
