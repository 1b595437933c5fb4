"""The loss slice of a window: measured in pieces when it is looked at, followed by the learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, TypeAlias, cast

import numpy as np
from msgspec import Struct
from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QLineEdit, QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.engine.operation import Array
from backprop_gui.engine.stepper import Record
from backprop_gui.errors import InvalidEdit
from backprop_gui.experiment.build import Model
from backprop_gui.experiment.edits import check_edit, parse_number
from backprop_gui.experiment.reading import write_whole
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the tab is looked at, not for the first picture
    from backprop_gui.present.loss_slice import ParameterNames, Update
    from backprop_gui.steps.loss_slice import Plane, Slice, Window
    from backprop_gui.views.slice_plot import SlicePlot
    from backprop_gui.views.sliced import SlicedWork

Lines: TypeAlias = tuple[tuple[float, Array], ...]

RATE = "learning_rate"
CLOSE_HALF = 1.6  # half of a close-up, in lengths of the update
PICTURE_SIZE = QSize(1200, 675)
TRAINING_SECONDS = 0.2  # between two pictures while training runs


class Measured(Struct, frozen=True, eq=False):
    """What was measured for a moment, and what it was measured for."""

    record: Record
    model: Model
    places: tuple[int, ...]
    windows: tuple[Window, ...]
    rate: float | None
    update: Update
    landing_loss: float
    curve: Slice | None
    close: Slice | None
    plane: Plane | None
    path: tuple[list[int], Array]  # where training has been: iterations and points

    def is_of(self, model: Model, record: Record, places: tuple[int, ...]) -> bool:
        """Whether it is about these parameters in this iteration."""
        return self.model is model and self.record is record and self.places == places


class SlicePanel(Panel):
    """Lives as long as its window."""

    place: ClassVar = "plots"
    name: ClassVar = "slicePlot"
    title: ClassVar = "Slice"
    tip: ClassVar = "The loss as one parameter alone varies, or two"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._work: SlicedWork | None = None
        self._followed = -1  # the place of the parameter that was looked at last
        self._places: tuple[int, ...] = ()
        self._windows: tuple[Window, ...] = ()
        self._rate: float | None = None  # typed, but not in force
        self._zoomed = False
        self._measured: Measured | None = None
        self._pending: Measured | None = None
        self._lines: tuple[Plane, Lines] | None = None
        self._names: ParameterNames | None = None
        self._shown_at = 0.0
        session.opened.connect(self._forget)
        session.running.training_changed.connect(self._after_training)
        window.closing.connect(self._stop)
        field = window.findChild(QLineEdit, "learningRate")
        assert field is not None
        self._field = field
        field.textChanged.connect(self._try_rate)

    def make(self) -> QWidget:
        """The plot, connected."""
        from backprop_gui.views.asking import Asking
        from backprop_gui.views.slice_plot import SlicePlot
        from backprop_gui.views.sliced import SlicedWork

        plot = SlicePlot()
        self._work = SlicedWork(self)
        plot.parameter_requested.connect(self._choose)
        plot.against_requested.connect(self._choose_against)
        plot.zoom_requested.connect(self._zoom)
        plot.export_requested.connect(self._export)
        asking = Asking(plot.canvas, self._quantity_at, plot.canvas.middle, clicks=True)
        asking.asked.connect(self.window.number_asked)
        return plot

    def show_moment(self) -> None:
        """The slice at this iteration: at once where it was measured already, else in pieces."""
        session, now = self.session, perf_counter()
        busy = self._work is not None and self._work.busy
        if session.running.is_training and (busy or now - self._shown_at < TRAINING_SECONDS):
            return
        self._shown_at = now
        self._follow_subject()
        if not self._places:
            self._plot().show_picture(None)
            return
        self._show_names()
        if self._rate == session.model.settings[RATE]:
            self._rate = None  # it was typed, and is in force now
        record, measured = session.timeline.record(session.iteration), self._measured
        if (
            measured is not None
            and measured.is_of(session.model, record, self._places)
            and (measured.windows, measured.rate) == (self._windows, self._rate)
        ):
            self._show(measured)
        else:
            self._measure(session.model, record)

    # --- what is looked at ------------------------------------------------------------------------

    def _follow_subject(self) -> None:
        """The parameter of the number that is looked at; the last one while there is none."""
        session = self.session
        model, subject = session.model, session.subject()
        scalars = model.graph.parameters.scalars
        if any(place not in model.graph.parameters.ranks for place in self._places):
            self._take(())
        wanted = -1
        if subject is not None and model.graph.nodes[subject.node].kind == "parameter":
            wanted = session.plan.place(subject)
        if wanted >= 0 and wanted != self._followed:
            self._take((wanted, *(place for place in self._places[1:] if place != wanted)))
        self._followed = wanted if wanted >= 0 else self._followed
        if not self._places and len(scalars):
            self._take((int(scalars[0]),))

    def _take(self, places: tuple[int, ...]) -> None:
        if places != self._places:
            self._places, self._windows, self._zoomed = places, (), False

    def _show_names(self) -> None:
        """The parameters by their names in the notation."""
        from backprop_gui.present.loss_slice import parameter_names

        naming, ranks = self.session.naming, self.session.model.graph.parameters.ranks
        if self._names is None or self._names.naming is not naming:
            self._names = parameter_names(naming)
        against = ranks[self._places[1]] if len(self._places) > 1 else -1
        self._plot().show_names(self._names, ranks[self._places[0]], against)

    def _choose(self, rank: int) -> None:
        place = self._place_at(rank)
        self._take((place, *(other for other in self._places[1:] if other != place)))
        self.show_moment()

    def _choose_against(self, rank: int) -> None:
        first = self._places[0]
        second = () if rank < 0 or self._place_at(rank) == first else (self._place_at(rank),)
        self._take((first, *second))
        self.show_moment()

    def _place_at(self, rank: int) -> int:
        return int(self.session.model.graph.parameters.scalars[rank])

    def _zoom(self, factor: float) -> None:
        """Closer or farther around the value one is at; 0 is what fits."""
        from backprop_gui.steps.loss_slice import Window

        self._zoomed = factor != 0
        if factor == 0:
            self._windows = ()
        else:
            before = self.session.timeline.record(self.session.iteration).before.parameters
            self._windows = tuple(
                Window(float(before[place]), window.half).zoomed(factor)
                for place, window in zip(self._places, self._windows, strict=False)
            )
        self.show_moment()

    def _try_rate(self, text: str) -> None:
        """Show where the rate would lead that is being typed; nothing is edited."""
        try:
            rate = check_edit(self.session.model, RATE, parse_number(text))
        except InvalidEdit:
            return
        tried = None if rate == self.session.model.settings[RATE] else float(rate)
        if tried != self._rate:
            self._rate = tried
            if self.is_shown():
                self.show_moment()

    # --- measuring --------------------------------------------------------------------------------

    def _measure(self, model: Model, record: Record) -> None:
        """Begin to measure; what was under way for another moment is dropped."""
        from backprop_gui.present.loss_slice import Update
        from backprop_gui.steps import loss_slice as slicing

        loss = slicing.BatchLoss(model, record)
        after, before = slicing.after_update(model, record, self._rate), record.before.parameters
        update = Update(after, loss(after), self._rate)
        values, landings = ([float(each[place]) for place in self._places] for each in (before, after))
        path: tuple[list[int], Array] = ([], np.empty((0, len(values))))
        if len(values) == 2:
            path = slicing.travelled(self.session.timeline, record.iteration, self._places, loss.is_large)
        self._windows = tuple(
            self._window(which, value, landing, path[1][:, which])
            for which, (value, landing) in enumerate(zip(values, landings, strict=True))
        )
        known = self._measured
        if known is not None and not known.is_of(model, record, self._places):
            known = None
        if known is not None and known.windows != self._windows:
            known = None
        curve = close = plane = None
        landing_loss = float("nan")
        if len(values) == 2:
            first, second = self._places
            plane = (
                known.plane
                if known
                else slicing.loss_plane(loss, (first, second), (self._windows[0], self._windows[1]))
            )
        else:
            (place,), (value,), (landing,), (window,) = self._places, values, landings, self._windows
            landing_loss = loss.moved([place], [landing])
            if known is not None:
                curve = known.curve
            else:
                curve = slicing.loss_slice(loss, place, window, slicing.CURVE_POINTS, value, landing)
            way = abs(landing - value)
            if 1e-12 * abs(value) < way < window.half / 2:
                around = slicing.Window((value + landing) / 2, CLOSE_HALF * way)
                close = slicing.loss_slice(loss, place, around, slicing.CLOSE_POINTS, value, landing)
        self._pending = Measured(
            record,
            model,
            self._places,
            self._windows,
            self._rate,
            update,
            landing_loss,
            curve,
            close,
            plane,
            path,
        )
        fresh = [close] if known else [curve, close, plane]
        assert self._work is not None
        points = _points([part for part in fresh if part is not None])
        self._work.start(points, self._take_measured, at_once=False)

    def _window(self, which: int, value: float, landing: float, path: Array) -> Window:
        """What part of a parameter's values is shown; how wide somebody has zoomed to stays."""
        from backprop_gui.steps.loss_slice import Window, window_for, window_over

        earlier = self._windows[which] if self._windows else None
        if earlier is not None and self._zoomed:
            return earlier if earlier.shows(value) else Window(value, earlier.half)
        if len(self._places) == 2:
            return window_over(np.append(path, (value, landing)), earlier)
        return window_for(value, landing, earlier)

    def _take_measured(self) -> None:
        self._measured = self._pending
        assert self._measured is not None
        if self.is_shown() and self._measured.record is self.session.timeline.record(self.session.iteration):
            self._show(self._measured)

    def _show(self, measured: Measured) -> None:
        """The picture of what was measured, as this moment tells it."""
        from backprop_gui.present.loss_slice import plane_picture, slice_picture

        scene = self.session.scene()
        if measured.plane is not None:
            self._plot().show_picture(
                plane_picture(
                    scene, measured.plane, self._lines_of(measured.plane), measured.update, *measured.path
                )
            )
        elif measured.curve is not None:
            self._plot().show_picture(
                slice_picture(scene, measured.curve, measured.close, measured.update, measured.landing_loss)
            )

    def _lines_of(self, plane: Plane) -> Lines:
        """The lines of equal loss, made once for a plane."""
        if self._lines is None or self._lines[0] is not plane:
            from backprop_gui.present.loss_slice import plane_lines

            self._lines = plane, plane_lines(plane)
        return self._lines[1]

    def _plot(self) -> SlicePlot:
        return cast("SlicePlot", self.widget)

    def _quantity_at(self, point: QPoint) -> Quantity | None:
        """The loss where one is, the updated parameter where the update leads, else the slope."""
        mark, scene = self._plot().canvas.mark_at(point), self.session.scene()
        if mark is None or not self._places:
            return None
        if mark == "now":
            return Quantity(scene.graph.loss, sample=0 if scene.frame.record.samples == 1 else None)
        place = self._places[0]
        return scene.updated_of(place) if mark == "landing" else scene.parameter(place, GRADIENT)

    def _forget(self) -> None:
        """Another experiment: nothing of the old one is looked at."""
        self._stop()
        self._followed = -1
        self._take(())
        self._measured = self._names = self._rate = self._lines = None

    def _after_training(self, training: bool) -> None:
        if not training and self.is_shown():
            self.show_moment()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.stop()

    # --- export -----------------------------------------------------------------------------------

    def _export(self, kind: str) -> None:
        """The slice as PNG, SVG or CSV."""
        files = self.window.controller.files  # type: ignore[attr-defined]
        files.export_drawing("slice", kind, self._write)

    def _write(self, path: Path) -> None:
        plot = self._plot()
        if path.suffix.lower() == ".csv":
            from backprop_gui.present.loss_slice import slice_csv

            if plot.picture is not None:
                write_whole(path, slice_csv(plot.picture).encode("utf-8"))
        elif path.suffix.lower() == ".svg":
            plot.export_svg(path)
        else:
            plot.export_png(path, PICTURE_SIZE)


def _points(parts: Sequence[Slice | Plane]) -> Iterator[int]:
    """All points of all parts."""
    for part in parts:
        yield from part.measure()
