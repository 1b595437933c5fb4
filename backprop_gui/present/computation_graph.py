"""The computational graph at a moment: what is uncovered, what is lit, what is quiet."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backprop_gui.engine.operation import Array
from backprop_gui.present.canvas import path_hint
from backprop_gui.present.computation_names import Labels, identity_of
from backprop_gui.present.computation_pictures import (
    ComputationPicture,
    ComputationShape,
    NodeShape,
    NodeState,
    Number,
    WireShape,
    WireState,
)
from backprop_gui.present.numbers import UNKNOWN
from backprop_gui.present.pictures import Emphasis
from backprop_gui.present.scene import Scene
from backprop_gui.steps.computation import Computation, Operation, Wire
from backprop_gui.steps.computation_ways import computation_of
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity

MOST_LISTED = 12  # parameters in the tip of a box


class ComputationMemory:
    """The graph of the iteration that was shown last: every step of it looks at the same one."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._kept: tuple[Computation, ComputationShape] | None = None

    def graph(self, scene: Scene) -> tuple[Computation, ComputationShape]:
        """The graph of the sample that is shown, and its shape."""
        sample = scene.frame.shown_sample
        key = (scene.frame.record, sample, scene.naming, scene.format)
        if self._kept is None or key != self._of:
            computation = computation_of(scene.terms, scene.frame.numbers, sample)
            self._of, self._kept = key, (computation, shape_of(scene, computation))
        return self._kept


def shape_of(scene: Scene, computation: Computation) -> ComputationShape:
    """Signs, names and connections of a computational graph."""
    labels = Labels(scene, computation)
    nodes, wires = [], []
    for index, node in enumerate(computation.nodes):
        kind = scene.graph.nodes[node.serves.node].kind
        nodes.append(
            NodeShape(
                node.kind,
                labels.sign(index),
                labels.caption(index),
                "" if _is_array(computation, node) else identity_of(scene.graph, node.serves),
                labels.spoken_node(index),
                node.inputs,
                node.outputs,
                node.kind == "leaf" and kind == "input",
                node.kind == "leaf" and kind == "parameter",
            )
        )
    for place, wire in enumerate(computation.wires):
        uses = computation.uses[place]
        branches = [node for node, port in uses if computation.nodes[node].shares[port] is not None]
        has_gradient = bool(wire.told_back) or wire.gradient is not None
        shared = has_gradient and len(branches) > 1
        wires.append(
            WireShape(wire.node, uses, labels.name(place), labels.spoken(place), has_gradient, shared)
        )
    longest = scene.format.longest
    if computation.grouping == "layers":  # no numbers, but the sizes of arrays: … 64×16
        longest = 1 + max(len(_size(wire)) + 2 for wire in computation.wires)
    return ComputationShape(computation.grouping, tuple(nodes), tuple(wires), longest)


def computation_picture(scene: Scene, memory: ComputationMemory) -> ComputationPicture:
    """The state of every node and edge at this moment."""
    computation, shape = memory.graph(scene)
    light = _light(scene, computation)
    wires = tuple(
        _wire_state(scene, computation, shape, light, place) for place in range(len(computation.wires))
    )
    nodes = tuple(
        NodeState(light.node(index), _tip(scene, computation, shape, index))
        for index in range(len(computation.nodes))
    )
    # A path may be as long as the graph: of a focus only its own place is kept in sight.
    here = light.lit if scene.focus else light.lit | light.plain
    return ComputationPicture(
        shape, nodes, wires, scene.frame.phase, _hint(scene, computation), tuple(sorted(here))
    )


def _hint(scene: Scene, computation: Computation) -> str:
    if scene.focus:
        return path_hint(scene)
    numbers = f"on each edge its value above, ∂{scene.experiment.notation.loss} by that value below"
    if computation.grouping == "neurons":
        return f"Too many operations to draw singly: grouped by neuron, weights inside Σ · {numbers}"
    if computation.grouping == "layers":
        return (
            "Too many operations to draw singly: grouped by layer, every edge an array of the size it names"
        )
    return f"{computation.operations} operations · {numbers} · click one for its paths"


# ------------------------------------------------------------------------- what is lit


class _Light(Struct):
    """Places of nodes and wires by how bright they are; what is named nowhere is dim."""

    lit: set[int]
    plain: set[int]
    wires: dict[int, Emphasis]
    backward: bool = False
    all_plain: bool = False
    travels: bool = False

    def node(self, index: int) -> Emphasis:
        if index in self.lit:
            return "lit"
        return "plain" if self.all_plain or index in self.plain else "dim"

    def wire(self, place: int) -> Emphasis:
        return "plain" if self.all_plain else self.wires.get(place, "dim")

    def branch(self, place: int, node: int) -> Emphasis:
        """A branch is lit where this step's numbers travel along it."""
        if self.all_plain:
            return "plain"
        wire, user = self.wire(place), self.node(node)
        if self.travels and user == "lit" and (wire == "lit" or (not self.backward and wire != "dim")):
            return "lit"
        return "plain" if wire != "dim" and user != "dim" else "dim"


def _light(scene: Scene, computation: Computation) -> _Light:
    frame = scene.frame
    if scene.lit:
        return _of_quantities(scene, computation, set(scene.lit))
    if scene.focus:
        return _of_focus(scene, computation)
    if frame.position == 0 or frame.size in ("phase", "iteration", "epoch"):
        return _Light(set(), set(), {}, all_plain=True)
    light = _of_quantities(scene, computation, _new(scene))
    light.travels = frame.phase in ("forward", "loss", "backward")
    light.backward = frame.phase == "backward"
    return light


def _new(scene: Scene) -> set[Quantity]:
    """What this step uncovers."""
    frame = scene.frame
    return {frame.plan.quantity(step) for step in frame.new[:400]}


def _of_quantities(scene: Scene, computation: Computation, shown: set[Quantity]) -> _Light:
    """Values light what makes them, gradients what they flow back through; and what these touch."""
    light = _Light(set(), set(), {})
    nodes, arrays = computation.nodes, {(quantity.node, quantity.aspect) for quantity in shown}
    for place, wire in enumerate(computation.wires):
        value, gradient = _tells(shown, arrays, wire, wire.told), _tells(shown, arrays, wire, wire.told_back)
        if value or gradient or _is_changed(shown, arrays, wire):
            light.wires[place] = "lit"
        if (value or _is_changed(shown, arrays, wire)) or (gradient and not nodes[wire.node].inputs):
            light.lit.add(wire.node)
        if gradient:
            shares = [(node, nodes[node].shares[port]) for node, port in computation.uses[place]]
            light.lit.update(node for node, share in shares if share is not None or wire.shape)
    for index, node in enumerate(nodes):
        if any(_same_parameter(quantity, inner) for quantity in shown for inner in node.inside):
            light.lit.add(index)
    for index in light.lit:
        for place in (*nodes[index].inputs, *nodes[index].outputs):
            light.wires.setdefault(place, "plain")
    light.plain = {computation.wires[place].node for place in light.wires}
    return light


def _tells(
    shown: set[Quantity], arrays: set[tuple[int, str]], wire: Wire, told: tuple[Quantity, ...]
) -> bool:
    """Whether one of the quantities uncovers a number of the wire."""
    if wire.shape:
        return any((quantity.node, quantity.aspect) in arrays for quantity in told)
    return any(quantity in shown for quantity in told)


def _is_changed(shown: set[Quantity], arrays: set[tuple[int, str]], wire: Wire) -> bool:
    """Whether the step is about a parameter's mean gradient or its update."""
    if wire.shape:
        return any(node == wire.array and aspect not in (VALUE, GRADIENT) for node, aspect in arrays)
    quantity = wire.quantity
    return (
        quantity is not None
        and quantity.sample is None
        and any(_same_parameter(each, quantity) and each.sample is None for each in shown)
    )


def _same_parameter(first: Quantity, second: Quantity) -> bool:
    return (first.node, first.element) == (second.node, second.element)


def _of_focus(scene: Scene, computation: Computation) -> _Light:
    """Every path from the focus to the loss."""
    places = [
        place
        for place, wire in enumerate(computation.wires)
        if wire.quantity is not None and identity_of(scene.graph, wire.quantity) == scene.focus
    ]
    lit = {computation.wires[place].node for place in places}
    for index, node in enumerate(computation.nodes):
        if any(identity_of(scene.graph, inner) == scene.focus for inner in node.inside):
            places += node.outputs
            lit.add(index)
    if not places:
        places = _arrays_of(scene, computation)
        lit = {computation.wires[place].node for place in places}
    found = computation.downstream(places)
    wires: dict[int, Emphasis] = dict.fromkeys(found, "plain")
    return _Light(lit, {computation.wires[place].node for place in found}, wires)


def _arrays_of(scene: Scene, computation: Computation) -> list[int]:
    """The wires of whole arrays that the focus is an element of."""
    place = scene.graph.parameters.place_of(scene.focus)
    group = scene.focus.partition("[")[0]
    return [
        number
        for number, wire in enumerate(computation.wires)
        if wire.shape
        and (
            wire.array == scene.parameter(place, VALUE).node
            if place is not None
            else scene.graph.nodes[wire.array].group == group
            and scene.graph.nodes[wire.array].kind != "parameter"
        )
    ]


# ------------------------------------------------------------------------- numbers


def _wire_state(
    scene: Scene, computation: Computation, shape: ComputationShape, light: _Light, place: int
) -> WireState:
    wire, drawn = computation.wires[place], shape.wires[place]
    value, gradient = _array_numbers(scene, wire) if wire.shape else _numbers(scene, wire)
    if not drawn.has_gradient:
        gradient = Number("")
    branches = tuple(light.branch(place, node) for node, _ in drawn.uses)
    shares = tuple(_share(scene, computation, wire, use) for use in drawn.uses) if drawn.has_shares else ()
    tip = _wire_tip(scene, drawn, value, gradient)
    return WireState(light.wire(place), value, gradient, shares, branches, tip)


def _numbers(scene: Scene, wire: Wire) -> tuple[Number, Number]:
    """Value and gradient of a single number; of a parameter the newest there is, as on the canvas."""
    new = _new(scene) if not scene.focus else set()
    quantity = wire.quantity
    if quantity is not None and scene.is_parameter(quantity):
        place = scene.place(quantity)
        updated, slope = scene.updated_of(place), scene.gradient_of(place)
        shown = updated if scene.frame.knows(updated) else quantity
        slopes = (slope,) if scene.frame.knows(slope) else wire.told_back
        told_back = slopes[0] if slopes else None
        return _of_quantity(scene, shown, new), _of_quantity(scene, told_back, new)
    value, gradient = Number(UNKNOWN), Number(UNKNOWN)
    if all(map(scene.frame.knows, wire.told)):
        lit = any(each in new for each in wire.told)
        value = Number(scene.format.text(wire.value), scene.format.full(wire.value), lit, quantity)
    if wire.gradient is not None and wire.told_back and all(map(scene.frame.knows, wire.told_back)):
        lit = any(each in new for each in wire.told_back)
        clicked = (
            wire.told_back[0] if quantity is not None and quantity.node == wire.told_back[0].node else None
        )
        text = scene.format.text(wire.gradient)
        gradient = Number(text, scene.format.full(wire.gradient), lit, clicked)
    return value, gradient


def _of_quantity(scene: Scene, quantity: Quantity | None, new: set[Quantity]) -> Number:
    if quantity is None:
        return Number(UNKNOWN)
    return Number(scene.text(quantity), scene.full(quantity), quantity in new, quantity)


def _array_numbers(scene: Scene, wire: Wire) -> tuple[Number, Number]:
    """Of a whole array its size, once all of it is uncovered; `…` while it is being uncovered."""
    new = {(quantity.node, quantity.aspect) for quantity in _new(scene)} if not scene.focus else set()
    size = _size(wire)
    found = []
    for told in (wire.told, wire.told_back):
        known = [scene.frame.knows(quantity) for quantity in told]
        text = size if known and all(known) else f"… {size}" if any(known) else UNKNOWN
        lit = any((quantity.node, quantity.aspect) in new for quantity in told)
        if told is wire.told and (wire.array, UPDATED) in new:
            lit = True
        found.append(Number(text, _range(scene, told) if known and all(known) else "", lit))
    return found[0], found[1]


def _size(wire: Wire) -> str:
    """The size of an array, a column where it is a row of numbers: 2×3, 16×1."""
    return "×".join(map(str, wire.shape if len(wire.shape) > 1 else (*wire.shape, 1)))


def _range(scene: Scene, told: tuple[Quantity, ...]) -> str:
    """Between which numbers an array lies."""
    whole = _array(scene, told[0])
    low, high = float(np.min(whole)), float(np.max(whole))
    return f"{scene.format.text(low)} to {scene.format.text(high)}"


def _array(scene: Scene, one: Quantity) -> Array:
    """The whole array that a number stands in."""
    record, node = scene.frame.record, scene.graph.nodes[one.node]
    if node.kind == "parameter":
        flat = record.before.parameters
        if one.aspect == GRADIENT:
            flat = scene.frame.numbers.sample_gradient(one.sample or 0)
        return scene.graph.parameters.view(flat, node.parameter)
    array = (record.values if one.aspect == VALUE else record.gradients)[one.node]
    return np.zeros(node.shape) if array is None else np.asarray(array[one.sample or 0])


def _share(scene: Scene, computation: Computation, wire: Wire, use: tuple[int, int]) -> Number:
    """What one branch brings back: a term of the gradient, uncovered with it."""
    share = computation.nodes[use[0]].shares[use[1]]
    if share is None:
        return Number("")
    if not wire.told_back or not all(map(scene.frame.knows, wire.told_back)):
        return Number(UNKNOWN)
    return Number(scene.format.text(share), scene.format.full(share))


# ------------------------------------------------------------------------- in words


def _wire_tip(scene: Scene, wire: WireShape, value: Number, gradient: Number) -> str:
    loss = scene.experiment.notation.loss
    lines = [f"{wire.name} = {value.full}" if value.full else f"{wire.name}: not yet uncovered"]
    if wire.has_gradient:
        slope = f"∂{loss}/∂({wire.name})" if " " in wire.name else f"∂{loss}/∂{wire.name}"
        lines.append(f"{slope} = {gradient.full}" if gradient.full else f"{slope}: not yet uncovered")
    return "\n".join(lines)


def _tip(scene: Scene, computation: Computation, shape: ComputationShape, index: int) -> str:
    """What a node does; of a box also the parameters inside."""
    node, drawn = computation.nodes[index], shape.nodes[index]
    lines = [shape.wires[drawn.outputs[0]].name if len(drawn.outputs) == 1 else drawn.sign]
    for inner in node.inside[:MOST_LISTED]:
        place = scene.place(inner)
        slope = scene.text(scene.gradient_of(place))
        lines.append(f"{scene.naming.plain(inner)} = {scene.text(inner)}, ∂ {slope}")
    if len(node.inside) > MOST_LISTED:
        lines.append(f"and {len(node.inside) - MOST_LISTED} more")
    return "\n".join(lines)


def _is_array(computation: Computation, node: Operation) -> bool:
    return any(computation.wires[place].shape for place in node.outputs)
