"""A layer's step in matrix form with numbers: z = Wa + b, δ = (Wᵀδ) ⊙ σ′(z), ∂L/∂W = δaᵀ."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from backprop_gui.engine.graph import Node
from backprop_gui.engine.operation import Array
from backprop_gui.present.formulas import EQUALS, PLUS, TIMES, function_name
from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Operator,
    Script,
    Symbol,
    number,
    row,
)
from backprop_gui.present.naming import PARTIAL
from backprop_gui.present.pictures import Block
from backprop_gui.present.scene import Scene
from backprop_gui.steps.blocks import Block as WalkBlock
from backprop_gui.steps.quantities import GRADIENT

MOST_ENTRIES = 6  # rows and columns of a matrix that is written out
HADAMARD, MINUS, ARROW = Operator("⊙"), Operator("−"), Operator("←")


class _Layer(Struct, frozen=True):
    """The arrays of a dense layer, for one sample."""

    scene: Scene
    affine: Node
    z: int
    a: int

    def value(self, index: int) -> Array:
        array = self.scene.frame.record.values[index]
        is_parameter = self.scene.graph.nodes[index].kind == "parameter"
        result: Array = array if is_parameter else array[self.scene.frame.shown_sample]
        return result

    def gradient(self, index: int) -> Array:
        array = self.scene.frame.record.gradients[index]
        assert array is not None
        result: Array = array[self.scene.frame.shown_sample]
        return result

    def symbol(self, letter: str) -> Math:
        """A letter with the number of this layer."""
        return self.scene.naming.vector(letter, self.scene.naming.layer(self.affine.group))

    def sender(self) -> Math:
        """What the layer works with: a of another dense layer, an input, or a node by its name."""
        group = self.scene.graph.nodes[self.affine.operands[0]].group
        layer = self.scene.naming.layer(group)
        return self.scene.naming.vector("a", layer) if layer else _bold(group)


def layer_blocks(scene: Scene) -> list[Block]:
    """The matrix form of the layer that the newest step uncovered; empty where there is none."""
    frame = scene.frame
    if frame.phase == "update" or frame.sample is None:
        return _update_blocks(scene) if frame.phase == "update" else []
    walk = frame.plan.part(frame.position).block
    if walk is None or len(walk.nodes) != 2 or walk.nodes[0] not in scene.graph.reaches_loss:
        return []
    layer = _Layer(scene, scene.graph.nodes[walk.nodes[0]], walk.nodes[0], walk.nodes[-1])
    return _forward_blocks(layer) if frame.phase == "forward" else _backward_blocks(layer, walk)


def _forward_blocks(layer: _Layer) -> list[Block]:
    scene, operands = layer.scene, layer.affine.operands
    weights, inputs = layer.value(operands[1]), layer.value(operands[0])
    z, a = layer.symbol("z"), layer.symbol("a")
    sender = layer.sender()
    bias: tuple[Math, ...] = (PLUS, scene.naming.array(operands[2])) if len(operands) > 2 else ()
    numbers: list[Math] = [matrix(scene, weights), matrix(scene, inputs)]
    if len(operands) > 2:
        numbers += [PLUS, matrix(scene, layer.value(operands[2]))]
    activation = scene.graph.nodes[layer.a].operation
    assert activation is not None
    outcome = layer.value(layer.a)
    return [
        Block(
            "The weighted sums of the layer",
            (row(z, EQUALS, scene.naming.array(operands[1]), sender, *bias),),
        ),
        Block(
            "With numbers",
            (row(_equals(scene, weights, inputs), *numbers), _result(scene, layer.value(layer.z))),
        ),
        Block(
            "The activations",
            (row(a, EQUALS, _of(activation.name, z)), _result(scene, outcome)),
        ),
    ]


def _backward_blocks(layer: _Layer, walk: WalkBlock) -> list[Block]:
    scene, graph = layer.scene, layer.scene.graph
    delta, z = layer.symbol("δ"), layer.symbol("z")
    activation = graph.nodes[layer.a].operation
    assert activation is not None
    slope = _of(activation.name, z, "′")
    arrived, delta_numbers = layer.gradient(layer.a), layer.gradient(layer.z)
    pulled = activation.pullback(
        np.ones((1, *arrived.shape)),
        (layer.value(layer.z)[np.newaxis],),
        layer.value(layer.a)[np.newaxis],
        graph.nodes[layer.a].attributes,
    )[0]
    assert pulled is not None
    slopes = pulled[0]
    users = [graph.nodes[use.consumer] for use in graph.uses[layer.a] if use.consumer in graph.reaches_loss]
    single = users[0] if len(users) == 1 else None
    blocks: list[Block] = []
    if single is not None and single.operation is not None and single.operation.name == "affine":
        after = scene.naming.layer(single.group)
        weights, following = layer.value(single.operands[1]), layer.gradient(graph.by_name[single.name])
        turned = _transposed(scene.naming.array(single.operands[1]))
        rule = row(delta, EQUALS, Bracketed(row(turned, scene.naming.vector("δ", after))), HADAMARD, slope)
        plugged = row(
            _equals(scene, weights, following),
            Bracketed(row(_transposed(matrix(scene, weights)), matrix(scene, following))),
            HADAMARD,
            matrix(scene, slopes),
        )
    else:
        arriving = Fraction(row(PARTIAL, scene.naming.loss), row(PARTIAL, layer.symbol("a")))
        rule = row(delta, EQUALS, arriving, HADAMARD, slope)
        plugged = row(
            _equals(scene, arrived, slopes), matrix(scene, arrived), HADAMARD, matrix(scene, slopes)
        )
    blocks.append(Block("What arrives at the layer, times its slopes", (rule,)))
    blocks.append(Block("With numbers", (plugged, _result(scene, delta_numbers))))
    return blocks + _parameter_blocks(layer, delta, delta_numbers)


def _parameter_blocks(layer: _Layer, delta: Math, delta_numbers: Array) -> list[Block]:
    """∂L/∂W = δ aᵀ and ∂L/∂b = δ, for one sample."""
    scene, operands = layer.scene, layer.affine.operands
    inputs = layer.value(operands[0])
    outer = np.outer(delta_numbers, inputs)
    mask = layer.affine.attributes.get("mask")
    outcome = outer if mask is None else np.where(mask, outer, 0.0)
    plugged = row(
        _equals(scene, delta_numbers, inputs),
        matrix(scene, delta_numbers),
        matrix(scene, inputs[np.newaxis, :]),
    )
    rule = row(delta, _transposed(layer.sender()))
    blocks = _gradient_blocks(layer, "The weights", operands[1], rule, plugged, _result(scene, outcome))
    if len(operands) > 2:
        biases = row(delta, _equals(scene, delta_numbers), matrix(scene, delta_numbers))
        blocks += _gradient_blocks(layer, "The biases", operands[2], biases)
    return blocks


def _gradient_blocks(layer: _Layer, caption: str, node: int, rule: Math, *numbers: Math) -> list[Block]:
    """The gradient of an array; of one that is used elsewhere too, this layer's share and then the sum."""
    scene, graph = layer.scene, layer.scene.graph
    slope = _slope_by(scene, scene.naming.array(node))
    if sum(use.consumer in graph.reaches_loss for use in graph.uses[node]) == 1:
        return [Block(caption, (row(slope, EQUALS, rule), *numbers))]
    blocks = [Block(f"{caption}, shared: what this layer adds", (rule, *numbers))]
    layout, index, sample = graph.parameters, graph.nodes[node].parameter, scene.frame.shown_sample
    kept = layout.arrays[index].kept
    if len(kept) and scene.frame.knows(
        scene.parameter(int(layout.offsets[index] + kept[0]), GRADIENT, sample)
    ):
        total = layout.view(scene.frame.numbers.sample_gradient(sample), index)
        blocks.append(Block(f"{caption}: all uses added up", (row(slope, _result(scene, total)),)))
    return blocks


def _update_blocks(scene: Scene) -> list[Block]:
    """W ← W − α ∂L/∂W with numbers, for plain gradient descent."""
    frame = scene.frame
    if len(frame.plan.lines) > 1:
        return []
    quantity = frame.plan.quantity(frame.position)
    layout, index = scene.graph.parameters, scene.graph.nodes[quantity.node].parameter
    if scene.model.frozen[layout.offsets[index] + layout.arrays[index].kept].any():
        return []  # the equation of the whole array does not hold for what is frozen in it
    symbol = scene.naming.array(quantity.node)
    before = layout.view(frame.record.before.parameters, index)
    gradient = layout.view(frame.record.parameter_gradient, index)
    after = layout.view(frame.record.after.parameters, index)
    rate = scene.model.settings["learning_rate"]
    rule = row(symbol, ARROW, symbol, MINUS, scene.naming.rate, TIMES, _slope_by(scene, symbol))
    plugged = row(
        _equals(scene, before, gradient),
        matrix(scene, before),
        MINUS,
        scene.formulas.number(rate),
        TIMES,
        matrix(scene, gradient),
    )
    return [
        Block("The update of the whole array", (rule,)),
        Block("With numbers", (plugged, _result(scene, after))),
    ]


def matrix(scene: Scene, array: Array) -> Math:
    """An array as a matrix with numbers; a large one by its corner, with dots."""
    grid = array[:, np.newaxis] if array.ndim == 1 else array.reshape(array.shape[0], -1)
    rows, columns = _shown(grid.shape[0]), _shown(grid.shape[1])
    return Matrix(tuple(tuple(_entry(scene, grid, r, c) for c in columns) for r in rows))


def _shown(length: int) -> list[int]:
    """Which places are written out; −1 stands for dots."""
    return list(range(length)) if length <= MOST_ENTRIES else [0, 1, 2, -1, length - 1]


def _entry(scene: Scene, grid: Array, at_row: int, at_column: int) -> Math:
    if at_row < 0 or at_column < 0:
        return Symbol("⋱" if at_row < 0 and at_column < 0 else "⋮" if at_row < 0 else "…", spoken="and so on")
    value = float(grid[at_row, at_column])
    return Link(number(scene.format.text(value)), None, scene.format.full(value))


def _equals(scene: Scene, *arrays: Array) -> Math:
    return scene.formulas.equals(*(float(v) for array in arrays for v in array.ravel()[:64]))


def _result(scene: Scene, array: Array) -> Math:
    return row(_equals(scene, array), matrix(scene, array))


def _bold(letter: str) -> Math:
    return Symbol(letter, slanted=True, bold=True)


def _transposed(part: Math) -> Math:
    mark = Symbol("T", spoken="transposed")
    if isinstance(part, Script) and part.sup is not None:
        return Script(part.base, part.sub, row(part.sup, mark))
    return Script(part, None, mark)


def _of(function: str, argument: Math, mark: str = "") -> Math:
    return row(function_name(function, mark), Bracketed(argument))


def _slope_by(scene: Scene, symbol: Math) -> Math:
    return Fraction(row(PARTIAL, scene.naming.loss), row(PARTIAL, symbol))
