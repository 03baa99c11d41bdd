"""JSON schemas in the form that providers enforce, and back again.

Enforced to the letter (``strict``) is only a part of JSON Schema: every object names all that it
may hold and must hold all of it, nothing has a default, and a mapping whose keys nobody knows does
not exist. So a mapping is asked for as a list of entries, each a key and a value, what may be
anything is spelled out, and what may be left out may be null instead. What cannot be enforced is
left out: the answer is validated anyway.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_KEPT = (
    "type",
    "enum",
    "const",
    "description",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
)
_FORMATS = ("date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
_ANYTHING = "Anything"
_ENTRY = {"key", "value"}


class Unfit(Exception):
    """An answer is not what was asked for; its text says why, in a few words."""


def strict(schema: Json) -> Json:
    """Return a schema that a provider can enforce.

    Parameters
    ----------
    schema : dict
        A JSON schema whose definitions stand in ``$defs``, as pydantic writes it.
    """
    defs = {name: _strict(node) for name, node in schema.get("$defs", {}).items()}
    root = _strict(schema)
    if f"#/$defs/{_ANYTHING}" in str((root, defs)):
        defs[_ANYTHING] = _anything()
    return {**root, "$defs": defs} if defs else root


def closed_object(properties: Json) -> Json:
    """Return the schema of an object that holds these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def restored(data: Any, schema: Json) -> Any:
    """Return an answer with its lists of entries as mappings again.

    Parameters
    ----------
    data : object
        JSON, as a provider that knows the schema answers it, or as one that does not.
    schema : dict
        The schema before it was made strict.
    """
    return _restored(data, schema, schema.get("$defs", {}))


def _strict(node: Any) -> Json:
    if _is_anything(node):
        return {"$ref": f"#/$defs/{_ANYTHING}"}
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    if len(branches := node.get("allOf", ())) == 1:
        return _strict({**branches[0], **{k: v for k, v in node.items() if k != "allOf"}})
    kept = {word: node[word] for word in _KEPT if word in node}
    if node.get("format") in _FORMATS:
        kept["format"] = node["format"]
    if "pattern" in node and "(?" not in node["pattern"]:
        kept["pattern"] = node["pattern"]
    if branches := node.get("anyOf") or node.get("oneOf"):
        return {**kept, "anyOf": [_strict(branch) for branch in branches]}
    if node.get("type") == "array":
        return {**kept, "items": _items(node)}
    if "properties" in node or node.get("additionalProperties") is False:
        needed = node.get("required", ())
        properties = {
            name: _strict(value) if name in needed else _or_null(_strict(value))
            for name, value in node.get("properties", {}).items()
        }
        return {**kept, **closed_object(properties)}
    if node.get("type") == "object":
        return {**kept, **_entries(_strict(_values(node)))}
    return kept


def _or_null(node: Json) -> Json:
    said = {word: node[word] for word in ("description",) if word in node}
    rest = {word: value for word, value in node.items() if word not in said}
    branches = rest["anyOf"] if rest.keys() == {"anyOf"} else [rest]
    null = {"type": "null"}
    return {**said, "anyOf": branches if null in branches else [*branches, null]}


def _items(node: Json) -> Json:
    if not (each := node.get("prefixItems")):
        return _strict(node.get("items", {}))
    kinds: list[Json] = []
    for kind in map(_strict, each):
        if kind not in kinds:
            kinds.append(kind)
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _entries(values: Json) -> Json:
    entry = closed_object({"key": {"type": "string"}, "value": values})
    return {"type": "array", "items": entry}


def _values(node: Json) -> Any:
    """Return the schema of a mapping's values."""
    patterns = node.get("patternProperties", {})
    return next(iter(patterns.values()), node.get("additionalProperties", True))


def _is_anything(node: Any) -> bool:
    return not isinstance(node, dict) or not {*node} - {
        "title",
        "description",
        "default",
        "examples",
        "$defs",
    }


def _anything() -> Json:
    itself = {"$ref": f"#/$defs/{_ANYTHING}"}
    simple = [{"type": kind} for kind in ("string", "number", "boolean", "null")]
    return {"anyOf": [*simple, {"type": "array", "items": itself}, _entries(itself)]}


def _restored(data: Any, node: Any, defs: Json) -> Any:
    if not isinstance(data, list | dict) or (not data and _is_anything(node)):
        return data
    if _is_anything(node):
        node = {"type": ["object", "array"]}
    if "$ref" in node:
        return _restored(data, defs.get(node["$ref"].removeprefix("#/$defs/"), {}), defs)
    for branch in node.get("anyOf") or node.get("oneOf") or node.get("allOf") or ():
        if (made := _restored(data, branch, defs)) != data:
            return made
    kinds = node.get("type", ())
    if "properties" in node:
        if not isinstance(data, dict):
            return data
        known, needed = node["properties"], node.get("required", ())
        return {
            name: _restored(value, known.get(name), defs)
            for name, value in data.items()
            if not (value is None and name in known and name not in needed)
            or _takes_null(known[name], defs)
        }
    if "object" in kinds:
        entries = _mapping(data)
        if entries is not None:
            return {key: _restored(value, _values(node), defs) for key, value in entries.items()}
    if "array" in kinds and isinstance(data, list):
        each = node.get("prefixItems", [])
        rest = [node.get("items", True)] * (len(data) - len(each))
        return [_restored(*pair, defs) for pair in zip(data, [*each, *rest], strict=False)]
    return data


def _takes_null(node: Any, defs: Json) -> bool:
    if _is_anything(node):
        return True
    if "$ref" in node:
        return _takes_null(defs.get(node["$ref"].removeprefix("#/$defs/"), {}), defs)
    branches = node.get("anyOf") or node.get("oneOf") or node.get("allOf") or ()
    if any(_takes_null(branch, defs) for branch in branches):
        return True
    return "null" in node.get("type", ()) or None in node.get("enum", (node.get("const", 0),))


def _mapping(data: Any) -> Json | None:
    if isinstance(data, dict):
        return data
    if all(isinstance(entry, dict) and set(entry) == _ENTRY for entry in data):
        return {str(entry["key"]): entry["value"] for entry in data}
    return None
