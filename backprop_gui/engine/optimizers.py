"""The optimisers, in rising order of difficulty: each turns a gradient into new parameters.

They are PyTorch's, with its settings and defaults, but for momentum, whose default there is none at
all; here it is the usual 0.9. Weight decay is added to the gradient before anything else, but in
AdamW, which shrinks the parameter itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from backprop_gui.engine.expressions import (
    ONE,
    Apply,
    Constant,
    Expression,
    Power,
    Product,
    Quotient,
    Ref,
    Sum,
    difference,
)
from backprop_gui.engine.gradient_terms import TERMS, gradient_terms, newest_gradient
from backprop_gui.engine.operation import Array
from backprop_gui.engine.update import Known, Line, Part, Settings, Update


class Optimizer(Struct, frozen=True):
    """One row of the table.

    `settings` are the names and defaults of what can be set. `parts` makes the lines, from the
    settings and the name of the gradient that the optimiser sees.
    """

    kind: str
    title: str
    settings: Settings
    parts: Callable[[Settings, str], tuple[Part, ...]]
    why: str

    def with_settings(self, settings: Settings) -> Update:
        """The update with the defaults for what is not set; penalties and clipping are settings too."""
        chosen = {name: float(settings.get(name, default)) for name, default in self.settings.items()}
        if chosen["weight_decay"] == 0:
            del chosen["weight_decay"]
        chosen.update((name, float(settings[name])) for name in TERMS if settings.get(name))
        before = gradient_terms(chosen)
        parts = before + self.parts(chosen, newest_gradient(before))
        return Update(self.kind, self.title, self.why, chosen, parts)


# What the lines have in common ----------------------------------------------------------------------


def _decayed(settings: Settings, gradient: str) -> tuple[Part, ...]:
    """The gradient with weight decay, where there is one."""
    if "weight_decay" not in settings:
        return ()
    line = Line(
        "decayed",
        "g_decayed",
        Sum((Ref(gradient), Product((Ref("weight_decay"), Ref("parameter"))))),
        lambda known: known[gradient] + known["weight_decay"] * known["parameter"],
        "What does weight decay add to the gradient of {name}?",
        "Weight decay pulls every parameter towards 0, the stronger the larger it is.",
    )
    return (line,)


def _seen(decayed: tuple[Part, ...], gradient: str) -> str:
    """The name of the gradient behind the weight decay."""
    return "decayed" if decayed else gradient


def _updated(step: Expression, array: Callable[[Known], Array], start: str = "parameter") -> Line:
    """The new value: `start` − learning rate · step."""
    return Line(
        "updated",
        "",
        difference(Ref(start), Product((Ref("learning_rate"), step))),
        lambda known: known[start] - known["learning_rate"] * array(known),
        "What is {name} after the update?",
        "",
    )


def _running_mean(share: str, name: str, of: Expression) -> Expression:
    """share · before + (1 − share) · of."""
    return Sum((Product((Ref(share), Ref(f"{name}.before"))), Product((difference(ONE, Ref(share)), of))))


def _square(name: str) -> Expression:
    return Power(Ref(name), Constant(2.0))


def _per_size(top: str, square: str) -> Expression:
    """top / (√square + ε)."""
    return Quotient(Ref(top), Sum((Apply("sqrt", (Ref(square),)), Ref("epsilon"))))


def _array_per_size(top: str, square: str) -> Callable[[Known], Array]:
    return lambda known: known[top] / (np.sqrt(known[square]) + known["epsilon"])


# The rows ---------------------------------------------------------------------------------------------


def _gradient_descent(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    g = _seen(decayed, gradient)
    return (*decayed, _updated(Ref(g), lambda known: known[g]))


def _velocity(g: str) -> Line:
    return Line(
        "velocity",
        "v",
        Sum((Product((Ref("momentum"), Ref("velocity.before"))), Ref(g))),
        lambda known: known["momentum"] * known["velocity.before"] + known[g],
        "Which way, and how fast, is {name} rolling?",
        "The velocity is what is left of the one before, plus the new gradient: "
        "gradients that agree add up, gradients that quarrel cancel.",
        kept=True,
    )


def _momentum(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    g = _seen(decayed, gradient)
    return (*decayed, _velocity(g), _updated(Ref("velocity"), lambda known: known["velocity"]))


def _nesterov(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    g = _seen(decayed, gradient)
    direction = Line(
        "direction",
        "d",
        Sum((Ref(g), Product((Ref("momentum"), Ref("velocity"))))),
        lambda known: known[g] + known["momentum"] * known["velocity"],
        "Which way does {name} go, looking one step ahead?",
        "The gradient once more, on top of the velocity as the next step will find it.",
    )
    return (*decayed, _velocity(g), direction, _updated(Ref("direction"), lambda known: known["direction"]))


def _rmsprop(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    g = _seen(decayed, gradient)
    square_average = Line(
        "square_average",
        "s",
        _running_mean("alpha", "square_average", _square(g)),
        lambda known: known["alpha"] * known["square_average.before"] + (1 - known["alpha"]) * known[g] ** 2,
        "How large have the gradients of {name} been lately?",
        "A running mean of the squared gradients: old ones fade, and their signs do not count.",
        kept=True,
    )
    return (
        *decayed,
        square_average,
        _updated(_per_size(g, "square_average"), _array_per_size(g, "square_average")),
    )


def _adagrad(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    g = _seen(decayed, gradient)
    square_sum = Line(
        "square_sum",
        "s",
        Sum((Ref("square_sum.before"), _square(g))),
        lambda known: known["square_sum.before"] + known[g] ** 2,
        "How large have the gradients of {name} been, all in all?",
        "The sum of all squared gradients so far: it never forgets and only grows.",
        kept=True,
    )
    return (*decayed, square_sum, _updated(_per_size(g, "square_sum"), _array_per_size(g, "square_sum")))


def _moments(g: str) -> tuple[Line, ...]:
    """Adam's running means of the gradient and of its square, and both without their bias to 0."""
    return (
        Line(
            "m",
            "m",
            _running_mean("beta1", "m", Ref(g)),
            lambda known: known["beta1"] * known["m.before"] + (1 - known["beta1"]) * known[g],
            "What does the optimiser remember of the gradients of {name}?",
            "*m* is a running mean of the gradients: the way they have pointed lately.",
            kept=True,
        ),
        Line(
            "v",
            "v",
            _running_mean("beta2", "v", _square(g)),
            lambda known: known["beta2"] * known["v.before"] + (1 - known["beta2"]) * known[g] ** 2,
            "How large have the gradients of {name} been lately?",
            "*v* is a running mean of the squared gradients: their size counts, their sign does not.",
            kept=True,
        ),
        _corrected("m", "beta1", "What would *m* of {name} be, had it not begun at 0?"),
        _corrected("v", "beta2", "What would *v* of {name} be, had it not begun at 0?"),
    )


def _corrected(name: str, share: str, question: str) -> Line:
    return Line(
        f"{name}_hat",
        f"{name}\u0302",
        Quotient(Ref(name), difference(ONE, Power(Ref(share), Ref("t")))),
        lambda known: known[name] / (1 - known[share] ** known["t"]),
        question,
        f"*{name}* begins at 0, so its first means come out too small; the division makes up for that. "
        "*t* counts the updates: after many of them it changes nothing any more.",
    )


def _adam(settings: Settings, gradient: str) -> tuple[Part, ...]:
    decayed = _decayed(settings, gradient)
    updated = _updated(_per_size("m_hat", "v_hat"), _array_per_size("m_hat", "v_hat"))
    return (*decayed, *_moments(_seen(decayed, gradient)), updated)


def _adamw(settings: Settings, gradient: str) -> tuple[Part, ...]:
    step, array = _per_size("m_hat", "v_hat"), _array_per_size("m_hat", "v_hat")
    if "weight_decay" not in settings:
        return (*_moments(gradient), _updated(step, array))
    factor = difference(ONE, Product((Ref("learning_rate"), Ref("weight_decay"))))
    shrunk = Line(
        "shrunk",
        "shrunk",
        Product((Ref("parameter"), factor)),
        lambda known: known["parameter"] * (1 - known["learning_rate"] * known["weight_decay"]),
        "How much does weight decay leave of {name}?",
        "AdamW shrinks the parameter itself and keeps the decay out of *m* and *v*: "
        "so it acts on all parameters alike, however large their gradients.",
    )
    return (*_moments(gradient), shrunk, _updated(step, array, "shrunk"))


ROWS = (
    Optimizer(
        kind="gradient_descent",
        title="Gradient descent",
        settings={"learning_rate": 1e-3, "weight_decay": 0.0},
        parts=_gradient_descent,
        why="A step downhill: against the slope, as long as the learning rate says.",
    ),
    Optimizer(
        kind="momentum",
        title="Momentum",
        settings={"learning_rate": 1e-3, "momentum": 0.9, "weight_decay": 0.0},
        parts=_momentum,
        why="A ball rolls downhill: the step follows the velocity, not the slope of this moment alone.",
    ),
    Optimizer(
        kind="nesterov",
        title="Nesterov momentum",
        settings={"learning_rate": 1e-3, "momentum": 0.9, "weight_decay": 0.0},
        parts=_nesterov,
        why="Momentum that looks ahead: the newest gradient has more say, so it turns sooner.",
    ),
    Optimizer(
        kind="adagrad",
        title="Adagrad",
        settings={"learning_rate": 1e-2, "epsilon": 1e-10, "weight_decay": 0.0},
        parts=_adagrad,
        why="Each parameter has its own pace: the larger its gradients have been, the smaller its steps.",
    ),
    Optimizer(
        kind="rmsprop",
        title="RMSprop",
        settings={"learning_rate": 1e-2, "alpha": 0.99, "epsilon": 1e-8, "weight_decay": 0.0},
        parts=_rmsprop,
        why="The gradient, measured by its usual size: steep and flat directions go at much the same pace.",
    ),
    Optimizer(
        kind="adam",
        title="Adam",
        settings={
            "learning_rate": 1e-3,
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-8,
            "weight_decay": 0.0,
        },
        parts=_adam,
        why="Momentum, and a pace of its own for each parameter: the mean gradient, by its usual size.",
    ),
    Optimizer(
        kind="adamw",
        title="AdamW",
        settings={
            "learning_rate": 1e-3,
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-8,
            "weight_decay": 0.01,
        },
        parts=_adamw,
        why="Adam, with a weight decay that does not pass through its means.",
    ),
)

OPTIMIZERS = {row.kind: row for row in ROWS}

# How each line of any optimiser is written, whatever its settings.
SYMBOLS = {
    line.name: line.symbol
    for row in ROWS
    for line in row.with_settings(dict.fromkeys((*row.settings, *TERMS), 0.5)).lines
}
