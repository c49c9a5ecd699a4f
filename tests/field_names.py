"""A mypy plugin: `.get("field")` of a TypedDict that has no such field is an error, as `["field"]` is without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy.errorcodes import TYPEDDICT_ITEM
from mypy.nodes import CallExpr, MemberExpr
from mypy.plugin import MethodContext, Plugin
from mypy.plugins.default import typed_dict_get_callback
from mypy.typeops import try_getting_str_literals
from mypy.types import Type, TypedDictType, flatten_nested_unions, get_proper_type

_GET: Final = "typing.Mapping.get"


class FieldNames(Plugin):
    """Looks at what `.get` asks for, and leaves the type of the answer to mypy."""

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        return _checked_get if fullname == _GET else None


def _checked_get(context: MethodContext) -> Type:
    if isinstance(context.type, TypedDictType):
        for key in try_getting_str_literals(context.args[0][0], context.arg_types[0][0]) or ():
            if key not in _fields(context):
                context.api.fail(f'TypedDict has no key "{key}"', context.context, code=TYPEDDICT_ITEM)
    return typed_dict_get_callback(context)


def _fields(context: MethodContext) -> set[str]:
    """The fields of the value asked; of a union those that any of its types has."""
    owner: Type = context.type
    if isinstance(call := context.context, CallExpr) and isinstance(call.callee, MemberExpr):
        owner = context.api.get_expression_type(call.callee.expr)
    members = map(get_proper_type, flatten_nested_unions([owner]))
    return {key for member in members if isinstance(member, TypedDictType) for key in member.items}


def plugin(_version: str) -> type[Plugin]:
    """What mypy asks a plugin for."""
    return FieldNames
