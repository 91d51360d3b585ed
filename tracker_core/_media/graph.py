"""Graphs, such as the layers of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tracker_core._errors import UsageError
from tracker_core._media.base import Media

if TYPE_CHECKING:
    from tracker_core._media.place import Place


class Node(msgspec.Struct, omit_defaults=True):
    """One node; `id` tells it apart. Sizes are shapes of tensors."""

    id: str
    name: str = ""
    class_name: str = ""
    size: Any = None
    parameters: Any = None
    output_shape: Any = None
    is_output: bool | None = None
    num_parameters: int | None = None


class Graph(Media):
    """Nodes and the edges between them. `format` says what it shows, such as "keras" or "torch"."""

    kind: ClassVar[str] = "graph-file"

    def __init__(self, format: str = "keras") -> None:  # noqa: A002 - the name that users know
        self.format = format
        self.nodes: list[Node] = []
        self.edges: list[tuple[str, str]] = []

    def add_node(self, node: Node | None = None, **fields: Any) -> Node:
        """Adds a node, or one made of `fields`; `id` is the number of nodes so far when not given."""
        if node is None:
            try:
                node = Node(**{"id": str(len(self.nodes)), **fields})
            except TypeError as problem:
                raise UsageError(f"no such field of a graph's node: {problem}") from None
        node.id = str(node.id)
        self.nodes.append(node)
        return node

    def add_edge(self, from_node: Node | str, to_node: Node | str) -> None:
        """Adds an edge between two nodes or their ids."""
        ends = tuple(end.id if isinstance(end, Node) else str(end) for end in (from_node, to_node))
        self.edges.append((ends[0], ends[1]))

    @classmethod
    def from_keras(cls, model: Any) -> Graph:
        """The layers of a Keras model, each joined to those whose output it takes."""
        graph = cls("keras")
        made = {}
        for layer in model.layers:
            node = graph.add_node(id=layer.name, name=layer.name, class_name=type(layer).__name__)
            node.num_parameters = int(layer.count_params()) if getattr(layer, "built", True) else None
            made[layer.name] = node
        for layer in model.layers:
            for source in _sources(layer):
                if source in made:
                    graph.add_edge(source, layer.name)
        if not graph.edges:  # a plain stack of layers names no sources
            for above, below in zip(graph.nodes, graph.nodes[1:], strict=False):
                graph.add_edge(above, below)
        return graph

    def _store(self, place: Place) -> dict[str, Any]:
        data = msgspec.json.encode(
            {"format": self.format, "nodes": self.nodes, "edges": self.edges},
            enc_hook=lambda value: value.tolist() if hasattr(value, "tolist") else repr(value),
        )
        reference = place.write("graph", "graph.json", data)
        return {**reference, "nodes": len(self.nodes), "edges": len(self.edges)}


def _sources(layer: Any) -> list[str]:
    """Names of the layers that feed `layer` in a functional model."""
    names = []
    for node in getattr(layer, "_inbound_nodes", ()):
        for tensor in getattr(node, "input_tensors", ()) or ():
            history = getattr(tensor, "_keras_history", None)
            operation = getattr(history, "operation", None) or getattr(history, "layer", None)
            if operation is not None:
                names.append(operation.name)
    return names
