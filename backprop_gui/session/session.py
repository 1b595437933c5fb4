"""The one stateful object: which experiment, which moment of it, and what is going on.

Methods change it; signals tell what has happened, in the past tense. Nothing here knows a widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from backprop_gui.engine.expressions import Slope
from backprop_gui.experiment.build import Model, saved_state
from backprop_gui.experiment.data_loading import bring_along
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.reading import encode, write_whole
from backprop_gui.present.focus import focused_quantity, is_card
from backprop_gui.present.naming import Naming, neuron_identity
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.scene import Scene
from backprop_gui.session.branches import Branches
from backprop_gui.session.checking import IDLE_LIMIT, GradientCheck, stuck
from backprop_gui.session.history import History
from backprop_gui.session.running import Running
from backprop_gui.session.travelling import Travelling
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.groups import next_end, previous_end
from backprop_gui.steps.plan import Plan, StepSize
from backprop_gui.steps.quantities import Numbers, Quantity
from backprop_gui.steps.running import first_not_finite, is_given_too_large
from backprop_gui.steps.timeline import Timeline

IDLE_MILLISECONDS = 250


class Session(QObject):
    """An experiment that is looked at, stepped through, edited and trained."""

    opened = Signal()  # another experiment
    changed = Signal()  # the experiment was edited, undone, redone or saved
    moved = Signal()  # another moment, or another way to look at it
    trained = Signal()  # iterations were added
    lit_changed = Signal()  # other numbers are lit on the canvas
    told = Signal(str, str)  # something to be read: text, and "info", "warning" or "error"

    def __init__(self, experiment: Experiment, path: Path | None = None, name: str = "") -> None:
        super().__init__()
        self.step_size: StepSize = "operation"
        self.format = NumberFormat()
        self.ask_first = False
        self.unfolded = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MILLISECONDS)
        self._idle.timeout.connect(self._check_when_idle)
        self.running = Running(self)
        self.travelling = Travelling(self)
        self.history = History()
        self.source = str(path or name)  # a CSV of its data is looked for beside it
        self._take_experiment(experiment, Timeline.of(experiment, self.source), path, name)
        self.branches = Branches(self)

    # --- the experiment -------------------------------------------------------------------------

    def open(self, experiment: Experiment, path: Path | None, name: str, source: str = "") -> None:
        """Show another experiment; `source` is where it comes from when that is neither file nor preset.

        Raises InvalidExperiment and leaves everything as it was.
        """
        source = source or str(path or name)
        timeline = Timeline.of(experiment, source)
        self.running.halt()
        self.source = source
        self._take_experiment(experiment, timeline, path, name)
        self.opened.emit()
        self.announce_move()

    def open_unsaved(self, experiment: Experiment, source: str = "") -> None:
        """Show an experiment that no file of the user's holds, with its edits. Raises InvalidExperiment."""
        self.open(experiment, None, "", source)
        self.saved = msgspec.structs.replace(experiment, edits=[], state=None)
        self.changed.emit()

    def _take_experiment(
        self, experiment: Experiment, timeline: Timeline, path: Path | None, name: str
    ) -> None:
        self.experiment = msgspec.structs.replace(experiment, state=None)
        self.saved = self.experiment
        self.timeline = timeline
        self.path = path
        self.name = name  # of the preset, empty for a file
        self.iteration, self.position = timeline.newest, 0
        self.history.clear()
        self.new_revision()

    def new_revision(self) -> None:
        """Forget what was derived from the experiment as it was."""
        self.naming = Naming(self.model.graph, self.experiment.notation)
        self.focus = ""
        self.asked: Quantity | None = None
        self.lit: frozenset[Quantity] = frozenset()  # instead of the step's own numbers
        self.rule: Slope | None = None
        self.asking = False
        self._plans: dict[tuple[int, int], Plan] = {}
        self.check: GradientCheck | None = None
        self.was_checked = False
        self._scene: Scene | None = None

    @property
    def modified(self) -> bool:
        """Whether there are edits that no file holds."""
        return self.experiment != self.saved

    def document(self) -> Experiment:
        """What is saved: the experiment with its edits and, past iteration 0, the state."""
        if self.iteration == 0:
            return self.experiment
        state = saved_state(self.model, self.timeline.state(self.iteration))
        return msgspec.structs.replace(self.experiment, state=state)

    def save(self, path: Path) -> None:
        """Write the document. Raises FileTrouble and leaves the old file."""
        bring_along(self.experiment.data, self.source, path)
        write_whole(path, encode(self.document()))
        self.saved = self.experiment
        self.path, self.name, self.source = path, "", str(path)
        self.changed.emit()

    # --- this moment ------------------------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The model that computes the iteration on screen."""
        return self.timeline.segment_of(self.iteration).model

    @property
    def plan(self) -> Plan:
        """The order of the steps of the iteration on screen."""
        model = self.model
        key = (id(model), model.batches.size_of(self.iteration))
        if key not in self._plans:
            self._plans[key] = Plan(model.graph, key[1], model.optimizer.quantities, model.frozen)
        return self._plans[key]

    def scene(self) -> Scene:
        """Everything that is to be shown now."""
        if self._scene is None:
            record, model = self.timeline.record(self.iteration), self.model
            numbers = Numbers(model.graph, record, dict(model.settings))
            check = self.check if self.check and self.is_current(self.check) else None
            self._scene = Scene(
                self.experiment,
                model,
                Frame(self.plan, record, numbers, self.position, self.step_size),
                self.naming,
                self.format,
                self.focus,
                self.asked,
                self.unfolded,
                self.asking,
                self.rule,
                check.numeric if check else {},
                check.kinks if check else frozenset(),
                self.lit,
            )
        return self._scene

    def refresh(self) -> None:
        """Something about the way of looking changed: digits, unfolding."""
        self._scene = None
        self.moved.emit()

    def announce_move(self) -> None:
        self._scene = None
        self.lit = frozenset()
        self._idle.start()
        self.moved.emit()

    # --- moving -----------------------------------------------------------------------------------

    def next(self, size: StepSize | None = None) -> bool:
        """Uncover the next step; False when there is none because numbers are not finite."""
        if self.running.is_training:
            return False
        if self.ask_first and not self.asking and size is None:
            return self._ask_next()
        size = size or self.step_size
        end = next_end(self.plan, self.position, size)
        if size == "epoch":
            return self._next_epoch()
        if end is None:
            if not self.reach(self.iteration + 1):
                return False
            self.iteration += 1
            self.position = 0
            end = next_end(self.plan, 0, size)
        self.arrive(self.iteration, end or 0)
        return True

    def _ask_next(self) -> bool:
        """Show the question of the next step, which may be the first of the next iteration."""
        if self.position == self.plan.total:
            if not self.reach(self.iteration + 1):
                return False
            self.iteration, self.position = self.iteration + 1, 0
        self.forget_question()
        self.asking = True
        self.announce_move()
        return True

    def _next_epoch(self) -> bool:
        """To the end of the last iteration of this epoch, or of the next one."""
        batches = self.model.batches
        last = (batches.epoch_of(self.iteration) + 1) * batches.per_epoch - 1
        if self.iteration == last and self.position >= self.plan.total:
            last += batches.per_epoch
        if not self.reach(last):
            return False
        self.iteration = last
        self.arrive(last, self.plan.total)
        return True

    def previous(self, size: StepSize | None = None) -> None:
        """Cover the newest step again."""
        if self.running.is_training:
            return
        if self.asking and size is None:
            self.asking = False
            self.announce_move()
            return
        size = size or self.step_size
        if size == "epoch":
            self._previous_epoch()
            return
        end = previous_end(self.plan, self.position, size)
        if end is None and self.iteration > 0:
            self.iteration -= 1
            end = self.plan.total
        self.arrive(self.iteration, end or 0)

    def _previous_epoch(self) -> None:
        """To the end of the epoch before, or the very beginning."""
        batches = self.model.batches
        before = batches.epoch_of(self.iteration) * batches.per_epoch - 1
        if before < 0:
            self.arrive(0, 0)
            return
        self.iteration = before
        self.arrive(before, self.plan.total)

    def reach(self, iteration: int) -> bool:
        """Make sure that `iteration` updates are done; tells of the first non-finite number."""
        before = self.timeline.newest
        while self.timeline.newest < iteration and self.timeline.advance():
            pass
        if self.timeline.newest > before:
            self.trained.emit()
        if self.timeline.newest < iteration:
            self.stop_at_fault()
            return False
        return True

    def forget_question(self) -> None:
        """Nothing is asked about any more."""
        self.asking, self.focus, self.asked, self.rule = False, "", None, None

    def show_newest(self, announce: bool = True) -> None:
        """Iterations were added: show the newest, as it begins. The caller may announce the move itself."""
        self.iteration, self.position, self._scene = self.timeline.newest, 0, None
        self.trained.emit()
        if announce:
            self.moved.emit()

    def arrive(self, iteration: int, position: int) -> None:
        self.iteration, self.position = iteration, position
        self.forget_question()
        self.announce_move()

    def seek(self, iteration: int, position: int = 0) -> None:
        """Go to a moment of the iterations that are done; beyond them to the nearest."""
        if self.running.is_training:
            self.running.stop_training()
        self.iteration = min(max(iteration, 0), self.timeline.newest)
        self.arrive(self.iteration, min(max(position, 0), self.plan.total))

    def seek_quantity(self, quantity: Quantity) -> None:
        """Go to the step that made a quantity; what is given is shown as the focus."""
        step = self.plan.step_of(quantity)
        if step:
            self.seek(self.iteration, step)
            return
        self.ask(quantity)

    def set_step_size(self, size: StepSize) -> None:
        """How much one step uncovers."""
        if size != self.step_size:
            self.step_size, self.asking = size, False
            self.announce_move()

    def set_focus(self, focus: str) -> None:
        """Ask about a parameter or a neuron by its own name; empty shows all again."""
        self.forget_question()
        self.focus = focus if self.is_there(focus) else ""
        self.announce_move()

    def is_there(self, name: str) -> bool:
        """Whether a parameter or a neuron has this own name."""
        graph = self.model.graph
        return graph.parameters.place_of(name) is not None or is_card(graph, name)

    def ask(self, quantity: Quantity) -> None:
        """Ask about one number where it is shown, without going to its step."""
        node = self.model.graph.nodes[quantity.node]
        self.forget_question()
        if node.kind == "parameter":
            self.focus = self.model.graph.parameters.name_at(self.plan.place(quantity))
        else:
            self.focus = "loss" if node.kind == "target" else neuron_identity(node.group, quantity.element)
        self.asked = quantity
        self.announce_move()

    def subject(self) -> Quantity | None:
        """The number that is looked at: asked about, in focus, or the newest step's own."""
        frame = self.scene().frame
        if self.focus:
            return self.asked or focused_quantity(frame, self.focus)
        return frame.plan.quantity(frame.position) if frame.position else None

    def light(self, quantities: Iterable[Quantity]) -> None:
        """Light these numbers on the canvas until the next move; without any, the step's own again."""
        lit = frozenset(quantities)
        if lit != self.lit:
            self.lit, self._scene = lit, None
            self.lit_changed.emit()

    def open_rule(self, rule: Slope) -> None:
        """Show, or hide, the rule behind a slope."""
        self.rule = None if rule == self.rule else rule
        self.refresh()

    def stop_at_fault(self) -> None:
        """Show the first number of the newest iteration that is not finite, and say why."""
        self.running.pause()
        self.iteration = self.timeline.newest
        plan = self.plan
        fault = first_not_finite(self.timeline, self.timeline.record(self.iteration))
        step = plan.step_of(fault[0]) if fault else None
        step = plan.total if step is None else step
        self.arrive(self.iteration, step)
        name = self.naming.plain(plan.quantity(step))
        remedy = "The weights or the data are too large: undo, or type in smaller ones"
        if not (fault and is_given_too_large(self.timeline, self.iteration, fault[0])):
            rate = self.naming.notation.rate
            remedy = f"The numbers grew too large; go back and try a smaller learning rate {rate}"
        where = f"Stopped in iteration {self.iteration:,} at step {step}"
        self.told.emit(f"{where}: {name} is no longer a finite number. {remedy}.", "warning")

    def warn_when_stuck(self) -> None:
        """Say so when large parameters have let the gradients vanish, and what would help."""
        found = stuck(self.model, self.timeline.record(self.iteration))
        if found is not None:
            largest, steepest = (self.format.text(value) for value in found)
            self.told.emit(
                f"Learning has come to a halt: parameters of up to {largest} saturate the neurons, and the "
                f"largest gradient is {steepest}. Smaller parameters would bring it back.",
                "warning",
            )

    # --- checking -----------------------------------------------------------------------------------

    def check_gradients(self) -> None:
        """Measure every gradient of this iteration by finite differences."""
        check = self.begin_check()
        for _ in check:
            pass
        self.take_check(check)

    def begin_check(self) -> GradientCheck:
        """A check of this iteration's gradients that is still to be walked, in slices where it is long."""
        return GradientCheck(self.model, self.timeline.record(self.iteration))

    def take_check(self, check: GradientCheck) -> None:
        """A check is complete: its numbers stand beside the gradients from now on."""
        self.check = check
        self.was_checked = True
        self.refresh()

    def is_current(self, check: GradientCheck) -> bool:
        """Whether a check is about the gradients on screen."""
        return check.iteration == self.iteration and check.model is self.model

    def _check_when_idle(self) -> None:
        few = len(self.model.graph.parameters.scalars) <= IDLE_LIMIT
        checked = self.check is not None and self.is_current(self.check)
        if few and not self.running.is_busy and not checked:
            self.check_gradients()
