"""What a docstring says of a function and its parameters: NumPy's, Google's and Sphinx's ways."""

from __future__ import annotations

import inspect
import re
import textwrap

_UNDERLINED = re.compile(r"^(?P<name>[A-Z][\w ]+)\n-{3,}[ \t]*$", re.MULTILINE)
_NAMED = re.compile(
    r"^(?P<name>Args|Arguments|Parameters|Keyword Args|Keyword Arguments|Other Parameters|Returns?"
    r"|Yields?|Raises|Examples?|Notes?|See Also|References|Attributes|Warnings?|Todo):[ \t]*$",
    re.MULTILINE,
)
_FIELD = re.compile(r"^:(?P<field>\w+)(?:[ \t]+(?P<what>[^:\n]*))?:[ \t]*", re.MULTILINE)

_PARAMETERS = {"Parameters", "Other Parameters", "Args", "Arguments", "Keyword Args"}
_PARAMETERS |= {"Keyword Arguments"}
_TOLD = {"Returns", "Return", "Notes", "Note", "Warnings", "Warning"}
"""Sections that tell a model something; of examples it would make calls."""


def described(docstring: str | None) -> tuple[str, dict[str, str]]:
    """Split a docstring into what it says of the function and of each parameter.

    Parameters
    ----------
    docstring : str or None
        As it stands in the source.

    Returns
    -------
    tuple of (str, dict of str to str)
        The description, without the parameters, and the parameters' descriptions by name.
    """
    text = inspect.cleandoc(docstring or "")
    text, parameters = _fields(text)
    heads = [found for pattern in (_UNDERLINED, _NAMED) for found in pattern.finditer(text)]
    heads.sort(key=lambda found: found.start())
    told = [text[: heads[0].start() if heads else None].strip()]
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else None
        name, body = head["name"].strip(), text[head.end() : end].strip("\n")
        if name in _PARAMETERS:
            underlined = head.re is _UNDERLINED
            parameters |= _listed(body) if underlined else _indented(body)
        elif name in _TOLD:
            told.append(f"{name}: {_joined(body)}")
    return "\n\n".join(filter(None, told)), parameters


def _fields(text: str) -> tuple[str, dict[str, str]]:
    """Take Sphinx's ``:param name: …`` out of a text."""
    found = list(_FIELD.finditer(text))
    if not found:
        return text, {}
    parameters, kept = {}, [text[: found[0].start()].strip()]
    for number, field in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else None
        body = _joined(text[field.end() : end])
        if field["field"] in ("param", "parameter", "arg", "argument", "key") and field["what"]:
            # A type may stand before the name.
            parameters[field["what"].split()[-1].lstrip("*")] = body
        elif field["field"] in ("return", "returns"):
            kept.append(f"Returns: {body}")
    return "\n\n".join(filter(None, kept)), parameters


def _listed(body: str) -> dict[str, str]:
    """Read NumPy's list: names at the margin, their descriptions below, indented."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", textwrap.dedent(body)):
        head, _, below = entry.partition("\n")
        names = head.partition(":")[0]
        for name in names.split(","):
            found[name.strip().lstrip("*")] = _joined(below)
    return found


def _indented(body: str) -> dict[str, str]:
    """Read Google's list: ``name (type): description``, what follows it indented further."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", textwrap.dedent(body)):
        if told := re.match(r"\*{0,2}(\w+)\s*(?:\([^\n]*?\))?\s*:\s*(.*)", entry, re.DOTALL):
            found[told[1]] = _joined(told[2])
    return found


def _joined(text: str) -> str:
    return " ".join(text.split())
