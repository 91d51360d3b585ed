"""The OpenAPI document, made from the operations and the types that serve them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tracker_core._version import __version__
from tracker_core.server import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker_core.server.operation import Operation

_COMPONENTS = "#/components/schemas/{name}"
_REFUSALS = {
    401: "Nobody here has this key",
    409: "It does not follow on what is there, which is `size` bytes",
    410: "It was deleted",
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    types: list[Any] = [wire.Failure]
    for operation in operations:
        types += [it for it in (operation.body, operation.answer) if it is not None and it is not bytes]
    _, components = msgspec.json.schema_components(types, ref_template=_COMPONENTS)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = operation.path.replace(":path}", "}")
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tracker", "version": __version__},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(operation: Operation, path: str) -> dict[str, Any]:
    content: dict[str, Any] = {media: {"schema": {}} for media in operation.media}
    if operation.answer is not None:
        content["application/json"] = {"schema": _reference(operation.answer)}
    failed = {"content": {"application/json": {"schema": _reference(wire.Failure)}}}
    answers: dict[str, Any] = {
        "200" if content else "204": {"description": "Done", **({"content": content} if content else {})},
        "400": {"description": "The request makes no sense", **failed},
        "403": {"description": "Not from here", **failed},
        "404": {"description": "There is no such thing", **failed},
        **{str(status): {"description": _REFUSALS[status], **failed} for status in operation.refusals},
    }
    found: dict[str, Any] = {"summary": operation.summary, "responses": answers}
    parameters = _parameters(operation.parameters, path)
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {}}
            if operation.body is bytes
            else {"application/json": {"schema": _reference(operation.body)}},
        }
    return found


def _parameters(struct: type[msgspec.Struct], path: str) -> list[dict[str, Any]]:
    (_,), components = msgspec.json.schema_components([struct], ref_template=_COMPONENTS)
    schema = components[struct.__name__]
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": f"{{{name}}}" in path or name in schema.get("required", ()),
            "schema": {key: value for key, value in inner.items() if key != "default"},
        }
        for name, inner in schema["properties"].items()
    ]


def _reference(it: type[Any]) -> dict[str, str]:
    return {"$ref": _COMPONENTS.format(name=it.__name__)}
