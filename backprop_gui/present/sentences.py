"""What is said about a step in plain words: its question, its reason, its meaning.

Names stand between asterisks and are painted slanted.
"""

from __future__ import annotations

from backprop_gui.engine.operation import Operation
from backprop_gui.present.math_text import plain
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity

PHASE_WORDS = {
    "given": "Start",
    "forward": "Forward",
    "loss": "Loss",
    "backward": "Backward",
    "update": "Update",
}


def loss_word(scene: Scene) -> str:
    """`cost` for the sources that call it C, `loss` for the others."""
    return "cost" if scene.experiment.notation.loss.startswith("C") else "loss"


def of_batch(scene: Scene) -> str:
    """What makes a question one about the whole batch."""
    return " of all samples" if scene.frame.record.summed else " on average"


def slanted(scene: Scene, quantity: Quantity) -> str:
    """The name of a quantity's value within a sentence."""
    return f"*{plain(scene.naming.base(quantity.node, quantity.element))}*"


def neuron_name(scene: Scene, quantity: Quantity) -> str:
    """The name of the neuron a quantity belongs to, within a sentence."""
    return f"*{plain(scene.naming.neuron(scene.graph.nodes[quantity.node].group, quantity.element))}*"


def question(scene: Scene, quantity: Quantity) -> str:
    """What a step asks."""
    loss, subject = loss_word(scene), slanted(scene, quantity)
    if quantity.aspect == GRADIENT:
        mean = scene.is_parameter(quantity) and quantity.sample is None and scene.frame.record.samples > 1
        return f"How much does {subject} change the {loss}{of_batch(scene) if mean else ''}?"
    if quantity.aspect != VALUE:
        return scene.model.optimizer.line(quantity.aspect).question.format(name=subject)
    if quantity.node == scene.graph.loss:
        return "How far is the output from its target?"
    if not scene.naming.is_dense(scene.graph.nodes[quantity.node].group):
        return f"What is {subject}?"
    if _operation(scene, quantity).name == "affine":
        return f"What arrives at {neuron_name(scene, quantity)}?"
    return f"What does {neuron_name(scene, quantity)} send on?"


def reason(scene: Scene, quantity: Quantity) -> str:
    """Why the rule of a step is as it is, in one plain sentence."""
    if quantity.aspect == GRADIENT:
        if scene.is_parameter(quantity) and quantity.sample is None and scene.frame.record.samples > 1:
            how = "added up" if scene.frame.record.summed else "averaged"
            return f"Every sample has its say: the gradients of all samples, {how}."
        terms = scene.terms.gradient(quantity)
        if not terms:
            return f"It does not reach the {loss_word(scene)}, so its gradient is 0."
        first = terms[0]
        told = _operation(scene, Quantity(first.consumer)).why.get(first.slot, "")
        if len(terms) > 1 and not scene.is_parameter(quantity):
            return f"It reaches the {loss_word(scene)} in {len(terms)} ways: each adds its own term."
        if len(terms) > 1:
            return f"It is used {len(terms)} times: each use adds its own term."
        return told
    if quantity.aspect == UPDATED:
        return scene.model.optimizer.why
    if quantity.aspect != VALUE:
        why = scene.model.optimizer.line(quantity.aspect).why
        return why.format(name=slanted(scene, quantity))
    return _operation(scene, quantity).why_value


def meaning(scene: Scene, quantity: Quantity) -> str:
    """What the number says: its sign and its consequence."""
    value = scene.frame.numbers(quantity)
    subject, loss = slanted(scene, quantity), loss_word(scene)
    if quantity.aspect == GRADIENT:
        return _gradient_meaning(scene, quantity, value, subject, loss)
    if quantity.aspect == UPDATED:
        moved = _moved(scene, quantity)
        if moved == 0:
            still = scene.frame.record.parameter_gradient[scene.place(quantity)] == 0
            return f"{subject} stays as it is{': its gradient is 0' if still else ''}."
        return f"{subject} {'rises' if moved > 0 else 'falls'} by {scene.format.text(abs(moved))}."
    if quantity.aspect in scene.model.optimizer.state:
        return "It is kept: the next update begins with it."
    if quantity.node == scene.graph.loss:
        return (
            "The output meets its target."
            if value == 0
            else "The smaller, the better: 0 would be a perfect answer."
        )
    return ""


def _gradient_meaning(scene: Scene, quantity: Quantity, value: float, subject: str, loss: str) -> str:
    parameter = scene.is_parameter(quantity)
    if value == 0:
        rest = ""
        if parameter:
            still = _moved(scene, quantity) == 0
            rest = ", so the update leaves it as it is" if still else "; the update moves it all the same"
        return f"Changing {subject} a little does not change the {loss}{rest}."
    effect = "raises" if value > 0 else "lowers"
    if not parameter:
        return f"Raising {subject} {effect} the {loss}."
    if scene.model.frozen[scene.place(quantity)]:
        return f"Raising {subject} {effect} the {loss}; it is frozen, so the update leaves it as it is."
    if scene.frame.record.samples > 1 and quantity.sample is not None:
        return f"For this sample, raising {subject} {effect} the {loss}."
    moved = _moved(scene, quantity)
    if moved == 0:
        return f"Raising {subject} {effect} the {loss}; the update leaves it as it is all the same."
    if (moved > 0) == (value > 0):  # carried on by gradients of before, or pulled by a penalty
        return f"Raising {subject} {effect} the {loss}; the update {_moves(moved)} it all the same."
    return f"Raising {subject} {effect} the {loss}, so the update {_moves(moved)} it."


def _moved(scene: Scene, quantity: Quantity) -> float:
    """How far the update moves a parameter."""
    numbers, node, element = scene.frame.numbers, quantity.node, quantity.element
    return numbers(Quantity(node, element, UPDATED)) - numbers(Quantity(node, element))


def _moves(moved: float) -> str:
    return "raises" if moved > 0 else "lowers"


def _operation(scene: Scene, quantity: Quantity) -> Operation:
    operation = scene.graph.nodes[quantity.node].operation
    assert operation is not None
    return operation


def loss_change(scene: Scene) -> str:
    """`Loss 0.3617 → 0.3483 with the new weights.`"""
    before, after = scene.format.text(scene.loss), scene.format.text(scene.loss_after)
    return f"{loss_word(scene).capitalize()} {before} → {after} with the new weights."
