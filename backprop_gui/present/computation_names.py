"""What stands in and above the nodes of a computational graph, and how its wires are called and said."""

from __future__ import annotations

from backprop_gui.engine.graph import Graph
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.math_tree import Math, Symbol
from backprop_gui.present.naming import neuron_identity
from backprop_gui.present.scene import Scene
from backprop_gui.steps.computation import Computation, Operation
from backprop_gui.steps.quantities import Quantity

LONGEST = 40  # characters of a name made from parts; what is longer is called by its operation
LONGEST_CAPTION = 12
BETWEEN = {"×": " · ", "+": " + ", "−": " − ", "÷": " / "}


def identity_of(graph: Graph, quantity: Quantity) -> str:
    """The own name of the parameter, neuron, input or loss a number belongs to, as a click knows it."""
    node = graph.nodes[quantity.node]
    if node.kind == "parameter":
        return graph.parameters.name_at(graph.parameters.place(node.parameter, quantity.element))
    if quantity.node == graph.loss or (node.kind == "target" and node.shape == (1,)):
        return "loss"
    return neuron_identity(node.group, quantity.element)


class Labels:
    """The names in one computational graph."""

    def __init__(self, scene: Scene, computation: Computation) -> None:
        self.scene, self.computation = scene, computation
        self._names: dict[int, str] = {}
        self._said: dict[int, str] = {}

    def sign(self, index: int) -> str:
        """What stands in a node: its operation's sign, or the name of a leaf."""
        node = self.computation.nodes[index]
        if node.kind == "leaf":
            return self.name(node.outputs[0])
        own = node.symbol and node.kind == "constant"  # ½ has a sign of its own
        return node.symbol if node.number is None or own else f"{node.symbol}{self._number(node)}"

    def caption(self, index: int) -> str:
        """What stands above a node: the name of the quantity it makes."""
        node = self.computation.nodes[index]
        if node.kind in ("leaf", "constant") or len(node.outputs) != 1:
            return ""
        wire = self.computation.wires[node.outputs[0]]
        name = self.name(node.outputs[0])
        if wire.quantity is not None or wire.shape:
            return "" if wire.shape and self._is_inner(node) else name
        return name if node.symbol in ("−", "÷") and len(name) <= LONGEST_CAPTION else ""

    def name(self, place: int) -> str:
        """A wire's name: its quantity, or how it is formed."""
        if place not in self._names:
            self._names[place] = self._name(place)
        return self._names[place]

    def _name(self, place: int) -> str:
        tree = self._tree(place)
        if tree is not None:
            return plain(tree)
        node = self.computation.nodes[self.computation.wires[place].node]
        if node.kind == "constant":
            return self.sign(self.computation.wires[place].node)
        parts = [self._bracketed(wire, node.symbol) for wire in node.inputs]
        made = BETWEEN[node.symbol].join(parts) if node.symbol in BETWEEN and node.number is None else ""
        if node.symbol == "(·)²":
            made = f"({self.name(node.inputs[0])})²"
        made = made or f"{self.sign(self.computation.wires[place].node)} {parts[0]}"
        return made if len(made) <= LONGEST else f"{node.spoken} of {len(parts)} numbers"

    def _bracketed(self, place: int, inside: str) -> str:
        """A part's name, in brackets where it is made of parts itself."""
        name = self.name(place)
        inner = self.computation.nodes[self.computation.wires[place].node]
        loose = self._tree(place) is None and inner.kind == "operation" and " " in name
        return f"({name})" if loose and (inside != "+" or inner.symbol == "−") else name

    def _tree(self, place: int) -> Math | None:
        """The name as a formula of what has one: a quantity, or a whole array."""
        wire, naming = self.computation.wires[place], self.scene.naming
        if wire.quantity is not None:
            return naming.base(wire.quantity.node, wire.quantity.element)
        if not wire.shape:
            return None
        if self.scene.graph.nodes[wire.array].kind == "parameter":
            return naming.array(wire.array)
        node = self.scene.graph.nodes[wire.array]
        layer = naming.layer(node.group)
        if layer and node.operation is not None:
            return naming.vector("z" if node.operation.name == "affine" else "a", layer)
        return Symbol("y" if node.kind == "target" else node.group, slanted=True, bold=True)

    def _is_inner(self, node: Operation) -> bool:
        """Whether a matrix product is still without its biases."""
        users = self.computation.uses[node.outputs[0]]
        return any(
            self.computation.nodes[user].serves.node == node.serves.node and node.symbol == "×"
            for user, _ in users
        )

    def _number(self, node: Operation) -> str:
        assert node.number is not None
        text = self.scene.format.text(node.number)
        return f" {text}" if node.symbol else text

    # ---------------------------------------------------------------- aloud

    def spoken(self, place: int) -> str:
        """A wire's name as it is said."""
        if place not in self._said:
            self._said[place] = self._spoken(place)
        return self._said[place]

    def _spoken(self, place: int) -> str:
        tree = self._tree(place)
        if tree is not None:
            return spoken(tree)
        return self.spoken_node(self.computation.wires[place].node)

    def spoken_node(self, index: int) -> str:
        """What a node is: `weight w 5`, `w 5 times a 1 of layer 1`, `sigma of z 1`."""
        node = self.computation.nodes[index]
        if node.kind == "leaf":
            kind = {"parameter": "parameter", "input": "input", "target": "target"}[node.spoken]
            return f"{kind} {self.spoken(node.outputs[0])}"
        number = "" if node.number is None else f" {self.scene.format.text(node.number)}"
        if node.kind == "constant":
            return f"number {node.symbol or number.strip()}"
        if len(node.inputs) > 6:
            return f"{node.spoken}{number} of {len(node.inputs)} numbers"
        parts = [self.spoken(wire) for wire in node.inputs]
        if node.symbol in BETWEEN and node.number is None and len(parts) > 1:
            return f" {node.spoken} ".join(parts)
        return f"{node.spoken}{number} of {' and '.join(parts)}"
