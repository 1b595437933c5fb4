"""What the nudge bench shows: one number moved a little, and how far everything after it goes."""

from __future__ import annotations

import math

from msgspec import Struct

from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.numbers import NumberFormat, spoken_number
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import loss_word
from backprop_gui.steps.nudging import Cost, Move, Nudge, Nudging
from backprop_gui.steps.quantities import Quantity

MOST_CHOICES = 200  # to pick from in a list; of more those beside the one that is nudged
ROOM = 1.2  # how much farther the number lines reach than the farthest move


class NudgeLine(Struct, frozen=True):
    """One number line. `text` is the true move, `predicted` slope × nudge; the first line's are its own.

    `true` and `expected` are the moves themselves, not-a-number where there is no finite one.
    `quantity` is what the line is about, for the canvas.
    """

    name: str
    spoken: str
    quantity: Quantity
    text: str
    predicted: str
    tip: str
    true: float
    expected: float


class NudgePicture(Struct, frozen=True):
    """The bench at one moment. `reach` is the move that leads to the end of every number line.

    `legend` explains the two marks, true and predicted; `sentences` what comes of it; `remark` what
    the lines leave out. `text` is everything as it is read aloud.
    """

    choices: tuple[tuple[Quantity, str], ...]
    leaf: Quantity
    title: str
    step: float
    step_text: str
    lines: tuple[NudgeLine, ...]
    reach: float
    legend: tuple[str, str]
    remark: str
    sentences: tuple[str, ...]
    keep: str
    text: str


def choices(scene: Scene, leaf: Quantity) -> tuple[tuple[Quantity, str], ...]:
    """The parameters and inputs that can be nudged, with their names on screen."""
    graph, sample = scene.graph, scene.frame.shown_sample
    layout = graph.parameters
    places = layout.scalars.tolist()
    inputs = [
        Quantity(node, element, sample=sample)
        for node in graph.inputs
        for element in _elements(graph.nodes[node].shape)
    ]
    if len(places) + len(inputs) > MOST_CHOICES:
        if graph.nodes[leaf.node].kind == "input":
            places, inputs = [], [each for each in inputs if each.node == leaf.node][:MOST_CHOICES]
        else:
            start = layout.ranks[scene.place(leaf)] // MOST_CHOICES * MOST_CHOICES
            places, inputs = places[start : start + MOST_CHOICES], []
    parameters = []
    for place in places:
        array, element = layout.locate(place)
        parameters.append(Quantity(graph.parameter_nodes[array], element))
    return tuple((each, scene.naming.plain(each)) for each in [*parameters, *inputs])


def leaf_of(scene: Scene, quantity: Quantity | None) -> Quantity | None:
    """What is nudged when this number is looked at: a parameter or an input, or that of its gradient."""
    if quantity is None:
        return None
    kind = scene.graph.nodes[quantity.node].kind
    if kind == "parameter":
        return Quantity(quantity.node, quantity.element)
    if kind == "input":
        return Quantity(quantity.node, quantity.element, sample=scene.frame.shown_sample)
    return None


def first_leaf(scene: Scene) -> Quantity:
    """What is nudged when nothing has been chosen: the first parameter that moves the loss, or an input."""
    layout = scene.graph.parameters
    if len(layout.scalars):
        moving = scene.frame.record.parameter_gradient[layout.scalars] != 0
        array, element = layout.locate(int(layout.scalars[moving.argmax()]))
        return Quantity(scene.graph.parameter_nodes[array], element)
    node = scene.graph.inputs[0]
    return Quantity(node, (0,) * len(scene.graph.nodes[node].shape), sample=scene.frame.shown_sample)


def own_name(scene: Scene, leaf: Quantity) -> str:
    """The experiment's own name of what is nudged, as an edit writes it: w5, x[37,2]."""
    if scene.is_parameter(leaf):
        return scene.graph.parameters.name_at(scene.place(leaf))
    row = int(scene.frame.record.rows[leaf.sample or 0]) + 1
    inside = ",".join(str(number + 1) for number in leaf.element)
    return f"{scene.graph.nodes[leaf.node].name}[{row},{inside}]"


def nudge_picture(scene: Scene, nudging: Nudging, step: float) -> NudgePicture:
    """The bench with the number moved by `step`; with 0 everything stands where it was."""
    nudge = nudging.by(step)
    lines = [_first_line(scene, nudge, step), *(_line(scene, move) for move in nudge.moves)]
    if nudging.over_batch:
        lines.append(_cost_line(scene, nudge.cost))
    name = scene.naming.plain(nudge.leaf)
    title = f"Nudge *{name}* by {_signed(scene.format, step)}" if step else f"Nudge *{name}*"
    legend = (
        f"true: computed again with the moved {_kind(scene, nudge.leaf)}",
        "predicted: slope × nudge",
    )
    remark, sentences = _remark(scene, nudging), _sentences(scene, nudging, nudge, step)
    return NudgePicture(
        choices(scene, nudge.leaf),
        nudge.leaf,
        title,
        step,
        scene.format.full(step),
        tuple(lines),
        _reach(lines, step),
        legend,
        remark,
        sentences,
        f"Keep {name} = {scene.format.text(nudge.after)}" if nudge.step else "Keep",
        _read_aloud(title, lines, remark, sentences),
    )


def _elements(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All elements of a shape, in order."""
    found: list[tuple[int, ...]] = [()]
    for length in shape:
        found = [(*element, place) for element in found for place in range(length)]
    return found


def _kind(scene: Scene, leaf: Quantity) -> str:
    """What is moved, in a word."""
    if not scene.is_parameter(leaf):
        return "input"
    prefix = scene.graph.parameters.arrays[scene.graph.nodes[leaf.node].parameter].prefix
    return {"w": "weight", "b": "bias"}.get(prefix, "parameter")


# --- lines ------------------------------------------------------------------------------------------


def _first_line(scene: Scene, nudge: Nudge, step: float) -> NudgeLine:
    """The number that is moved itself: where it was and where it went."""
    text, full = scene.format.text, scene.format.full
    naming = scene.naming
    told = f"{text(nudge.before)} → {text(nudge.after)}" if step else text(nudge.before)
    tip = f"{naming.plain(nudge.leaf)} = {full(nudge.before)}"
    tip += f", moved to {full(nudge.after)}" if step else ""
    return NudgeLine(
        naming.plain(nudge.leaf), naming.spoken(nudge.leaf), nudge.leaf, told, "", tip, step, math.nan
    )


def _line(scene: Scene, move: Move) -> NudgeLine:
    """A quantity downstream: how far it went, and how far its slope had led to expect."""
    naming = scene.naming
    return _told(
        scene,
        naming.plain(move.quantity),
        naming.spoken(move.quantity),
        move.quantity,
        (move.before, move.after, move.predicted),
    )


def _cost_line(scene: Scene, cost: Cost) -> NudgeLine:
    """The loss of the whole batch."""
    word = _batch_word(scene)
    loss = scene.naming.loss
    quantity = Quantity(scene.graph.loss, (), sample=scene.frame.shown_sample)
    numbers = (cost.before, cost.after, cost.predicted)
    return _told(scene, f"{word} {plain(loss)}", f"{word} {spoken(loss)}", quantity, numbers)


def _told(
    scene: Scene, name: str, aloud: str, quantity: Quantity, numbers: tuple[float, float, float]
) -> NudgeLine:
    """A line from the numbers before, after and the predicted move."""
    before, after, predicted = numbers
    full, true = scene.format.full, after - before
    tip = f"{name} = {full(before)} before, {full(after)} after"
    tip += f"\nslope × nudge = {_signed(scene.format, predicted)}"
    return NudgeLine(
        name,
        aloud,
        quantity,
        scene.format.signed(true) if math.isfinite(true) else "not finite",
        scene.format.signed(predicted) if math.isfinite(predicted) else "not finite",
        tip,
        true if math.isfinite(true) else math.nan,
        predicted if math.isfinite(predicted) else math.nan,
    )


def _reach(lines: list[NudgeLine], step: float) -> float:
    """The power of ten that all moves stay within, with some room: one scale for all lines."""
    moves = [abs(move) for line in lines for move in (line.true, line.expected) if math.isfinite(move)]
    largest = max(moves, default=0.0) * ROOM if step else 0.0
    if not 0 < largest < 1e300:
        return 0.1
    return float(10.0 ** math.ceil(math.log10(largest)))


def _signed(format: NumberFormat, value: float) -> str:
    """All digits, with a sign."""
    return f"+{format.full(value)}" if value > 0 else format.full(value)


# --- words ------------------------------------------------------------------------------------------


def _batch_word(scene: Scene) -> str:
    """How the losses of a batch come together."""
    return "sum of" if scene.frame.record.summed else "mean"


def _remark(scene: Scene, nudging: Nudging) -> str:
    """Which quantities the lines are about, where that is not plain."""
    told = []
    listed = len(nudging.quantities)
    if listed < nudging.count:
        told.append(
            f"The {scene.count(listed)} of {scene.count(nudging.count)} numbers after it that move most."
        )
    if scene.frame.record.samples > 1:
        loss, of = plain(scene.naming.loss), f"The lines are those of {scene.sample_name(nudging.sample)}"
        if nudging.over_batch:
            samples = scene.count(scene.frame.record.samples)
            told.append(f"{of}; {_batch_word(scene)} *{loss}* is over the {samples} samples of the batch.")
        else:
            told.append(f"{of}: no other sample has this input.")
    return " ".join(told)


def _sentences(scene: Scene, nudging: Nudging, nudge: Nudge, step: float) -> tuple[str, ...]:
    """The ratio of the nudges beside the derivative, from one side and from both."""
    cost, name = nudge.cost, scene.naming.plain(nudge.leaf)
    loss = plain(scene.naming.loss)
    if not nudging.reaches_loss:
        return (f"*{name}* does not reach the {loss_word(scene)}: its gradient is 0.",)
    of = f"{_batch_word(scene)} " if nudging.over_batch else ""
    slope = f"{of}∂*{loss}*/∂*{name}* {_equal(scene, cost.gradient)}"
    if not step:
        return (f"{slope}. Move *{name}*, and Δ*{loss}*/Δ*{name}* stands beside it.",)
    if cost.forward is None:
        tiny, value = _signed(scene.format, step), scene.format.full(nudge.before)
        return (f"{slope}.", f"{tiny} is too small: added to {value}, it is lost behind the last digit.")
    if not math.isfinite(cost.forward):
        return (f"{slope}.", f"Moved that far, the {loss_word(scene)} is no finite number.")
    told = [f"{of}Δ*{loss}*/Δ*{name}* {_equal(scene, cost.forward)}, beside {slope}."]
    if cost.central is not None and math.isfinite(cost.central):
        told.append(f"Nudged both ways, by ±{scene.format.full(abs(step))}, it {_is(scene, cost.central)}.")
    return tuple(told)


def _equal(scene: Scene, value: float) -> str:
    """`= 0.5` or, rounded, `≈ 0.009189`."""
    return f"{'=' if scene.format.is_exact(value) else '≈'} {scene.format.text(value)}"


def _is(scene: Scene, value: float) -> str:
    return f"is {'' if scene.format.is_exact(value) else 'about '}{scene.format.text(value)}"


def _read_aloud(title: str, lines: list[NudgeLine], remark: str, sentences: tuple[str, ...]) -> str:
    """The bench in words."""
    told = [f"{title}.", f"{lines[0].spoken}: {lines[0].text}."]
    told += [f"{line.spoken}: true {line.text}, predicted {line.predicted}." for line in lines[1:]]
    told += [remark, *sentences]
    return spoken_number("\n".join(part.replace("*", "") for part in told if part))
