"""Plain values as JSON text and back: how a report leaves the sandbox.

The reader runs outside, so the text can hold nothing but values: no code, no objects. What JSON has no form for is a
dict of one entry, the name of the type with the content; a dict itself is a list of pairs.
"""

from __future__ import annotations

import json

MYPY = False
if MYPY:  # no typing module at run time: it costs more than the rest of this file
    from typing import Any

_LARGE = 1 << 63
_SEQUENCES = {"tuple": tuple, "set": set, "frozenset": frozenset}


def dumps(value: Any) -> str:
    """The text of a value of None, numbers, texts, bytes, sequences, sets and dicts. Raises ValueError for others."""
    return json.dumps(_encoded(value))


def loads(text: str | bytes) -> Any:
    """The value of a text. Raises ValueError where it is not one that `dumps` writes."""
    try:
        return _decoded(json.loads(text))
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"not a report: {error}") from error


def _encoded(value: Any) -> Any:
    kind = type(value)
    if kind in (type(None), bool, str, float) or (kind is int and abs(value) < _LARGE):
        return value  # Python's JSON writes and reads inf, nan and lone surrogates
    if kind is list:
        return [_encoded(item) for item in value]
    if kind is dict:
        return {"dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
    if kind.__name__ in _SEQUENCES and kind is _SEQUENCES[kind.__name__]:
        return {kind.__name__: [_encoded(item) for item in value]}
    if kind is int:
        return {"int": hex(value)}  # decimal digits beyond some thousands are refused by Python itself
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    raise ValueError(f"{kind.__name__} has no text")


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {_decoded(key): _decoded(item) for key, item in content}
    if kind == "int":
        return int(content, 16)
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "complex":
        return complex(*content)
    return _SEQUENCES[kind](_decoded(item) for item in content)
