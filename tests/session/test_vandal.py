"""Two thousand edits, undos and steps in a row: whatever is shown is what a freshly opened file shows."""

from __future__ import annotations

import inspect
import random

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from msgspec.structs import replace

from backprop_gui.errors import BackpropError
from backprop_gui.experiment.building import (
    add_layer,
    move_layer,
    remove_layer,
    set_activation,
    set_biases,
    set_rows,
    set_units,
)
from backprop_gui.experiment.building_edges import Neuron, connect, cut
from backprop_gui.experiment.building_loss import set_loss
from backprop_gui.experiment.building_moment import rebuilt
from backprop_gui.experiment.conventions import conventions_of, with_conventions
from backprop_gui.experiment.document import Dense, Experiment
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.present.computation_graph import ComputationMemory, computation_picture
from backprop_gui.present.explain import explain_page
from backprop_gui.present.ledger import ledger_picture
from backprop_gui.present.network_picture import network_picture
from backprop_gui.present.nudge import first_leaf, leaf_of, nudge_picture
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.steps.nudging import Nudging
from backprop_gui.steps.plan import STEP_SIZES
from tests.networks import preset
from tests.present.scenes import canvas

DEEDS = 2000
BETWEEN_LOOKS = 100  # deeds
WIDEST = 4  # neurons: a vandal's network stays small, so that looking at it is quick
PLACES = st.floats(0, 1)
NUMBERS = st.sampled_from(["0.5", "-1,25", "1/3", "0", "−2e-3", "7"])


def chosen(names: list[str], share: float) -> str:
    return names[min(int(share * len(names)), len(names) - 1)] if names else "nothing"


class Vandal(RuleBasedStateMachine):
    """Edits whatever can be edited, in any order, and looks up now and then."""

    @initialize(name=st.sampled_from(["worked-example", "averaging-over-examples", "softmax-classifier"]))
    def start(self, name):
        self.session = Session(preset(name))
        self.session._idle.setInterval(10**8)
        self.editor = Editor(self.session)
        self.deeds = 0

    def teardown(self):
        if hasattr(self, "session"):
            self.look()
            self.session._idle.stop()
            self.session.running.halt()

    def done(self):
        self.deeds += 1
        if self.deeds % BETWEEN_LOOKS == 0:
            self.look()

    def look(self):
        """Every panel beside that of a session which opens what this one would save."""
        session = self.session
        fresh = Session(decode(encode(session.document())))
        fresh._idle.setInterval(10**8)
        assert fresh.iteration == session.iteration
        fresh.set_step_size(session.step_size)
        fresh.seek(session.iteration, session.position)
        session.set_focus("")
        here, there = told(session), told(fresh)
        for panel, text in there.items():
            assert here[panel] == text, panel
        fresh._idle.stop()

    # --- steps -------------------------------------------------------------------------------------

    @rule(size=st.sampled_from(STEP_SIZES[:5]), back=st.booleans(), times=st.integers(1, 3))
    def step(self, size, back, times):
        for _ in range(times):
            if back:
                self.session.previous(size)
            else:
                self.session.next(size)
        self.done()

    @rule(size=st.sampled_from(STEP_SIZES), share=PLACES)
    def look_closer(self, size, share):
        self.session.set_step_size(size)
        self.session.set_focus(chosen(list(self.session.model.graph.parameters.names), share))
        self.done()

    # --- edits -------------------------------------------------------------------------------------

    @rule(share=PLACES, number=NUMBERS, updated=st.booleans())
    def edit_a_parameter(self, share, number, updated):
        name = chosen(list(self.session.model.graph.parameters.names), share)
        self.attempt(self.editor.edit, name + "′" * updated, number)

    @rule(name=st.sampled_from(["x[1,1]", "targets[1,1]", "learning_rate"]), number=NUMBERS)
    def edit_anything_else(self, name, number):
        self.attempt(self.editor.edit, name, number)

    @rule(kind=st.sampled_from(["gradient_descent", "momentum", "adam"]))
    def change_the_optimizer(self, kind):
        self.attempt(self.editor.set_optimizer, kind)

    @rule(seed=st.integers(0, 9))
    def change_the_seed(self, seed):
        self.attempt(self.editor.set_seed, seed)

    @rule(share=PLACES, deed=st.sampled_from(["go to", "go to", "forget", "rename", "keep"]))
    def turn_to_a_branch(self, share, deed):
        branches = self.session.branches
        name = chosen([branch.name for branch in branches.others], share)
        if deed == "keep":
            branches.keep()
            self.done()
        elif deed == "rename":
            self.attempt(branches.rename, name, f"{name[:20]} {share:.3f}")
        else:
            self.attempt({"go to": branches.go_to, "forget": branches.forget}[deed], name)

    @rule(share=PLACES, units=st.integers(1, WIDEST))
    def resize(self, share, units):
        self.build("resize", lambda e: set_units(e, self.layer(e, share), units))

    @rule(share=PLACES, what=st.sampled_from(["add", "remove", "earlier", "later", "biases", "tanh", "relu"]))
    def rebuild(self, share, what):
        changes = {
            "add": lambda e: add_layer(e, self.layer(e, share)) if len(e.network.nodes) < 6 else e,
            "remove": lambda e: remove_layer(e, self.layer(e, share)),
            "earlier": lambda e: move_layer(e, self.layer(e, share), -1),
            "later": lambda e: move_layer(e, self.layer(e, share), 1),
            "biases": lambda e: set_biases(e, self.layer(e, share), share < 0.5),
            "tanh": lambda e: set_activation(e, self.layer(e, share), "tanh"),
            "relu": lambda e: set_activation(e, self.layer(e, share), "relu"),
        }
        self.build(what, changes[what])

    @rule(one=PLACES, other=PLACES, whole=st.booleans(), cutting=st.booleans())
    def connect_or_cut(self, one, other, whole, cutting):
        def change(experiment: Experiment) -> Experiment:
            if len(experiment.network.nodes) > 8:
                return experiment
            source, target = (Neuron(self.layer(experiment, share), 0) for share in (one, other))
            return (cut if cutting else connect)(experiment, source, target, whole)

        self.build("connect", change)

    @rule(loss=st.sampled_from(["half_squared_error", "squared_error", "absolute_error", "cross_entropy"]))
    def change_the_loss(self, loss):
        self.build("loss", lambda e: set_loss(e, loss))

    @rule(rows=st.integers(1, 3))
    def change_the_data(self, rows):
        self.build("rows", lambda e: set_rows(e, rows))

    @rule(
        style=st.sampled_from(["numbered", "layered", "theta"]), first=st.integers(0, 1), delta=st.booleans()
    )
    def rename_everything(self, style, first, delta):
        notation = msgspec.structs.replace(
            self.session.experiment.notation, style=style, first_index=first, delta=delta
        )
        self.attempt(self.editor.set_notation, notation)

    @rule(half=st.booleans(), mean=st.booleans(), biases=st.sampled_from(["updated", "frozen"]))
    def change_conventions(self, half, mean, biases):
        experiment, graph = self.session.experiment, self.session.model.graph
        reduction = "mean" if mean else "sum"
        now = conventions_of(experiment, graph)
        wanted = replace(now, half=half, reduction=reduction, biases=biases)
        self.attempt(self.editor.replace, with_conventions(experiment, graph, wanted), "conventions")

    @rule(times=st.integers(1, 5))
    def undo(self, times):
        for _ in range(times):
            self.editor.undo()
        self.done()

    @rule(times=st.integers(1, 5))
    def redo(self, times):
        for _ in range(times):
            self.editor.redo()
        self.done()

    @rule()
    def restart(self):
        self.editor.restart()
        self.done()

    # --- how ---------------------------------------------------------------------------------------

    def attempt(self, action, *words):
        """An edit that makes no sense here is refused, and that is all."""
        session = self.session
        before = session.experiment, session.timeline
        try:
            action(*words)
        except BackpropError:
            assert before == (session.experiment, session.timeline) or session.iteration >= 0
        self.done()

    def build(self, name, change):
        session = self.session
        parameters = session.timeline.state(session.iteration).parameters
        try:
            made = rebuilt(
                session.experiment, session.model, parameters, session.iteration, change, session.source
            )
        except BackpropError:
            return
        self.attempt(self.editor.replace, made, name)

    def layer(self, experiment: Experiment, share: float) -> str:
        return chosen([node.name for node in experiment.network.nodes if isinstance(node, Dense)], share)


def told(session: Session) -> dict[str, str]:
    """What every panel says of the moment."""
    scene = session.scene()
    subject = session.subject()
    leaf = leaf_of(scene, subject) or first_leaf(scene)
    nudging = Nudging(scene.graph, scene.frame.record, leaf, scene.frame.shown_sample)
    return {
        "explain": repr(explain_page(scene)),
        "canvas": repr(canvas(scene)),
        "timeline": repr(timeline_picture(scene, session.iteration)),
        "status": repr(status_picture(scene, "none")),
        "gradients": rows(gradient_table(scene)),
        "parameters": rows(parameter_table(scene)),
        "paths": repr(ledger_picture(scene, subject)),
        "nudge": repr(nudge_picture(scene, nudging, 0.01)),
        "graph": repr(computation_picture(scene, ComputationMemory())),
        "network": repr(network_picture(session.experiment, session.model, session.naming)),
    }


def rows(table) -> str:
    return repr([(row.texts, row.full) for row in table.rows])


def test_any_deeds_leave_every_panel_as_a_fresh_one(qapp):
    """Short rows, which a failure is boiled down to."""
    machine = settings(max_examples=10, stateful_step_count=50, deadline=None)
    run_state_machine_as_test(Vandal, settings=machine)


DRAWN = {
    "size": lambda r: r.choice(STEP_SIZES[:5]),
    "back": lambda r: r.random() < 0.4,
    "times": lambda r: r.randint(1, 3),
    "share": lambda r: r.random(),
    "number": lambda r: r.choice(["0.5", "-1,25", "1/3", "0", "−2e-3", "7"]),
    "updated": lambda r: r.random() < 0.3,
    "name": lambda r: r.choice(["x[1,1]", "targets[1,1]", "learning_rate"]),
    "kind": lambda r: r.choice(["gradient_descent", "momentum", "adam"]),
    "units": lambda r: r.randint(1, WIDEST),
    "what": lambda r: r.choice(["add", "remove", "earlier", "later", "biases", "tanh", "relu"]),
    "deed": lambda r: r.choice(["go to", "go to", "forget", "rename", "keep"]),
    "seed": lambda r: r.randint(0, 9),
    "one": lambda r: r.random(),
    "other": lambda r: r.random(),
    "whole": lambda r: r.random() < 0.5,
    "cutting": lambda r: r.random() < 0.5,
    "loss": lambda r: r.choice(["half_squared_error", "squared_error", "absolute_error", "huber"]),
    "rows": lambda r: r.randint(1, 3),
    "style": lambda r: r.choice(["numbered", "layered", "theta"]),
    "first": lambda r: r.randint(0, 1),
    "delta": lambda r: r.random() < 0.5,
    "half": lambda r: r.random() < 0.5,
    "mean": lambda r: r.random() < 0.5,
    "biases": lambda r: r.choice(["updated", "frozen"]),
}


def test_two_thousand_deeds_in_one_row_leave_every_panel_as_a_fresh_one(qapp):
    """More than hypothesis would draw at once; the same ones each time."""
    chance = random.Random(2000)
    machine = Vandal()
    machine.start(name="averaging-over-examples")
    names = [
        *["step", "look_closer", "edit_a_parameter", "edit_anything_else", "change_the_optimizer", "resize"],
        *["rebuild", "connect_or_cut", "change_the_loss", "change_the_data", "rename_everything"],
        *["change_conventions", "undo", "redo", "restart", "change_the_seed", "turn_to_a_branch"],
    ]
    weights = [8, 3, 6, 4, 1, 1, 1, 1, 1, 1, 1, 1, 3, 2, 0.3, 0.5, 3]
    for _ in range(DEEDS):
        deed = getattr(machine, chance.choices(names, weights)[0])
        words = list(inspect.signature(deed).parameters)
        deed(**{word: DRAWN[word](chance) for word in words})
    assert machine.deeds > DEEDS / 2  # what is refused is no deed
    machine.teardown()
