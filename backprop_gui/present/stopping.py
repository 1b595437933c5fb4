"""What is said of the conditions a run stops on, and of the one that stopped it."""

from __future__ import annotations

from unicodedata import normalize

from msgspec import Struct

from backprop_gui.engine.graph import Graph
from backprop_gui.present.math_text import plain
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.steps.quantities import Quantity
from backprop_gui.steps.stopping import Condition, Kind, Stop

MOST_NAMED = 4
MOST_LOOKED_THROUGH = 5000  # parameters


class ConditionRow(Struct, frozen=True):
    """A line of the dialog: words before and behind the field, what stands in it, how it is written."""

    kind: Kind
    before: str
    behind: str = ""
    value: str = ""
    written: str = "{}"  # the condition as the command line takes it
    right: str = ""  # what may stand in the field

    def text(self, value: str) -> str:
        """The condition with what was typed."""
        return self.written.replace("{}", value.strip())

    def fault(self, value: str) -> str:
        """What is wrong with what was typed."""
        typed = f"‘{value.strip()}’" if value.strip() else "…"
        words = " ".join(part for part in (self.before, typed, self.behind) if part)
        return f"{words[:1].upper()}{words[1:]}: {self.right} would be right."


def condition_rows(parameter: str, decimal_comma: bool) -> tuple[ConditionRow, ...]:
    """All conditions with values to begin with; `parameter` is one of the network."""
    small = "0,01" if decimal_comma else "0.01"
    above = "a number above 0, such as"
    return (
        ConditionRow("loss_below", "the loss is below", "", small, "loss<{}", f"{above} {small},"),
        ConditionRow(
            "loss_rises",
            "the loss has risen",
            "times in a row",
            "20",
            "loss rises {}",
            "a whole number from 1, such as 20,",
        ),
        ConditionRow(
            "gradient_below",
            "the length of the gradient is below",
            "",
            "1e-6",
            "gradient<{}",
            f"{above} 1e-6,",
        ),
        ConditionRow(
            "sign_changes",
            "the parameter",
            "changes its sign",
            parameter,
            "{} changes sign",
            f"the name of a parameter of this network, such as {parameter},",
        ),
        ConditionRow("relu_dies", "a ReLU neuron is 0 for all samples", "", "", "a relu dies"),
    )


def condition_words(condition: Condition, graph: Graph, naming: Naming, number: NumberFormat) -> str:
    """`L below 0.01`, short, for the tip of Train."""
    loss = naming.notation.loss
    if condition.kind == "loss_below":
        return f"{loss} below {number.text(condition.threshold)}"
    if condition.kind == "loss_rises":
        return f"{loss} rises {number.count(condition.count)} times in a row"
    if condition.kind == "gradient_below":
        return f"the gradient's length is below {number.text(condition.threshold)}"
    if condition.kind == "sign_changes":
        return f"{parameter_name(condition.parameter, graph, naming)} changes its sign"
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


def own_name(typed: str, graph: Graph, naming: Naming) -> str:
    """The own name of a parameter that was typed as it is shown (w₁₀), or carelessly (W 10)."""
    layout = graph.parameters
    if layout.place_of(typed.strip()) is not None or layout.size > MOST_LOOKED_THROUGH:
        return typed.strip()
    wanted = _without_looks(typed)
    for own in layout.names:
        if wanted in (_without_looks(own), _without_looks(parameter_name(own, graph, naming))):
            return own
    return typed.strip()


def _without_looks(name: str) -> str:
    """A name without small digits, spaces and capitals."""
    return "".join(normalize("NFKC", name).split()).casefold()


def stopped_focus(stop: Stop, graph: Graph) -> str:
    """What to show of a stop on the canvas: the parameter, the first neuron that died; else nothing."""
    if stop.condition.kind == "sign_changes":
        return stop.condition.parameter
    if stop.neurons:
        node, element = stop.neurons[0]
        return neuron_identity(graph.nodes[node].group, element)
    return ""
