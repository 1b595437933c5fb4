"""An experiment as text for the terminal: the list of presets, and everything about one of them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np

from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Array, Operation
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.document import Expected, Experiment
from backprop_gui.present.naming import setting_words
from backprop_gui.steps.quantities import Numbers
from backprop_gui.steps.references import expected_quantity
from backprop_gui.steps.timeline import Timeline

MOST_NUMBERS = 32  # of one parameter array or of the data; larger ones are summarised
MOST_ROWS = 10  # of data
MOST_ITERATIONS_AHEAD = 100_000  # that are run to look at an expected number
LINE = 100
GLUE = "\u00a0"  # keeps `w1 = 0.5` on one line


def network_shape(graph: Graph) -> str:
    """`2-2-2-1` for a chain of layers; what there is for any other network."""
    layers = list(dict.fromkeys(graph.nodes[i].group for i in graph.operations if i != graph.loss))
    last = {graph.nodes[i].group: i for i in graph.operations}
    sizes = [math.prod(graph.nodes[last[group]].shape) for group in layers]
    senders = {group: _senders(graph, group) for group in layers}
    inputs = [graph.nodes[i].group for i in graph.inputs]
    chain = [*inputs, *layers]
    if len(inputs) == 1 and all(senders[now] == {before} for before, now in zip(chain, layers, strict=False)):
        return "-".join(map(str, [math.prod(graph.nodes[graph.inputs[0]].shape), *sizes]))
    return f"{len(layers)} layers, {len(graph.parameters.scalars):,} parameters"


def _senders(graph: Graph, group: str) -> set[str]:
    """The inputs and layers that feed a layer."""
    operands = {o for node in graph.nodes if node.group == group for o in node.operands}
    nodes = [graph.nodes[operand] for operand in operands]
    return {node.group for node in nodes if node.kind != "parameter" and node.group != group}


def columns(rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Rows in columns; the last is wrapped to `width`, None for lines as long as they come."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    margin = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for row in rows:
        before = "".join(cell.ljust(w) + "  " for cell, w in zip(row[:-1], widths, strict=True))
        room = None if width is None else max(20, width - margin)
        wrapped = [row[-1]] if room is None else textwrap.wrap(row[-1], room) or [""]
        lines.append(before + wrapped[0])
        lines += [" " * margin + more for more in wrapped[1:]]
    return "\n".join(line.rstrip() for line in lines)


def overview(experiment: Experiment, timeline: Timeline) -> str:
    """Network, parameters, data, training, conventions, expected numbers and the note."""
    model = timeline.segment_of(timeline.newest).model
    parts = [
        _wrapped("", f"{experiment.title}. {experiment.teaches}".strip()),
        _titled("Network", _network(experiment, model)),
        _titled("Parameters" + _when(timeline), _parameters(model, timeline)),
        _titled("Data", _data(experiment, model)),
        _titled("Training", _training(experiment, model)),
        _titled("Conventions", conventions(model)),
        _titled("Edits", [f"iteration {e.iteration}: {_settings(e.set)}" for e in experiment.edits]),
        _titled("Expected numbers", [_expected(one, timeline) for one in experiment.expected]),
        _titled("Source", [experiment.source] if experiment.source else []),
        _titled("Note", [experiment.note] if experiment.note else []),
    ]
    return "\n\n".join(part for part in parts if part)


def _when(timeline: Timeline) -> str:
    return f" after {timeline.newest:,} updates" if timeline.newest else ""


def _titled(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(_wrapped("  ", line) for line in lines)]) if lines else ""


def _wrapped(indent: str, text: str) -> str:
    wrapped = textwrap.fill(
        text,
        LINE,
        initial_indent=indent,
        subsequent_indent=indent,
        drop_whitespace=True,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return wrapped.replace(GLUE, " ")


def _settings(changes: dict[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in changes.items())


def rounded(value: float) -> str:
    """A number short enough to read, exact where that is short."""
    exact = repr(float(value)).removesuffix(".0")
    return exact if len(exact) <= 9 else f"{value:.6g}"


def _equation(name: str, value: float) -> str:
    """`w1 = 0.5`, or `w1 ≈ 0.123457` where digits are left out."""
    text = rounded(value)
    return f"{name}{GLUE}{'=' if float(text) == value else '≈'}{GLUE}{text}"


def _network(experiment: Experiment, model: Model) -> list[str]:
    """A line per input and layer, then the loss."""
    graph = model.graph
    lines = [f"{network_shape(graph)}, {len(graph.parameters.scalars):,} parameters"]
    lines += [
        f"{graph.nodes[i].name}: {_count(math.prod(graph.nodes[i].shape), 'input')}" for i in graph.inputs
    ]
    unreached = set(model.unreached())
    groups = dict.fromkeys(graph.nodes[i].group for i in graph.operations if i != graph.loss)
    for group in groups:
        nodes = [node for node in graph.nodes if node.group == group and node.operation is not None]
        first, *others = [_does(node.operation) for node in nodes if node.operation]
        then = "".join(f", then {other}" for other in others)
        size = _count(math.prod(nodes[-1].shape), "neuron")
        tail = "; does not reach the loss" if group in unreached else ""
        lines.append(
            f"{group}: {size}, {first} of {' and '.join(sorted(_senders(graph, group)))}{then}{tail}"
        )
    loss = graph.nodes[graph.loss]
    assert loss.operation is not None
    output = graph.nodes[loss.operands[0]].group
    return [*lines, f"loss {experiment.notation.loss}: {loss.operation.name_in_words} of {output}"]


def _does(operation: Operation) -> str:
    return "weighted sum" if operation.name == "affine" else operation.name.replace("_", " ")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _parameters(model: Model, timeline: Timeline) -> list[str]:
    """The parameters with their values, a line per row of an array; large arrays summarised."""
    graph, layout = model.graph, model.graph.parameters
    flat = timeline.state(timeline.newest).parameters
    lines: list[str] = []
    for index, array in enumerate(layout.arrays):
        places = (layout.offsets[index] + array.kept).tolist()
        node = graph.parameter_nodes[index]
        users = ", ".join(dict.fromkeys(graph.nodes[use.consumer].group for use in graph.uses[node]))
        if not places:
            continue
        if len(places) > MOST_NUMBERS:
            values = flat[places]
            span = f"from {rounded(float(values.min()))} to {rounded(float(values.max()))}"
            names = f"{layout.name_at(places[0])} … {layout.name_at(places[-1])}"
            lines.append(f"{users}: {names}, {len(places):,} numbers {span}")
            continue
        width = math.prod(array.shape[1:]) if len(array.shape) > 1 else len(places)
        start = int(layout.offsets[index])
        for row in range(start, start + array.size, width):
            inside = [place for place in places if row <= place < row + width]
            each = ", ".join(
                _equation(layout.name_at(place), float(flat[place]))
                + (" (frozen)" * bool(model.frozen[place]))
                for place in inside
            )
            lines.append(f"{users}: {each or 'no connection'}")
    return lines


def _data(experiment: Experiment, model: Model) -> list[str]:
    """The rows, or how many there are."""
    graph = model.graph
    names = {index: graph.nodes[index].name for index in model.leaves}
    rows = model.batches.rows
    if sum(array.size for array in model.leaves.values()) > MOST_ROWS * MOST_NUMBERS:
        widths = [f"{names[i]} with {_count(array[0].size, 'number')}" for i, array in model.leaves.items()]
        return [f"{_count(rows, 'row')}: {', '.join(widths)}"]
    lines = []
    for row in range(min(rows, MOST_ROWS)):
        cells = [f"{names[index]} {_vector(array[row])}" for index, array in model.leaves.items()]
        lines.append(f"{row + 1}: {' → '.join(cells)}")
    return lines + ([f"… {_count(rows, 'row')} in all"] if rows > MOST_ROWS else [])


def _vector(values: Array) -> str:
    return ", ".join(rounded(float(value)) for value in np.ravel(values))


def _training(experiment: Experiment, model: Model) -> list[str]:
    """Optimiser and settings; batches; how long."""
    training, notation = experiment.training, experiment.notation
    settings = [
        f"{setting_words(name, notation)} = {rounded(value)}" for name, value in model.settings.items()
    ]
    size, rows = model.batches.batch_size, model.batches.rows
    batches = f"each update uses all the data ({_count(rows, 'row')})"
    if size < rows:
        seed = model.batches.seed
        order = f"shuffled anew with seed {seed}" if training.shuffle else "in the order of the data"
        batches = f"each update uses {size:,} of {rows:,} rows, {order}"
    return [
        f"{model.optimizer.title}: {', '.join(settings)}",
        batches,
        _count(training.iterations, "iteration"),
    ]


def conventions(model: Model) -> list[str]:
    """What is often left unsaid: ½ or not, sums and means, whether biases are updated."""
    graph = model.graph
    operation = graph.nodes[graph.loss].operation
    assert operation is not None
    lines = [f"the loss of a sample is the {operation.name_in_words}"]
    if operation.name == "half_squared_error":
        lines[0] += ", with the factor ½"
    elif operation.name in ("squared_error", "mean_squared_error"):
        lines[0] += ", without a factor ½"
    outputs = graph.nodes[graph.nodes[graph.loss].operands[0]].shape
    if math.prod(outputs) > 1:
        how = "averaged over" if operation.name == "mean_squared_error" else "summed over"
        lines[0] += f", {how} the outputs"
    how = "sums" if model.batches.summed else "means"
    lines.append(f"loss and gradients of a batch are {how} over its samples")
    biases = graph.parameters.biases
    frozen = int(model.frozen[biases].sum())
    if not len(biases):
        lines.append("there are no biases")
    elif frozen == len(biases):
        lines.append("biases are not updated")
    else:
        lines.append("biases are updated like weights" + (f", but for {frozen} of them" if frozen else ""))
    return lines


def _expected(expected: Expected, timeline: Timeline) -> str:
    """A published number, and whether the program meets it."""
    where = f"{expected.quantity}, iteration {expected.iteration:,}, sample {expected.sample}"
    printed = expected.printed or repr(expected.value)
    told = f"{where}: {printed}" + (f" in {expected.printed_in}" if expected.printed_in else "")
    if expected.iteration > MOST_ITERATIONS_AHEAD:
        return f"{told} – too many iterations to calculate it here"
    model = timeline.segments[0].model
    numbers = Numbers(model.graph, timeline.record(expected.iteration), {})
    value = numbers(expected_quantity(model, expected))
    if abs(value - expected.value) <= expected.tolerance:
        return f"{told} – holds, the program calculates {value!r}"
    return f"{told} – does NOT hold, the program calculates {value!r}"
