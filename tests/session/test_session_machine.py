"""A session under any sequence of commands: always showable, and always what a fresh replay gives."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backprop_gui.engine.expressions import Slope
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.reading import decode, encode
from backprop_gui.present.explain import explain_page
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.session.editor import Editor
from backprop_gui.session.session import Session
from backprop_gui.steps.plan import STEP_SIZES
from backprop_gui.steps.timeline import Timeline
from backprop_gui.steps.training import train
from tests.networks import layers, preset
from tests.present.scenes import canvas

EXPERIMENTS = {
    "worked": lambda: preset("worked-example"),
    "chain": lambda: preset("two-layer-chain"),
    "batch": lambda: layers([2, 2, 1], rows=5, batch_size=2, shuffle=True, frozen=["w1"]),
}
SIZES = st.sampled_from([None, *STEP_SIZES])
NUMBERS = st.sampled_from(["0.5", "-1,25", "1/3", "0", "2e-3", "7"])
NONSENSE = st.sampled_from(["", "x", "nan", "inf", "1/0", "1e999"])


class SessionMachine(RuleBasedStateMachine):
    """Everything a window can ask for, in any order."""

    session: Session

    @initialize(name=st.sampled_from(sorted(EXPERIMENTS)))
    def start(self, name):
        self.session = Session(EXPERIMENTS[name]())
        self.editor = Editor(self.session)

    def teardown(self):
        if hasattr(self, "session"):
            self.session._idle.stop()
            self.session.running.halt()

    # --- moving ------------------------------------------------------------------------------------

    @rule(size=SIZES, times=st.integers(1, 4))
    def step(self, size, times):
        """→, and its larger sisters."""
        for _ in range(times):
            before = self.session.iteration, self.session.position
            assert self.session.next(size)
            assert self.session.asking or (self.session.iteration, self.session.position) > before

    @rule(size=SIZES, times=st.integers(1, 4))
    def step_back(self, size, times):
        """← never goes further than the beginning."""
        for _ in range(times):
            before = self.session.iteration, self.session.position
            self.session.previous(size)
            now = self.session.iteration, self.session.position
            assert now < before or before == (0, 0) or now == before

    @rule(iteration=st.integers(-2, 60), position=st.integers(-2, 80))
    def seek(self, iteration, position):
        """Anywhere, also to where nothing is."""
        self.session.seek(iteration, position)

    @rule(size=st.sampled_from(STEP_SIZES))
    def set_step_size(self, size):
        self.session.set_step_size(size)

    # --- looking -----------------------------------------------------------------------------------

    @rule(share=st.floats(0, 1))
    def focus_on_a_parameter(self, share):
        names = self.session.model.graph.parameters.names
        self.session.set_focus(names[round(share * (len(names) - 1))])

    @rule(name=st.sampled_from(["h1[1]", "h[1]", "x[1]", "loss", "out[1]", "nothing", "h1", ""]))
    def focus_on_a_card(self, name):
        self.session.set_focus(name)

    @rule(share=st.floats(0, 1))
    def ask_about_a_number(self, share):
        plan = self.session.plan
        self.session.ask(plan.quantity(1 + round(share * (plan.total - 1))))

    @rule(share=st.floats(0, 1))
    def follow_a_link(self, share):
        plan = self.session.plan
        self.session.seek_quantity(plan.quantity(1 + round(share * (plan.total - 1))))

    @rule()
    def toggle_unfolding_asking_and_checks(self):
        self.session.unfolded = not self.session.unfolded
        self.session.ask_first = not self.session.ask_first
        self.session.asking = False
        self.session.refresh()

    @rule()
    def open_a_rule(self):
        scene = self.session.scene()
        if scene.frame.position:
            expression = scene.expression(scene.frame.plan.quantity(scene.frame.position))
            slopes = [f for f in getattr(expression, "factors", ()) if isinstance(f, Slope)]
            for slope in slopes:
                self.session.open_rule(slope)

    # --- changing ----------------------------------------------------------------------------------

    @rule(share=st.floats(0, 1), number=NUMBERS, updated=st.booleans())
    def edit_a_parameter(self, share, number, updated):
        names = self.session.model.graph.parameters.names
        self.editor.edit(names[round(share * (len(names) - 1))] + "′" * updated, number)

    @rule(rate=st.sampled_from(["0.1", "0,5", "1/8"]))
    def edit_the_rate(self, rate):
        self.editor.edit("learning_rate", rate)

    @rule(name=st.sampled_from(["x[1,1]", "targets[1,1]"]), number=NUMBERS)
    def edit_the_data(self, name, number):
        self.editor.edit(name, number)

    @rule(name=st.sampled_from(["w1", "learning_rate", "x[1,1]", "x[9,9]", "zz", "w99′"]), text=NONSENSE)
    def nonsense_changes_nothing(self, name, text):
        session = self.session
        before = session.experiment, session.timeline, session.iteration, session.position
        try:
            self.editor.edit(name, text)
            raise AssertionError("nonsense was taken")
        except InvalidEdit:
            pass
        assert before == (session.experiment, session.timeline, session.iteration, session.position)

    @rule()
    def undo(self):
        self.editor.undo()

    @rule()
    def redo(self):
        self.editor.redo()

    @rule()
    def undo_what_was_just_done_and_do_it_again(self):
        """Back and forth is as if nothing had happened."""
        session = self.session
        if session.history.undo_name:
            before, name = session.experiment, session.history.undo_name
            self.editor.undo()
            assert session.history.redo_name == name
            self.editor.redo()
            assert session.experiment == before

    @rule()
    def restart(self):
        self.editor.restart()
        assert (self.session.iteration, self.session.position, self.session.timeline.newest) == (0, 0, 0)

    @rule(count=st.integers(1, 20))
    def train(self, count):
        """As the thread does it, but here and now."""
        timeline, until = self.session.timeline, self.session.timeline.newest + count
        while timeline.newest < until:
            segment, room = timeline.segment_of(timeline.newest), timeline.room()
            end = until if room is None else min(until, room)
            state = timeline.state(timeline.newest)
            for chunk in train(segment.stepper, state, end, segment.stride, 10.0, lambda: False):
                assert not chunk.diverged
                timeline.take(chunk)
        self.session.show_newest()

    @rule()
    def save_and_open(self):
        """What is written reads back to the same document, and opens where it was."""
        session = self.session
        document = decode(encode(session.document()))
        assert msgspec.structs.replace(document, state=None) == session.experiment
        iteration, parameters = session.iteration, session.timeline.state(session.iteration).parameters
        later = [edit for edit in session.experiment.edits if edit.iteration > iteration]
        opened = Session(document)
        opened._idle.stop()
        assert opened.iteration == iteration
        assert np.array_equal(opened.timeline.state(iteration).parameters, parameters)
        assert later == [edit for edit in opened.experiment.edits if edit.iteration > iteration]

    @rule()
    def check_gradients(self):
        self.session.check_gradients()

    # --- what always holds -------------------------------------------------------------------------

    @invariant()
    def a_moment_is_in_range(self):
        if hasattr(self, "session"):
            session = self.session
            assert 0 <= session.iteration <= session.timeline.newest
            assert 0 <= session.position <= session.plan.total
            edits = [edit.iteration for edit in session.experiment.edits]
            assert edits == sorted(set(edits))

    @invariant()
    def everything_can_be_shown(self):
        if hasattr(self, "session"):
            scene = self.session.scene()
            assert scene.frame.iteration == self.session.iteration
            assert explain_page(scene).text
            canvas(scene)
            timeline_picture(scene, self.session.timeline.newest)
            status_picture(scene, "none")
            for table in (gradient_table(scene), parameter_table(scene)):
                assert all(len(row.texts) == len(table.columns) for row in table.rows)

    @invariant()
    def the_state_is_that_of_a_fresh_replay(self):
        if hasattr(self, "session"):
            session = self.session
            fresh = Timeline.of(session.experiment)
            while fresh.newest < session.iteration:
                assert fresh.advance()
            here, there = session.timeline.record(session.iteration), fresh.record(session.iteration)
            assert np.array_equal(here.before.parameters, there.before.parameters)
            assert np.array_equal(here.after.parameters, there.after.parameters)
            assert np.array_equal(here.rows, there.rows)
            model = session.model
            assert model.settings == fresh.segment_of(session.iteration).model.settings


def test_any_sequence_of_commands_leaves_a_session_in_order(qapp):
    """Steps, edits, undo, training, focus, saving: in any order."""
    run_state_machine_as_test(
        SessionMachine, settings=settings(max_examples=50, stateful_step_count=30, deadline=None)
    )
