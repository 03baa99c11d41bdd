"""A function's signature as a JSON schema, and a call's JSON arguments as the function's own.

What JSON can express is validated by pydantic: numbers, texts, lists, dicts, dates, ``Literal``,
``Optional``, enumerations, dataclasses, models. What it cannot, a DataFrame or an estimator, the
agent names: such an argument is the name of a variable.
"""

from __future__ import annotations

import inspect
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions.naming import class_name

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

_TELLABLE = (str, int, float, bool, type(None), list, tuple, dict, set, frozenset)
_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Unfit(Exception):
    """Arguments that do not fit; the text is for the agent."""


@dataclass
class Signature:
    """How a function is called; make it with `read`.

    Attributes
    ----------
    schema : dict
        The JSON schema of its arguments, an object.
    """

    schema: dict[str, Any]
    _function: Callable[..., Any]
    _model: type[BaseModel]
    _fields: dict[str, str] = field(default_factory=dict)
    _named: dict[str, TypeAdapter[Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, function: Callable[..., Any], described: Mapping[str, str]) -> Signature:
        """Read a function's signature.

        Parameters
        ----------
        function : callable
            The function.
        described : mapping of str to str
            What is said of its parameters.

        Raises
        ------
        BadInput
            It has none, or an annotation that cannot be understood.
        """
        with warnings.catch_warnings():
            # What JSON cannot express, and is no type at all, is no news to whoever wrote it.
            warnings.simplefilter("ignore")
            return cls._read(function, described)

    @classmethod
    def _read(cls, function: Callable[..., Any], described: Mapping[str, str]) -> Signature:
        from pydantic import ConfigDict, Field, create_model

        parameters, hints = _parameters(function), _hints(function)
        fields: dict[str, str] = {}
        named: dict[str, TypeAdapter[Any]] = {}
        made: dict[str, Any] = {}
        for number, (name, parameter) in enumerate(parameters.items()):
            annotation, default = _annotation(parameter, hints.get(name, Any)), parameter.default
            told = described.get(name, "")
            if (adapter := _by_name(name, annotation)) is not None:
                named[name] = adapter
                kind = _kind(annotation)
                told = f"Name of a variable of the notebook that holds a {kind}. {told}".strip()
                annotation = str if default is inspect.Parameter.empty else str | None
                default = None if default is not inspect.Parameter.empty else default
            if parameter.kind in _MANY:
                default = [] if parameter.kind is inspect.Parameter.VAR_POSITIONAL else {}
            # A parameter may be called what a model's own methods are.
            fields[f"field_{number}"] = name
            made[f"field_{number}"] = (
                annotation,
                Field(**_default(default), alias=name, description=told or None),
            )
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        model = create_model("Arguments", __config__=config, **made)
        return cls(_untitled(model.model_json_schema()), function, model, fields, named)

    def bind(self, arguments: object, variables: Mapping[str, Any]) -> inspect.BoundArguments:
        """Return a call's arguments as those of the function.

        Parameters
        ----------
        arguments : object
            What the agent gave, decoded from JSON.
        variables : mapping of str to object
            Where named variables are looked for.

        Raises
        ------
        Unfit
            They do not fit.
        """
        from pydantic import ValidationError

        try:
            valid = self._model.model_validate({} if arguments is None else arguments)
        except ValidationError as error:
            raise Unfit(_told(error)) from None
        values: dict[str, Any] = {}
        for key, name in self._fields.items():
            # What was not given has the function's own default, which may be anything.
            if key in valid.model_fields_set:
                value = getattr(valid, key)
                if name in self._named and value is not None:
                    value = _variable(name, value, self._named[name], variables)
                values[name] = value
        bound = inspect.BoundArguments(inspect.signature(self._function), values)
        if any(bound.signature.parameters[n].kind is _MANY[0] and values[n] for n in values):
            # What ``*args`` takes comes behind all that stands before it.
            bound.apply_defaults()
        return bound


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise BadInput(
            f"The signature of {function!r} is not known.",
            "Write a function of your own that calls it.",
        ) from None


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        raise BadInput(
            f"An annotation of {_name(function)} cannot be understood: {error}.",
            "Define or import what it names first.",
        ) from None


def _default(default: Any) -> dict[str, Any]:
    """Return a parameter's default as pydantic takes it; one that cannot be told goes unnamed."""
    if default is inspect.Parameter.empty:
        return {"default": ...}
    if type(default) in _TELLABLE or isinstance(default, Enum):
        return {"default": default}
    # It is the function's own, and would be copied for each call.
    return {"default_factory": lambda: None}


def _annotation(parameter: inspect.Parameter, hint: Any) -> Any:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return list[hint]
        case inspect.Parameter.VAR_KEYWORD:
            return dict[str, hint]
    return hint


def _by_name(name: str, annotation: Any) -> TypeAdapter[Any] | None:
    """Return what checks a value that JSON cannot express; None where JSON can."""
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter
    from pydantic.errors import PydanticInvalidForJsonSchema

    try:
        try:
            adapter = TypeAdapter(
                annotation, config=ConfigDict(arbitrary_types_allowed=True, defer_build=False)
            )
        except PydanticUserError:
            # Such kinds bring a configuration of their own.
            adapter = TypeAdapter(annotation)
        adapter.json_schema()
    except PydanticInvalidForJsonSchema:
        return adapter
    except Exception as error:
        raise BadInput(
            f"The annotation of the parameter {name!r} is of no use to a tool: {error}.",
            "Use one that pydantic knows, such as int, str, list[str] or Literal['a', 'b'].",
        ) from None
    return None


def _variable(
    name: str, called: str, adapter: TypeAdapter[Any], variables: Mapping[str, Any]
) -> Any:
    from pydantic import ValidationError

    if called not in variables or called.startswith("_"):
        raise Unfit(
            f"{name}: there is no variable {called!r}. "
            f"{closest(called, [one for one in variables if not one.startswith('_')])}".strip()
        )
    try:
        return adapter.validate_python(variables[called])
    except ValidationError:
        kind = class_name(type(variables[called]))
        raise Unfit(f"{name}: the variable {called!r} is of another class, {kind}.") from None


def _told(error: Any) -> str:
    lines = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in one["loc"])
        lines.append(f"{where}: {one['msg']}" if where else one["msg"])
    return "The arguments do not fit:\n" + "\n".join(lines)


def _kind(annotation: Any) -> str:
    """Return what an annotation is called."""
    named = [one for one in typing.get_args(annotation) or (annotation,) if one is not type(None)]
    return " or ".join(getattr(one, "__name__", str(one)) for one in named)


def _untitled(schema: Any) -> Any:
    """Leave out the titles that pydantic makes of names: a model reads them for nothing."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        # Under "properties" and "$defs" the keys are names, and may be called so.
        key: {name: _untitled(one) for name, one in value.items()}
        if key in ("properties", "$defs")
        else _untitled(value)
        for key, value in schema.items()
        if key != "title"
    }


def _name(function: Any) -> str:
    return getattr(function, "__name__", repr(function))
