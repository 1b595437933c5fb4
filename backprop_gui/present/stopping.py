"""What is said of the conditions a run stops on, and of the one that stopped it."""

from __future__ import annotations

from msgspec import Struct

from backprop_gui.engine.graph import Graph
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.quantities import Quantity
from backprop_gui.steps.stopping import Condition, Kind, Stop

MOST_NAMED = 4


class ConditionRow(Struct, frozen=True):
    """A line of the dialog: words before and behind the field, what stands in it, how it is written."""

    kind: Kind
    before: str
    behind: str = ""
    value: str = ""
    written: str = "{}"  # the condition as the command line takes it

    def text(self, value: str) -> str:
        """The condition with what was typed."""
        return self.written.format(value.strip())


def condition_rows(parameter: str, decimal_comma: bool) -> tuple[ConditionRow, ...]:
    """All conditions with values to begin with; `parameter` is one of the network."""
    small = "0,01" if decimal_comma else "0.01"
    return (
        ConditionRow("loss_below", "the loss is below", "", small, "loss<{}"),
        ConditionRow("loss_rises", "the loss has risen", "times in a row", "20", "loss rises {}"),
        ConditionRow("gradient_below", "the length of the gradient is below", "", "1e-6", "gradient<{}"),
        ConditionRow("sign_changes", "the parameter", "changes its sign", parameter, "{} changes sign"),
        ConditionRow("relu_dies", "a ReLU neuron is 0 for all samples", "", "", "a relu dies"),
    )


def condition_words(condition: Condition, number: NumberFormat, loss: str) -> str:
    """`L below 0.01`, short, for the status bar."""
    if condition.kind == "loss_below":
        return f"{loss} below {number.text(condition.threshold)}"
    if condition.kind == "loss_rises":
        return f"{loss} rises {number.count(condition.count)} times in a row"
    if condition.kind == "gradient_below":
        return f"the gradient's length is below {number.text(condition.threshold)}"
    if condition.kind == "sign_changes":
        return f"{condition.parameter} changes its sign"
    return "a ReLU is 0 for all samples"


def stop_sentence(stop: Stop, graph: Graph, naming: Naming, number: NumberFormat) -> str:
    """Where a run stopped, and on what."""
    condition, loss = stop.condition, naming.notation.loss
    where = f"Stopped at iteration {number.count(stop.iteration)}:"
    if condition.kind == "loss_below":
        limit = number.text(condition.threshold)
        return f"{where} the loss {loss} is {number.text(stop.value)}, below {limit}."
    if condition.kind == "loss_rises":
        times = "once" if condition.count == 1 else f"{number.count(condition.count)} times in a row"
        return f"{where} the loss {loss} has risen {times}, to {number.text(stop.value)}."
    if condition.kind == "gradient_below":
        limit = number.text(condition.threshold)
        return f"{where} the gradient's length is {number.text(stop.value)}, below {limit}."
    if condition.kind == "sign_changes":
        name = parameter_name(condition.parameter, graph, naming)
        return f"{where} {name} has changed its sign and is {number.text(stop.value)}."
    names = [plain(naming.neuron(graph.nodes[node].group, element)) for node, element in stop.neurons]
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    are = "is" if len(names) == 1 else "are"
    named = f"{', '.join(names[:MOST_NAMED])}{more}"
    return f"{where} {named} {are} 0 for every sample: no gradient passes any more."


def parameter_name(own: str, graph: Graph, naming: Naming) -> str:
    """A parameter as it is called on screen, by its own name."""
    place = graph.parameters.place_of(own)
    if place is None:
        return own
    array, element = graph.parameters.locate(place)
    return naming.plain(Quantity(graph.parameter_nodes[array], element))


def stopped_focus(stop: Stop, graph: Graph) -> str:
    """What to show of a stop on the canvas: the parameter, the first neuron that died; else nothing."""
    if stop.condition.kind == "sign_changes":
        return stop.condition.parameter
    if stop.neurons:
        node, element = stop.neurons[0]
        return neuron_identity(graph.nodes[node].group, element)
    return ""
