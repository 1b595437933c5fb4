"""The nudge bench of a window: move one number a little, see what follows, keep it or not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.engine.graph import Graph
from backprop_gui.errors import BackpropError
from backprop_gui.experiment.edits import parse_number
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the tab is looked at, not for the first picture
    from backprop_gui.present.nudge import NudgePicture
    from backprop_gui.steps.nudging import Nudging, SweepPoint
    from backprop_gui.views.nudge_panel import NudgePanel
    from backprop_gui.views.sliced import SlicedWork

REST_MILLISECONDS = 60  # after which the error curve is measured
FIRST_STEP = 0.01  # "some tiny nudge to w, like a change by 0.01"


class NudgeBench(Panel):
    """Lives as long as its window. The session knows nothing of a nudge until it is kept."""

    place: ClassVar = "side"
    name: ClassVar = "nudgePanel"
    title: ClassVar = "Nudge"
    tip: ClassVar = "Move one number a little and see what follows (N)"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._step = FIRST_STEP
        self._graph: Graph | None = None
        self._leaf: Quantity | None = None
        self._followed: Quantity | None = None  # what the session looked at when it was last asked
        self._nudging: Nudging | None = None
        self._picture: NudgePicture | None = None
        self._points: list[SweepPoint] = []
        self._work: SlicedWork | None = None
        self._soon = QTimer(self)  # not on the step path: a held key goes on without any curve
        self._soon.setSingleShot(True)
        self._soon.setInterval(REST_MILLISECONDS)
        self._soon.timeout.connect(self._measure)
        window.commands["nudge"].triggered.connect(self._open_here)

    def make(self) -> QWidget:
        """The panel, connected."""
        from backprop_gui.views.asking import Asking
        from backprop_gui.views.nudge_panel import NudgePanel
        from backprop_gui.views.sliced import SlicedWork

        panel = NudgePanel()
        self._work = SlicedWork(self)
        panel.row_pointed.connect(self._light)
        panel.step_requested.connect(self._move)
        panel.size_requested.connect(self._resize)
        panel.reset_requested.connect(self._reset)
        asking = Asking(panel.lines, panel.lines.quantity_at, panel.lines.selected_point, clicks=True)
        asking.asked.connect(self.window.number_asked)
        panel.controls.leaf_requested.connect(self._pick)
        panel.controls.typed.connect(self._type)
        panel.controls.keep_requested.connect(self._keep)
        return panel

    @property
    def panel(self) -> NudgePanel:
        """The panel itself."""
        return cast("NudgePanel", self.widget)

    # --- showing ------------------------------------------------------------------------------------

    def show_moment(self) -> None:
        """The bench with the numbers of this moment; the nudge stays as large as it is."""
        training = self.session.running.is_training
        self.panel.show_training(training)
        if training:
            return  # no number stands still; the end of it is a move
        self._follow()
        self._show_nudge()

    def _follow(self) -> None:
        """Nudge what the session looks at, once it looks at something else."""
        from backprop_gui.present.nudge import first_leaf, leaf_of

        scene = self.session.scene()
        if scene.graph is not self._graph:
            self._leaf = self._same_leaf()
            self._graph = scene.graph
        found = leaf_of(scene, self.session.subject())
        if found != self._followed and found is not None:
            self._leaf = found
        self._followed = found
        leaf = self._leaf or first_leaf(scene)
        self._leaf = leaf if leaf.sample is None else replace(leaf, sample=scene.frame.shown_sample)

    def _same_leaf(self) -> Quantity | None:
        """The number of the same name in a network that was made anew; None where there is none."""
        if self._graph is None or self._leaf is None:
            return None
        graph, before = self.session.model.graph, self._graph.nodes[self._leaf.node]
        index = graph.by_name.get(before.name, -1)
        if index < 0 or graph.nodes[index].shape != before.shape or graph.nodes[index].kind != before.kind:
            return None
        if before.kind == "parameter":
            place = graph.parameters.place(graph.nodes[index].parameter, self._leaf.element)
            if place not in graph.parameters.ranks:
                return None  # a missing connection
        return replace(self._leaf, node=index)

    def _show_nudge(self) -> None:
        from backprop_gui.present.nudge import nudge_picture
        from backprop_gui.steps.nudging import Nudging

        scene, leaf = self.session.scene(), self._leaf
        assert leaf is not None
        record, sample = scene.frame.record, scene.frame.shown_sample
        old = self._nudging
        if old is None or (old.record, old.leaf, old.sample) != (record, leaf, sample):
            self._nudging = Nudging(scene.graph, record, leaf, sample)
            assert self._work is not None
            self._work.stop()
            self._points = []
            self.panel.show_sweep(None)
            self._soon.start()
        assert self._nudging is not None
        self._picture = nudge_picture(scene, self._nudging, self._step)
        self.panel.show_nudge(self._picture)
        if self.panel.lines.pointed() >= 0:  # a move has put the light out
            self._light(self.panel.lines.pointed())
        self._show_sweep()

    def _measure(self) -> None:
        if self._nudging is not None and self._work is not None:
            self._work.start(self._measured(self._nudging), self._show_sweep)

    def _measured(self, nudging: Nudging) -> Iterator[SweepPoint]:
        """The points of the curve, collected."""
        points = self._points
        for point in nudging.sweep():
            points.append(point)
            yield point

    def _show_sweep(self) -> None:
        """The error curve once it is whole, with the nudge marked on it."""
        from backprop_gui.present.nudge_sweep import sweep_picture
        from backprop_gui.steps.nudging import SIZES

        if len(self._points) == len(SIZES) and self._nudging is not None and self._made is not None:
            scene, cost = self.session.scene(), self._nudging.by(self._step).cost
            self.panel.show_sweep(sweep_picture(scene, self._nudging, self._points, self._step, cost))

    def _light(self, place: int) -> None:
        """Light the number of the line that is pointed at."""
        lines = self._picture.lines if self._picture is not None else ()
        self.session.light([lines[place].quantity] if 0 <= place < len(lines) else ())

    # --- what is asked for --------------------------------------------------------------------------

    def _open_here(self) -> None:
        """Nudge what is looked at now; the keyboard goes to the slider."""
        self._followed = None
        self.open()
        self.panel.setFocus()

    def _stand_still(self) -> None:
        """End training: what is nudged belongs to one moment."""
        if self.session.running.is_training:
            self.session.running.halt()
            self._follow()

    def _pick(self, leaf: object) -> None:
        assert isinstance(leaf, Quantity)
        self._stand_still()
        self._leaf = leaf
        self._show_nudge()

    def _move(self, step: float) -> None:
        if math.isfinite(step):
            self._stand_still()
            self._step = step
            self._show_nudge()

    def _resize(self, size: float) -> None:
        self._move(math.copysign(size, self._step) if self._step else size)

    def _reset(self) -> None:
        self._move(0.0)

    def _type(self, text: str) -> None:
        """A nudge as it was typed, or a sentence on what would be right."""
        try:
            step = parse_number(text)
        except BackpropError as error:
            self.window.show_message(str(error), "error")
            self.panel.controls.restore()
            return
        self.window.clear_message()
        self._move(step)

    def _keep(self) -> None:
        """Set the number for good, as one edit that can be taken back."""
        from backprop_gui.present.nudge import own_name
        from backprop_gui.steps.nudging import moved

        if self.session.running.is_training:
            return  # it would set a number that nobody sees any more
        nudging, scene = self._nudging, self.session.scene()
        if nudging is None or not self._step:
            return
        editor = self.window.controller.editor  # type: ignore[attr-defined]
        name, value = own_name(scene, nudging.leaf), moved(nudging.before, self._step)
        shown = f"{editor.shown_name(name)} to {scene.format.text(value)}"
        try:
            kept = editor.edit_many({name: value}, f"set {shown}")
        except BackpropError as error:
            self.window.show_message(str(error), "error")
            return
        if kept:
            self.window.show_message(f"Set {shown}; Ctrl+Z takes it back")
