"""Pages for more than one number: what is given, a neuron's lines, a layer's matrices, a phase."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from backprop_gui.engine.operation import Array
from backprop_gui.present.formulas import BECOMES, EQUALS
from backprop_gui.present.math_tree import Math, Operator, Symbol, row
from backprop_gui.present.matrices import layer_blocks
from backprop_gui.present.pictures import Block, ExplainPage
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import (
    PHASE_WORDS,
    loss_change,
    loss_word,
    neuron_name,
    of_batch,
    reason,
    slanted,
)
from backprop_gui.steps.quantities import UPDATED, VALUE, Quantity

MOST_LINES = 12
MOST_GIVEN = 18
MOST_LARGEST = 6
MOST_DATA = 24  # of one input; the canvas shows the others
FORWARD_WORDS = "First the weighted sum, then the activation."
FORWARD_LAYER_WORDS = "First all weighted sums at once, then their activations."
COLLECT_WORDS = "Each number collects what comes back from the places where it is used."
LAYER_WORDS = (
    "What arrives from behind, times each neuron’s slope; then the weights and biases that feed the layer."
)


def given_page(scene: Scene) -> ExplainPage:
    """Position 0: inputs, targets, and what the first step will be."""
    frame, graph = scene.frame, scene.graph
    blocks = _data_blocks(scene)
    parameters = [scene.parameter(int(place), VALUE) for place in graph.parameters.scalars[:MOST_GIVEN]]
    more = len(graph.parameters.scalars) - len(parameters)
    count = len(graph.parameters.scalars)
    title = (
        "What is given?"
        if frame.iteration == 0
        else f"Iteration {scene.count(frame.iteration)} begins: what is given?"
    )
    updates = f"{scene.count(frame.iteration)} update{'s' * (frame.iteration > 1)}"
    told = (
        f"The input, its target, and {scene.count(count)} parameters: "
        "the weights and biases that training will change."
        if frame.iteration == 0
        else f"The parameters as {updates} left them."
    )
    blocks.append(
        Block(
            "Parameters" + (f" (the first of {scene.count(count)})" if more > 0 else ""),
            _assignments(scene, parameters),
        )
    )
    return ExplainPage("given", "Given", title, told, tuple(blocks), _next_words(scene))


def _data_blocks(scene: Scene) -> list[Block]:
    """All numbers of the data; of a picture with hundreds of them the first ones, in a block of its own."""
    data: list[Quantity] = []
    blocks: list[Block] = []
    for index, node in enumerate(scene.graph.nodes):
        if node.kind not in ("input", "target"):
            continue
        count = math.prod(node.shape)
        shown = itertools.islice(np.ndindex(node.shape), count if count <= MOST_DATA else MOST_GIVEN)
        own = [Quantity(index, tuple(int(i) for i in element), VALUE, 0) for element in shown]
        if count <= MOST_DATA:
            data += own
        else:
            title = f"Data (the first of {scene.count(count)} numbers {node.name})"
            blocks.append(Block(title, _assignments(scene, own)))
    return [*blocks, Block("Targets" if blocks else "Data", _assignments(scene, data))] if data else blocks


def _next_words(scene: Scene) -> str:
    """What the first step does: `To begin, press → to compute z of h₁⁽¹⁾.`"""
    first = scene.frame.plan.quantity(1)
    operation = scene.graph.nodes[first.node].operation
    if first.node == scene.graph.loss or operation is None:
        return f"To begin, press → to compute {slanted(scene, first)}."
    letter = "z" if operation.name == "affine" else "a"
    return f"To begin, press → to compute *{letter}* of {neuron_name(scene, first)}."


def _assignments(scene: Scene, quantities: list[Quantity]) -> tuple[Math, ...]:
    """`w₁ = 0.5` for each, a few in a row."""
    rows: list[Math] = []
    for start in range(0, len(quantities), 3):
        parts: list[Math] = []
        for quantity in quantities[start : start + 3]:
            value = scene.frame.numbers(quantity)
            if parts:
                parts.append(_gap())
            parts += [
                scene.naming.symbol(quantity),
                _unbroken(scene.formulas.equals(value)),
                scene.formulas.number(value),
            ]
        rows.append(row(*parts))
    return tuple(rows)


def _unbroken(relation: Math) -> Math:
    """A row with several assignments is broken after a comma, not before the sign of one of them."""
    return Operator(relation.text, breakable=False) if isinstance(relation, Operator) else relation


def _gap() -> Math:
    """Room between two assignments in one row."""
    return Symbol(",  ", spoken=",")


def group_page(scene: Scene) -> ExplainPage:
    """A step of a larger size: its lines, its matrices, or a summary."""
    frame = scene.frame
    new = frame.new
    phases = {frame.plan.stretch(step).phase for step in (new[0], new[-1])}
    if frame.size == "neuron":
        return _lines_page(scene)
    if frame.size == "layer":
        blocks = layer_blocks(scene)
        return _titled(scene, blocks) if blocks else _lines_page(scene)
    if len(phases) == 1 and frame.size == "phase":
        return _phase_page(scene)
    return _iteration_page(scene)


def _kicker(scene: Scene) -> str:
    new = scene.frame.new
    words = PHASE_WORDS[scene.frame.phase]
    return f"{words} · steps {new[0]}–{new[-1]}" if len(new) > 1 else f"{words} · step {new[-1]}"


def _lines_page(scene: Scene) -> ExplainPage:
    """Each new number on a line of its own."""
    frame = scene.frame
    quantities = [frame.plan.quantity(step) for step in frame.new[:MOST_LINES]]
    blocks = []
    for quantity in quantities:
        expression = scene.expression(quantity)
        value = frame.numbers(quantity)
        formulas = scene.formulas
        arrow = BECOMES if scene.is_replaced(quantity) else formulas.sign_for_names(expression)
        rows = (
            row(scene.naming.symbol(quantity), arrow, formulas.symbols(expression)),
            row(formulas.sign_for(expression, value), formulas.values(expression)),
            row(formulas.equals(value), formulas.number(value)),
        )
        blocks.append(Block("", rows))
    left = len(frame.new) - len(quantities)
    return _titled(scene, blocks, f"… and {scene.count(left)} more." if left > 0 else "")


def _titled(scene: Scene, blocks: list[Block], rest: str = "") -> ExplainPage:
    """The page of a neuron's or a layer's step."""
    frame = scene.frame
    first = frame.plan.quantity(frame.new[0])
    node = scene.graph.nodes[first.node]
    layer = frame.size == "layer"
    if scene.is_parameter(first):
        last = frame.plan.quantity(frame.new[-1])
        names = slanted(scene, first) + (f" … {slanted(scene, last)}" if last != first else "")
        if frame.phase == "update":
            title, told = f"What are {names} after the update?", scene.model.optimizer.why
        else:  # the mean over the samples, or a parameter that several layers share
            do = "does" if last == first else "do"
            average = of_batch(scene) if first.sample is None else ""
            title = f"How much {do} {names} change the {loss_word(scene)}{average}?"
            told = reason(scene, first)
    else:
        subject = f"{'input' if node.kind == 'input' else 'layer'} *{node.group}*"
        subject = subject if layer else neuron_name(scene, first)
        title = f"How much does {subject} change the {loss_word(scene)}?"
        title = f"What does {subject} do?" if frame.phase == "forward" else title
        told = _what_happens(scene, first, layer)
    ends = frame.position == frame.plan.total
    told_after = " ".join(part for part in (rest, loss_change(scene) if ends else "") if part)
    return ExplainPage(frame.phase, _kicker(scene), title, told, tuple(blocks), told_after)


def _what_happens(scene: Scene, first: Quantity, layer: bool) -> str:
    """In which order the numbers of a neuron or a layer are made."""
    node, forward = scene.graph.nodes[first.node], scene.frame.phase == "forward"
    if scene.naming.is_dense(node.group):
        if forward:
            return FORWARD_LAYER_WORDS if layer else FORWARD_WORDS
        return LAYER_WORDS if layer else "First the neuron itself, then each weight and bias that feeds it."
    if forward and node.operation is not None:
        return node.operation.why_value
    block = scene.frame.plan.part(scene.frame.position).block
    own = block is not None and block.trailing is not None
    return COLLECT_WORDS + (" Then the weights and biases of the layer." if own else "")


def _phase_page(scene: Scene) -> ExplainPage:
    """A whole phase at once: what came out of it."""
    frame = scene.frame
    titles = {
        "forward": "What does the network answer?",
        "loss": "How far is the output from its target?",
        "backward": f"How much does each parameter change the {loss_word(scene)}?",
        "update": "What are the parameters after the update?",
    }
    blocks = _phase_blocks(scene, frame.phase)
    after = loss_change(scene) if frame.phase == "update" else ""
    return ExplainPage(frame.phase, _kicker(scene), titles[frame.phase], "", tuple(blocks), after)


def _phase_blocks(scene: Scene, phase: str) -> list[Block]:
    graph, sample = scene.graph, scene.frame.shown_sample
    if phase == "forward":
        output = graph.nodes[graph.loss].operands[0]
        answers = [
            Quantity(output, tuple(int(i) for i in e), VALUE, sample)
            for e in np.ndindex(graph.nodes[output].shape)
        ]
        return [Block("Output", _assignments(scene, answers))]
    if phase == "loss":
        quantity = Quantity(graph.loss, (), VALUE, sample)
        expression = scene.expression(quantity)
        return [
            Block(
                "The rule in symbols",
                (row(scene.naming.symbol(quantity), EQUALS, scene.formulas.symbols(expression)),),
            ),
            Block("Loss", _assignments(scene, [quantity]), result=True),
        ]
    record, plan = scene.frame.record, scene.frame.plan
    if phase == "backward":
        own = scene.frame.sample is not None and record.samples > 1
        flat = (
            scene.frame.numbers.sample_gradient(scene.frame.shown_sample)
            if own
            else record.parameter_gradient
        )
        largest = [scene.gradient_of(place) for place in _largest(flat, plan.with_gradient)]
        return [Block("The largest gradients", _assignments_one_each(scene, largest))]
    moves = record.after.parameters - record.before.parameters
    if UPDATED in record.lines:
        moves = record.lines[UPDATED] - record.before.parameters
    moved = [scene.updated_of(place) for place in _largest(moves, plan.updated)]
    return [Block("The largest changes", tuple(_change(scene, quantity) for quantity in moved))]


def _largest(numbers: Array, places: NDArray[np.intp]) -> list[int]:
    """The places of the six largest numbers, without a look at each of a hundred thousand."""
    size = np.nan_to_num(np.abs(numbers[places]), nan=-1.0)
    order: list[int] = places[np.argsort(-size, kind="stable")[:MOST_LARGEST]].tolist()
    return order


def _assignments_one_each(scene: Scene, quantities: list[Quantity]) -> tuple[Math, ...]:
    return tuple(_assignments(scene, [quantity])[0] for quantity in quantities)


def _change(scene: Scene, quantity: Quantity) -> Math:
    """`w₅: 0.9 → 0.8954`."""
    assert quantity.aspect == UPDATED
    before = scene.frame.numbers(Quantity(quantity.node, quantity.element))
    after = scene.frame.numbers(quantity)
    numbers = scene.formulas
    return row(
        scene.naming.symbol(quantity),
        Symbol(": ", spoken=":"),
        numbers.number(before),
        Operator("→"),
        numbers.number(after),
    )


def _iteration_page(scene: Scene) -> ExplainPage:
    """A whole iteration, or an epoch, at once."""
    frame = scene.frame
    size = "epoch" if frame.size == "epoch" else "iteration"
    title = (
        f"What did iteration {scene.count(frame.iteration)} change?"
        if size == "iteration"
        else "What did the epoch change?"
    )
    blocks = [
        block for phase in ("forward", "loss", "backward", "update") for block in _phase_blocks(scene, phase)
    ]
    return ExplainPage("update", _kicker(scene), title, "", tuple(blocks), loss_change(scene))
