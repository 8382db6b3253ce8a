"""The shape of an answer, made of the dataclass that it is filled from: what is sent is said once.

So `/openapi.json` describes an object and each of its members in the words of the dataclass's docstring.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import GenericAlias, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from searchengine.images.tiles import Box
from searchengine.understanding.compose import Part
from searchengine.understanding.recognize import Object

# What the dataclasses' modules import for type checkers alone.
_NAMES = {"datetime": datetime, "Box": Box, "Part": Part, "Object": Object}

_NONE = re.compile(r"\bNone\b")
_MEMBER = re.compile(r"^    (\w+): ", re.MULTILINE)


class Shape(BaseModel):
    """An object with just these members."""

    model_config = ConfigDict(extra="forbid")


def many(of: type[Shape]) -> Any:
    """The shape of a list of such objects."""
    return GenericAlias(list, of)


@cache
def _plain(of: type) -> type[Shape]:
    return shape(of)


def shape(
    of: type, /, *, called: str | None = None, without: tuple[str, ...] = (), **more: Any
) -> type[Shape]:
    """The shape of a dataclass as JSON: its members, and those of the dataclasses among them.

    Args:
        of: The dataclass. Its docstring says what it is, and under ``Attributes:`` what its members are.
        called: The shape's name, where the dataclass's says too little alone.
        without: Members that aren't sent.
        **more: Types of members that are sent besides, or otherwise than the dataclass has them.
    """
    summary, said = _said(of)
    hints = get_type_hints(of, localns=_NAMES)
    types = {each.name: _of_json(hints[each.name]) for each in fields(of) if each.name not in without} | more
    members: dict[str, Any] = {
        name: (kind, Field(description=said[name]) if name in said else ...) for name, kind in types.items()
    }
    return create_model(called or of.__name__, __base__=Shape, __doc__=summary, **members)


def _of_json(kind: Any) -> Any:
    """A member's type, with shapes in place of dataclasses."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _plain(kind)
    parts = tuple(map(_of_json, get_args(kind)))
    if get_origin(kind) is UnionType:
        return Union[parts]  # noqa: UP007  made of values
    return GenericAlias(tuple, parts) if get_origin(kind) is tuple else kind


def _said(of: type) -> tuple[str, dict[str, str]]:
    """What a docstring says of a dataclass in its first line, and of each of its members."""
    text = inspect.getdoc(of) or ""
    _, _, attributes = text.partition("\nAttributes:\n")
    names_and_texts = _MEMBER.split(attributes)[1:]
    pairs = zip(names_and_texts[::2], names_and_texts[1::2], strict=True)
    return text.partition("\n")[0], {name: _NONE.sub("null", " ".join(said.split())) for name, said in pairs}
