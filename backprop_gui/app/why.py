"""Why this number? Any number of a window can be asked; the answer opens as a tree beside the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget

from backprop_gui.app.panel import Panel
from backprop_gui.engine.expressions import Slope
from backprop_gui.engine.graph import Graph
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity, Setting
from backprop_gui.views.asking import Asking
from backprop_gui.views.formula import FormulaView
from backprop_gui.views.main_window import MainWindow
from backprop_gui.views.tables import TableView

if TYPE_CHECKING:  # needed once something is asked, not for the first picture
    from backprop_gui.present.why import WhyPictures
    from backprop_gui.present.why_state import WhyState
    from backprop_gui.steps.provenance import Key, Traced
    from backprop_gui.views.why_list import WhyList
    from backprop_gui.views.why_panel import WhyPanel


class AskedPlot(Protocol):
    """A plot whose numbers can be asked: `ask_pointed` does so and tells whether there was one."""

    def isVisible(self) -> bool: ...
    def ask_pointed(self) -> bool: ...


class WhyTree(Panel):
    """Lives as long as its window."""

    place: ClassVar = "side"
    name: ClassVar = "whyPanel"
    title: ClassVar = "Why"
    tip: ClassVar = "Where a number comes from, part by part"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._state: WhyState | None = None
        self._pictures: WhyPictures | None = None
        self._graph: Graph | None = None  # that the state speaks of
        self._anew = False
        self.plots: list[AskedPlot] = [window.loss_plot]
        session.opened.connect(self._close)
        window.commands["why"].triggered.connect(self._why)
        window.number_asked.connect(self.ask_here)
        window.explain.target_asked.connect(self.ask_here)
        window.loss_plot.iteration_asked.connect(self.ask_loss)
        self._watch(Asking(window.canvas, window.canvas.quantity_at, self._ring_on_canvas, clicks=True))
        rate = window.findChild(QLineEdit, "learningRate")
        assert rate is not None
        self._watch(Asking(rate, self._rate, rate.rect().center, clicks=True))
        for table in (window.gradient_table, window.parameter_table, window.samples_table):
            self.watch_table(table)

    def _watch(self, asking: Asking) -> None:
        asking.asked.connect(self.ask_here)

    def watch_table(self, table: TableView) -> None:
        """Let the cells of a table of parameters, or of samples, be asked."""
        cells = _Cells(self.session, table, samples=table is self.window.samples_table)
        table.can_ask = True
        self._watch(Asking(table, cells.quantity_at, table.current_point))

    @property
    def state(self) -> WhyState:
        """What is asked, and how far it is opened."""
        if self._state is None:
            from backprop_gui.present.why_state import WhyState

            self._state = WhyState()
        return self._state

    @state.setter
    def state(self, state: WhyState) -> None:
        self._state = state

    def make(self) -> QWidget:
        """The panel, connected."""
        from backprop_gui.views.why_panel import WhyPanel

        panel = WhyPanel()
        tree = panel.tree
        tree.open_requested.connect(self._open_row)
        tree.close_requested.connect(self._close_row)
        tree.more_requested.connect(self._more)
        tree.root_requested.connect(self._start_from)
        tree.part_requested.connect(self._open_part)
        tree.back_requested.connect(self._back)
        tree.row_pointed.connect(self._light)
        tree.edit_requested.connect(self._edit)
        panel.crumb_requested.connect(self._back_to)
        panel.go_requested.connect(self._go_there)
        panel.copy_requested.connect(self._copy)
        return panel

    # --- asking -----------------------------------------------------------------------------------

    def ask(self, iteration: int, key: Key) -> None:
        """Open the tree of a number of an iteration and give it the keyboard."""
        from backprop_gui.steps.provenance import Traced

        if isinstance(key, Quantity) and key.sample is None and key.aspect == GRADIENT:
            one = self.session.timeline.record(iteration).samples == 1
            key = Quantity(key.node, key.element, GRADIENT, 0) if one else key
        self._renew()
        self.state = self.state.asking(Traced(iteration, key))
        self._anew = True
        self.open()
        self._tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_here(self, key: object) -> None:
        """Ask about a number of the iteration on screen."""
        if isinstance(key, Quantity | Slope | Setting):
            self.session.running.halt()
            self.ask(self.session.iteration, key)

    def ask_loss(self, iteration: object) -> None:
        """Ask about the loss of an iteration: of its batch, where there is more than one sample."""
        assert isinstance(iteration, int)
        self.session.running.halt()
        iteration = min(iteration, self.session.timeline.newest)
        samples = self.session.timeline.record(iteration).samples
        self.ask(iteration, Quantity(self.session.model.graph.loss, sample=0 if samples == 1 else None))

    def _why(self) -> None:
        """The number whose tip says so, or that a plot reads out, else the one that is looked at."""
        if any(plot.isVisible() and plot.ask_pointed() for plot in self.plots):
            return
        subject = self._pointed() or self.session.subject()
        if subject is None:
            self._close()
            self.open()
        else:
            self.ask_here(subject)

    def _pointed(self) -> object | None:
        """The number whose tip is on screen."""
        if not QToolTip.isVisible():
            return None
        below = QApplication.widgetAt(QCursor.pos())
        if isinstance(below, FormulaView):
            return below.target_at(below.mapFromGlobal(QCursor.pos()))
        found = (asking.pointed() for asking in self.window.findChildren(Asking))
        return next((each for each in found if each is not None), None)

    def _rate(self, _point: QPoint) -> Setting:
        """What stands in the field of the learning rate."""
        return Setting("learning_rate")

    def _ring_on_canvas(self) -> QPoint | None:
        """Where the menu key means on the canvas: the item with the keyboard ring."""
        canvas = self.window.canvas
        place = canvas.focused_stop()
        if place < 0:
            return None
        return canvas.viewport().mapFromGlobal(canvas.rect_on_screen(canvas.stops()[place]).center())

    # --- showing ----------------------------------------------------------------------------------

    @property
    def _panel(self) -> WhyPanel:
        return cast("WhyPanel", self.widget)

    @property
    def _tree(self) -> WhyList:
        return self._panel.tree

    def show_moment(self) -> None:
        """The tree as it is seen from this moment; after an edit made anew."""
        pictures = self._renew()
        anew, self._anew = self._anew, False
        self._panel.show_why(pictures.picture(self.state, self.session.scene().frame), anew)
        pointed = self._tree.pointed()
        if pointed is not None and not self.session.running.is_busy:
            self._light(pointed)  # a move has put the light out

    def _renew(self) -> WhyPictures:
        """What makes the rows, for the experiment, the names and the digits as they are now."""
        from backprop_gui.present.why import WhyPictures
        from backprop_gui.present.why_carry import carried
        from backprop_gui.steps.provenance import Provenance

        session, made = self.session, self._pictures
        form: NumberFormat = session.format
        if made is not None and made.provenance.timeline is session.timeline:
            if made.naming is session.naming and made.format == form:
                return made
            provenance = made.provenance
        else:
            provenance = Provenance(session.timeline, session.experiment)
            if self.state.crumbs and self._graph is not None:
                asked = len(self.state.crumbs)
                self.state = carried(self.state, self._graph, provenance)
                self._anew = self._anew or len(self.state.crumbs) != asked
        self._graph = session.model.graph
        self._pictures = WhyPictures(provenance, session.naming, form)
        return self._pictures

    def _close(self) -> None:
        """Nothing is asked any more."""
        self._state, self._anew = None, True
        self._pictures = self._graph = None
        self._show_if_seen()

    # --- opening ----------------------------------------------------------------------------------

    def _traced(self, path: object) -> list[Traced]:
        """The numbers from the root to the row at a path."""
        assert isinstance(path, tuple)
        assert self.state.root is not None
        provenance, found = self._renew().provenance, [self.state.root]
        for rank in path:
            parts = provenance.parts(found[-1])
            if rank >= len(parts):
                break
            found.append(parts[rank])
        return found

    def _change(self, state: WhyState, anew: bool = False) -> None:
        self.state, self._anew = state, anew
        self.show_moment()

    def _open_row(self, path: tuple[int, ...]) -> None:
        self._change(self.state.opening(path))
        self._tree.reveal(path)

    def _close_row(self, path: tuple[int, ...]) -> None:
        self._change(self.state.closing(path))

    def _more(self, path: tuple[int, ...]) -> None:
        self._change(self.state.showing_more(path))

    def _open_part(self, path: tuple[int, ...], key: object) -> None:
        """A factor of a row's formula was clicked: open the row, and go to that part of it."""
        parts = self._renew().provenance.parts(self._traced(path)[-1])
        ranks = [rank for rank, part in enumerate(parts) if part.key == key]
        if ranks:
            self._open_row(path)
            self._tree.select((*path, ranks[0]))

    def _start_from(self, path: tuple[int, ...]) -> None:
        self._change(self.state.rooted(self._traced(path)[-1]), anew=True)

    def _back(self) -> None:
        if len(self.state.crumbs) > 1:
            self._back_to(len(self.state.crumbs) - 2)

    def _back_to(self, place: int) -> None:
        self._change(self.state.back_to(place), anew=True)
        self._tree.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- the rest of the window -------------------------------------------------------------------

    def _light(self, row: object) -> None:
        """Light the way from a row up to the root."""
        from backprop_gui.present.why import to_light

        if row is None or not self.state.crumbs:
            self.session.light(())
        else:
            self.session.light(to_light(self._traced(row.path)))  # type: ignore[attr-defined]

    def _go_there(self, path: tuple[int, ...]) -> None:
        """To the step that uncovered a number; of a slope or a setting, of what it is a part of."""
        if self.state.root is None:
            return
        way = self._traced(path)
        told = [each for each in way if isinstance(each.key, Quantity)]
        session = self.session
        session.running.halt()
        if not told:
            session.seek(way[-1].iteration)
            return
        here = told[-1]
        key = here.key
        assert isinstance(key, Quantity)
        if here.iteration != session.iteration:
            session.seek(here.iteration)
        if key.node == session.model.graph.loss and key.sample is None:
            key = Quantity(key.node, key.element, key.aspect, session.plan.samples - 1)
        session.seek_quantity(key)

    def _edit(self, path: tuple[int, ...]) -> None:
        """Edit a number that was given or set by hand, where it stands and in its iteration."""
        traced = self._traced(path)[-1]
        source, key = self._renew().provenance.source(traced), traced.key
        if isinstance(key, Setting) and key.name == "learning_rate":
            if traced.iteration != self.session.iteration:
                self.session.seek(traced.iteration)
            self.window.toolbar.edit_rate()
        elif source.expression is not None or not isinstance(key, Quantity) or key.aspect != VALUE:
            self.window.show_message("This number is calculated; F2 edits what it is made of.")
        else:
            parameter = self.session.model.graph.nodes[key.node].kind == "parameter"
            when = source.iteration if parameter and source.kind == "edited" else traced.iteration
            editing = self.window.controller.features["Editing"]  # type: ignore[attr-defined]
            if not editing.open(when, key):
                self.window.show_message("There is no room for it on the canvas; the tables edit it.")

    def _copy(self) -> None:
        pictures = self._renew()
        text = pictures.picture(self.state, self.session.scene().frame).text
        QGuiApplication.clipboard().setText(text)
        self.window.show_message("Tree copied")


class _Cells(QObject):
    """What stands in the cells of one table."""

    def __init__(self, session: Session, table: TableView, samples: bool) -> None:
        super().__init__(table)
        self._session, self._table, self._samples = session, table, samples

    def quantity_at(self, position: QPoint) -> Quantity | None:
        """The number at a point of the viewport."""
        cell = self._table.cell_at(position)
        if cell is None:
            return None
        from backprop_gui.present.why_cells import cell_quantity, sample_cell_quantity

        find = sample_cell_quantity if self._samples else cell_quantity
        return find(self._session.scene(), *cell)
