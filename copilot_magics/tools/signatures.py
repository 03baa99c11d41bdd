"""A function's signature as a JSON schema, and a call's JSON arguments as the function's own.

What JSON can express is validated by pydantic: numbers, texts, lists, dicts, dates, ``Literal``,
``Optional``, enumerations, dataclasses, models. What it cannot, a DataFrame or an estimator, the
agent names: such an argument is the name of a variable. Where an annotation allows both, so may the
argument be either.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import types
import typing
import warnings
from collections.abc import (
    Callable,
    Collection,
    Container,
    Iterable,
    Mapping,
    Reversible,
    Sequence,
)
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions.naming import class_name
from copilot_magics.texts import can_be_sent
from copilot_magics.tools.schemas import tidy, told_default

if TYPE_CHECKING:
    from pydantic import BaseModel, TypeAdapter

_UNIONS = (Union, types.UnionType)
_LISTED = (Iterable, Collection, Container, Reversible)
"""What a list is, though pydantic reads it otherwise: as what can be gone through once, or not."""
_HOLDERS = (list, tuple, dict, set, frozenset, Sequence, Mapping)
_ARGS = inspect.Parameter.VAR_POSITIONAL
_NEEDED = inspect.Parameter.empty


class Unfit(Exception):
    """Arguments that do not fit; the text is for the agent."""


@dataclass
class _ByName:
    """What a parameter takes that JSON cannot express, and what else it takes."""

    named: Any
    """Annotation of what a variable must hold."""
    plain: Any = None
    """Annotation of what JSON expresses; None: nothing."""

    def __post_init__(self) -> None:
        self._named = _adapter(self.named)
        self._plain = None if self.plain is None else _adapter(self.plain)

    @property
    def annotation(self) -> Any:
        """Annotation of what the agent gives."""
        return str if self.plain is None else _union([self.plain, str])

    def described(self, told: str) -> str:
        """Return what the agent is told of the parameter."""
        either = self.plain not in (None, types.NoneType)
        holds = f"Name of a variable of the notebook that holds a {_kind(self.named)}"
        return f"{holds}{', or the value itself' if either else ''}. {told}".strip()

    def value(self, name: str, given: str, variables: Mapping[str, Any]) -> Any:
        """Return what a text stands for: a variable that fits, else the text itself."""
        from pydantic import ValidationError

        if given in variables and not given.startswith("_"):
            with contextlib.suppress(ValidationError):
                return self._named.validate_python(variables[given])
            kind = class_name(type(variables[given]))
            problem = f"the variable {given!r} is of another class, {kind}."
        else:
            names = [one for one in variables if not one.startswith("_")]
            problem = f"there is no variable {given!r}. {closest(given, names)}".strip()
        if self._plain is not None:
            with contextlib.suppress(ValidationError):
                return self._plain.validate_python(given)
        raise Unfit(f"{name}: {problem}")


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
    _named: dict[str, _ByName] = field(default_factory=dict)

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
            It has none, or an annotation that cannot be understood or sent.
        """
        with warnings.catch_warnings():
            # What JSON cannot express, and is no type at all, is no news to whoever wrote it.
            warnings.simplefilter("ignore")
            return cls._read(function, described)

    @classmethod
    def _read(cls, function: Callable[..., Any], described: Mapping[str, str]) -> Signature:
        from pydantic import ConfigDict, Field, create_model

        parameters = _parameters(function)
        annotations = _annotations(function, parameters)
        fields: dict[str, str] = {}
        named: dict[str, _ByName] = {}
        made: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        for number, (name, parameter) in enumerate(parameters.items()):
            annotation = annotations[name]
            default = _default(parameter)
            told = described.get(name, "")
            if (by_name := _by_name(name, annotation)) is not None:
                named[name] = by_name
                told = by_name.described(told)
                annotation = by_name.annotation
                if by_name.plain is None and default is not _NEEDED:
                    # A model may say that it names none.
                    annotation = _union([annotation, None])
            options: dict[str, Any] = {"description": told} if told else {}
            if default is not _NEEDED:
                # The function's own is taken, which may be anything, and must not be copied.
                options["default_factory"] = lambda: None
                defaults[name] = told_default(default)
            # A parameter may be called what a model's own methods are.
            fields[f"field_{number}"] = name
            made[f"field_{number}"] = (annotation, Field(alias=name, **options))
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
        model = create_model("Arguments", __config__=config, **made)
        schema = tidy(model.model_json_schema())
        for name, told_of_it in defaults.items():
            schema["properties"].get(name, {}).update(told_of_it)
        if not can_be_sent(schema):
            raise BadInput(
                f"The annotations of {_name(function)} hold what cannot be sent as JSON: half a "
                f"character, NaN, or a number that is too large.",
                "Take it out of them.",
            )
        return cls(schema, function, model, fields, named)

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
                value, by_name = getattr(valid, key), self._named.get(name)
                if by_name is not None and isinstance(value, str):
                    value = by_name.value(name, value, variables)
                elif by_name is not None and value is None and by_name.plain is None:
                    # No variable is named: it is left out.
                    continue
                values[name] = value
        bound = inspect.BoundArguments(inspect.signature(self._function), values)
        if any(_has_place(bound.signature.parameters[name], values[name]) for name in values):
            # It comes behind all that stands before it.
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


def _annotations(
    function: Callable[..., Any], parameters: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """Return what each parameter takes."""
    # What the function returns is in no schema, and may be known to type checkers alone.
    annotated: Any = types.SimpleNamespace(
        __annotations__={
            name: annotation
            for name, annotation in getattr(function, "__annotations__", {}).items()
            if name in parameters
        },
        __wrapped__=function,
        __type_params__=getattr(function, "__type_params__", ()),
    )
    try:
        hints = typing.get_type_hints(annotated, include_extras=True)
        return {
            name: _annotation(parameter, hints.get(name, Any))
            for name, parameter in parameters.items()
        }
    except Exception as error:
        raise BadInput(
            f"An annotation of {_name(function)} cannot be understood: {_why(error)}.",
            "Define or import what it names first.",
        ) from None


def _default(parameter: inspect.Parameter) -> Any:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return []
        case inspect.Parameter.VAR_KEYWORD:
            return {}
    return parameter.default


def _annotation(parameter: inspect.Parameter, hint: Any) -> Any:
    hint = _readable(hint)
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return list[hint]
        case inspect.Parameter.VAR_KEYWORD:
            return dict[str, hint]
    # As the default says, whatever the annotation forgot.
    return hint if parameter.default is not None or hint is Any else _union([hint, None])


def _readable(annotation: Any) -> Any:
    """Return an annotation as pydantic reads it: with TypedDicts of its kind, and with lists."""
    from copilot_magics.answers.shapes import readable

    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _union([_readable(parts[0])], parts[1:])
    if origin in _UNIONS:
        return _union(list(map(_readable, parts)))
    if any((origin or annotation) is one for one in _LISTED):
        return list[_readable(parts[0])] if parts else list  # type: ignore[misc]
    if parts and origin in _HOLDERS:
        return origin[tuple(map(_readable, parts))]
    return readable(annotation)


def _has_place(parameter: inspect.Parameter, value: Any) -> bool:
    """Say whether a value can only be given by where it stands."""
    kind = parameter.kind
    return kind is parameter.POSITIONAL_ONLY or (kind is _ARGS and bool(value))


def _by_name(name: str, annotation: Any) -> _ByName | None:
    """Return what an annotation takes that JSON cannot express; None where it expresses all."""
    try:
        if _expressed(annotation) == "all":
            return None
        marked = typing.get_origin(annotation) is Annotated
        union, *marks = typing.get_args(annotation) if marked else (annotation,)
        if typing.get_origin(union) in _UNIONS:
            parts = typing.get_args(union)
        else:
            parts, marks = (annotation,), []
        how = [(one, _expressed(one)) for one in parts]
        named = [one for one, much in how if much != "all"]
        plain = [one for one, much in how if much != "none"]
        if plain == [types.NoneType]:
            return _ByName(_union(named, marks), types.NoneType)
        return _ByName(_union(named, marks), _union(plain, marks) if plain else None)
    except Exception as error:
        raise BadInput(
            f"The annotation of the parameter {name!r} is of no use to a tool: {_why(error)}.",
            "Use one that pydantic knows, such as int, str, list[str] or Literal['a', 'b'].",
        ) from None


def _union(parts: list[Any], marks: Sequence[Any] = ()) -> Any:
    """Return the union of annotations, marked as the one that they are from."""
    union: Any = Union[tuple(parts)]  # noqa: UP007 (of what is known only now)
    return Annotated[(union, *marks)] if marks else union


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(
            annotation, config=ConfigDict(arbitrary_types_allowed=True, defer_build=False)
        )
    except PydanticUserError:
        # Such kinds bring a configuration of their own.
        return TypeAdapter(annotation)


def _expressed(annotation: Any) -> Literal["all", "some", "none"]:
    """Say how much of what an annotation allows JSON can express."""
    from pydantic.errors import PydanticInvalidForJsonSchema
    from pydantic.json_schema import GenerateJsonSchema
    from pydantic_core import to_jsonable_python

    class Whole(GenerateJsonSchema):
        def enum_schema(self, schema: Any) -> dict[str, Any]:
            kind, values = schema["cls"], [member.value for member in schema["members"]]
            finds_others = kind._missing_.__func__ is not vars(Enum)["_missing_"].__func__
            if not finds_others and to_jsonable_python(values) != values:
                raise TypeError(f"JSON has no such values as those of {_kind(kind)}")
            return super().enum_schema(schema)

        def emit_warning(self, kind: Any, detail: str) -> None:
            if kind == "skipped-choice":
                raise PydanticInvalidForJsonSchema(detail)

    adapter = _adapter(annotation)
    with contextlib.suppress(PydanticInvalidForJsonSchema):
        adapter.json_schema(schema_generator=Whole)
        return "all"
    with contextlib.suppress(PydanticInvalidForJsonSchema):
        adapter.json_schema()
        return "some"
    return "none"


def _told(error: Any) -> str:
    lines = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in one["loc"])
        lines.append(f"{where}: {one['msg']}" if where else one["msg"])
    return "The arguments do not fit:\n" + "\n".join(lines)


def _kind(annotation: Any) -> str:
    """Return what an annotation is called, without the modules that its parts are from."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _kind(typing.get_args(annotation)[0])
    if origin in _UNIONS:
        named = (one for one in typing.get_args(annotation) if one is not types.NoneType)
        return " or ".join(map(_kind, named))
    if origin is None and hasattr(annotation, "__name__"):
        return str(annotation.__name__)
    return re.sub(r"(?:[\w<>]+\.)+(?=\w)", "", str(annotation))


def _why(error: Exception) -> str:
    """Return what an error says in a line; pydantic's say below where to read on."""
    return " ".join(str(error).partition("\n\nFor further")[0].split()).rstrip(".")


def _name(function: Any) -> str:
    return getattr(function, "__name__", repr(function))
