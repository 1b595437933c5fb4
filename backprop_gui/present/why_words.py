"""What the rows of a why-tree say in words: what kind of number it is, and when it was made."""

from __future__ import annotations

from msgspec.structs import replace

from backprop_gui.engine.expressions import Slope
from backprop_gui.present.formulas import function_name
from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Bracketed, Fraction, Math, Symbol, row
from backprop_gui.present.naming import Naming, setting_words
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.scene import sample_name
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.provenance import Key, Provenance, Source, Traced, leaves
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity, Setting


def words_of(
    provenance: Provenance, naming: Naming, form: NumberFormat, traced: Traced, source: Source
) -> str:
    """What kind of leaf a number is, or which of several numbers of its name; empty where it is plain."""
    key = traced.key
    if isinstance(key, Slope):
        return f"the slope of {function_name(key.function).text}"
    if isinstance(key, Setting):
        return _of_setting(provenance, naming, form, key, traced, source)
    if source.kind in ("input", "target"):
        sample = sample_name(provenance.record(traced.iteration), key.sample or 0, form)
        return f"given: {source.kind} {naming.plain(key)} of {sample}"
    if source.kind == "calculated":
        return _of_calculated(provenance, key, traced)
    return _of_leaf(provenance, form, key, source)


def _of_leaf(provenance: Provenance, form: NumberFormat, key: Quantity, source: Source) -> str:
    """A parameter's value, what an optimiser kept, an edit."""
    when = form.count(source.iteration)
    still = ", frozen: no update changes it" if source.frozen else ""
    kind = f"initial {_noun(provenance, key)}"
    said = {
        "update": f"made by the update of iteration {when}",
        "kept": f"kept by the optimiser from iteration {when}",
        "given": kind + still,
        "drawn": f"{kind}, drawn with seed {provenance.experiment.training.seed}{still}",
        "edited": f"set by you in iteration {when}{still}",
        "restored": "as the saved file holds it",
        "begins": "the optimiser has kept nothing yet",
        "unreached": "no connection leads on to the loss",
    }
    return said.get(source.kind, "")


def _noun(provenance: Provenance, key: Quantity) -> str:
    graph = provenance.model(0).graph
    prefix = graph.parameters.arrays[graph.nodes[key.node].parameter].prefix
    return {"w": "weight", "b": "bias"}.get(prefix, "value of a shared parameter")


def _of_calculated(provenance: Provenance, key: Quantity, traced: Traced) -> str:
    record = provenance.record(traced.iteration)
    if key.aspect == UPDATED:
        return "its value after the update"
    several = record.samples > 1 and key.sample is None
    if several and key.aspect in (VALUE, GRADIENT):
        return f"the {'sum' if record.summed else 'mean'} over {record.samples} samples"
    return ""


def _of_setting(
    provenance: Provenance, naming: Naming, form: NumberFormat, key: Setting, traced: Traced, source: Source
) -> str:
    if source.kind == "count":
        return "counts the updates of this optimiser"
    if key.name == "gradient_norm":
        return "the length of all gradients together"
    sign = naming.plain(key)
    words = setting_words(key.name, naming.notation).removesuffix(sign).strip()
    title = provenance.model(traced.iteration).optimizer.title
    words = words or f"a setting of {title}"
    if source.kind == "edited":
        return f"{words}, set by you in iteration {form.count(source.iteration)}"
    return words


def waits_for(frame: Frame, naming: Naming, key: Key) -> str:
    """Why a number of the iteration on screen can't be told yet; empty when it is uncovered.

    Sentences with names between asterisks. What no step ever uncovers is told for good.
    """
    waiting = [quantity for quantity in _needed(frame, key) if not frame.knows(quantity)]
    if not waiting:
        return ""
    steps = [frame.plan.step_of(quantity) for quantity in waiting]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps):
        return never_told(naming, waiting[steps.index(None)])
    step = max(known)
    name = f"*{plain(symbol_of(naming, key))}*"
    last = naming.plain(frame.plan.quantity(step))
    of = _owner(frame, naming, frame.plan.quantity(step))
    phase = frame.plan.stretch(step).phase
    return (
        f"{name} is not uncovered yet. Step on to *{last}*{of}: that is step {step:,}, {phase}; "
        f"you are at step {frame.position:,}."
    )


def never_told(naming: Naming, quantity: Quantity) -> str:
    """Why no step uncovers a number."""
    name = f"*{plain(naming.base(quantity.node, quantity.element))}*"
    if quantity.aspect == GRADIENT:
        return f"No gradient is told for {name}: it does not reach the loss, or it is data."
    if quantity.aspect == UPDATED:
        return f"No update changes {name}: it is frozen, or it does not reach the loss."
    return f"This number of {name} is never uncovered."


def _needed(frame: Frame, key: Key) -> list[Quantity]:
    """The quantities that have to be uncovered for a number to be told."""
    if isinstance(key, Slope):
        return [leaf for leaf in (*leaves(key.at), *leaves(key.rule)) if isinstance(leaf, Quantity)]
    if isinstance(key, Setting):
        if key.name != "gradient_norm" or not frame.plan.updated.size:
            return []
        return [frame.plan.quantity(frame.plan.update_start)]  # the last gradient before the updates
    if key.node == frame.graph.loss and key.sample is None:
        return [replace(key, sample=frame.record.samples - 1)]
    return [key]


def _owner(frame: Frame, naming: Naming, quantity: Quantity) -> str:
    """` of h₁⁽²⁾`, for a number of a neuron."""
    node = frame.graph.nodes[quantity.node]
    if node.kind == "parameter" or quantity.node == frame.graph.loss or not naming.is_dense(node.group):
        return ""
    return f" of *{plain(naming.neuron(node.group, quantity.element))}*"


def symbol_of(naming: Naming, key: Key, data_row: int | None = None) -> Math:
    """A number's name without a stacked fraction: ∂L/∂w₅, σ′(z₁⁽²⁾), α.

    `data_row` tells the gradient of one sample's loss by a parameter from those of the others: ∂L₃/∂w₅.
    """
    if isinstance(key, Slope):
        at = leaves(key.at)
        inside = naming.symbol(at[0]) if len(at) == 1 else Symbol("…")
        return row(function_name(key.function, "′"), Bracketed(inside))
    if isinstance(key, Setting):
        return naming.symbol(key)
    if data_row is None:
        return naming.inline(key)
    fraction = naming.sample_gradient(key, data_row)
    return (
        row(fraction.top, Symbol("/", spoken="by"), fraction.bottom)
        if isinstance(fraction, Fraction)
        else fraction
    )
