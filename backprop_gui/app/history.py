"""The tab of histories: every weight, bias and gradient along the run, picked in the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from backprop_gui.app.plot_panel import PlotPanel
from backprop_gui.app.sampling import Sampling
from backprop_gui.session.session import Session
from backprop_gui.steps.quantities import GRADIENT, Quantity
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:
    from backprop_gui.app.why import WhyTree
    from backprop_gui.engine.graph import Graph
    from backprop_gui.engine.operation import Array
    from backprop_gui.present.history import HistoryPicture, Wanted
    from backprop_gui.steps.run_samples import RunSamples, Spread
    from backprop_gui.views.history_plot import HistoryPlot

MOST_PINNED = 12


class HistoryPanel(PlotPanel):
    """Lives as long as its window. What is pinned stays, whatever is looked at in the network."""

    name: ClassVar = "historyPlot"
    title: ClassVar = "History"
    tip: ClassVar = "Every weight, bias and gradient over the iterations (H)"
    what: ClassVar = "history"
    turn: ClassVar = 5

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._graph: Graph | None = None  # that the samples are of
        self._samples: dict[bool, RunSamples[Spread]] = {}  # of values and, by True, of gradients
        self._gradients = self._log = False
        self._pinned: list[str] = []  # own names
        self._asked: Quantity | None = None  # what was asked when it was last looked
        self._shown: tuple[Any, ...] = ()  # from what the picture on screen was made
        self._picture: HistoryPicture | None = None
        super().__init__(session, window)
        self._sampling = Sampling(session, self.is_shown, self)
        self._sampling.found.connect(self._show_lines)
        session.opened.connect(self._forget)
        window.commands["history"].triggered.connect(self._open_here)
        window.commands["pinHistory"].triggered.connect(self._pin_here)

    def make_plot(self) -> HistoryPlot:
        """The plot, with its curves: it is made when the window shows already."""
        from backprop_gui.views.history_plot import HistoryPlot

        plot = HistoryPlot()
        plot.prepare()
        plot.gradients_requested.connect(self._set_gradients)
        plot.log_requested.connect(self._set_log)
        plot.pin_requested.connect(self._toggle_pin)
        plot.clear_requested.connect(self._unpin_all)
        plot.line_clicked.connect(self._focus_line)
        plot.point_asked.connect(self._ask_why)
        self._why_tree().plots.append(plot)
        return plot

    def _why_tree(self) -> WhyTree:
        return cast("WhyTree", self.window.controller.features["WhyTree"])  # type: ignore[attr-defined]

    # --- showing ----------------------------------------------------------------------------------

    def show_moment(self) -> None:
        """Where one is, what is picked, and what is known of the run."""
        if not self.is_due():
            return
        session = self.session
        self._follow_asked()
        training = session.running.is_training
        self._plot.show_live(training)
        self._sampling.look(self._measured())
        if not training:
            self._show_lines()
        self._plot.show_here(session.iteration)

    def _follow_asked(self) -> None:
        """Who clicks a gradient wants to see gradients, who clicks a weight weights."""
        asked = self.session.asked
        new, self._asked = asked if asked != self._asked else None, asked
        if new is not None and self.session.model.graph.nodes[new.node].kind == "parameter":
            self._gradients = new.aspect == GRADIENT

    def _measured(self) -> RunSamples[Spread]:
        """What is measured of values or gradients; of another network anew."""
        from backprop_gui.steps.run_samples import parameter_gradients, parameter_values

        graph = self.session.model.graph
        if graph is not self._graph:
            self._graph, self._samples = graph, {}
        if self._gradients not in self._samples:
            make = parameter_gradients if self._gradients else parameter_values
            self._samples[self._gradients] = make(graph)
        return self._samples[self._gradients]

    def _show_lines(self) -> None:
        """The lines, if anything about them has changed."""
        if not self.is_shown():
            return
        from backprop_gui.present.history import history_picture

        session, wanted = self.session, self._wanted()
        measured = self._measured().samples()
        newest = measured[-1][0] if measured else -1
        here = None if session.running.is_training else session.iteration
        shown = (session.timeline, session.naming, session.format, wanted, len(measured), newest, here)
        if shown == self._shown:
            return
        self._shown = shown
        numbers = None if here is None else (here, self._numbers_here())
        self._picture = history_picture(measured, numbers, wanted, session.naming, session.format)
        self._plot.show_wanted(wanted.gradients, wanted.magnitudes)
        self._plot.show_lines(self._picture.lines)
        focused = [self._own(place) for place in wanted.focused[:MOST_PINNED]]
        self._plot.show_pins(self._named(self._pinned), self._named(focused))

    def _wanted(self) -> Wanted:
        from backprop_gui.present.history import Wanted, places_of

        graph = self.session.model.graph
        pinned = [graph.parameters.place_of(name) for name in self._pinned]
        focused = places_of(graph, self.session.focus)
        there = tuple(place for place in pinned if place is not None)
        return Wanted(self._gradients, self._log, focused, there)

    def _numbers_here(self) -> Array:
        record = self.session.timeline.record(self.session.iteration)
        return record.parameter_gradient if self._gradients else record.before.parameters

    def _own(self, place: int) -> str:
        return self.session.model.graph.parameters.name_at(place)

    def _named(self, names: list[str]) -> list[tuple[str, str]]:
        """Own names with the names on screen; what an edit has removed is left out."""
        from backprop_gui.present.history import quantity_at

        graph, naming = self.session.model.graph, self.session.naming
        places = ((name, graph.parameters.place_of(name)) for name in names)
        return [
            (name, naming.plain(quantity_at(graph, place, False)))
            for name, place in places
            if place is not None
        ]

    @property
    def _plot(self) -> HistoryPlot:
        return cast("HistoryPlot", self.plot)

    # --- what is asked for ------------------------------------------------------------------------

    def _set_gradients(self, on: bool) -> None:
        self._gradients = on
        self.show_moment()

    def _set_log(self, on: bool) -> None:
        self._log = on
        self.show_moment()

    def _toggle_pin(self, name: str) -> None:
        if name in self._pinned:
            self._pinned.remove(name)
        elif len(self._pinned) < MOST_PINNED:
            self._pinned.append(name)
        else:
            self.window.show_message(f"{MOST_PINNED} lines are pinned; unpin one first")
        self._show_if_seen()

    def _unpin_all(self) -> None:
        self._pinned.clear()
        self._show_if_seen()

    def _open_here(self) -> None:
        """The history of the number that is looked at: of a neuron its weights and bias."""
        session = self.session
        if not session.focus:
            name = self._parameter_here()
            if name and name not in self._pinned:
                self._toggle_pin(name)
        self.open()

    def _pin_here(self) -> None:
        """Pin what is looked at, or let it go."""
        from backprop_gui.present.history import places_of

        places = places_of(self.session.model.graph, self.session.focus)
        names = [self._own(place) for place in places] if places else [self._parameter_here()]
        if not names[0]:
            self.window.show_message("Click a weight or a neuron first; then its line can be pinned")
            return
        pin = any(name not in self._pinned for name in names)
        for name in names:
            if (name in self._pinned) != pin:
                self._toggle_pin(name)
        self.open()

    def _parameter_here(self) -> str:
        """The own name of the parameter the newest step is about; empty for another number."""
        subject = self.session.subject()
        if subject is None or self.session.model.graph.nodes[subject.node].kind != "parameter":
            return ""
        return self._own(self.session.plan.place(subject))

    def _focus_line(self, line: int) -> None:
        """A name at the end of a line was clicked: to that weight in the network, or back."""
        place = self._picture.places[line] if self._picture is not None else -1
        if place >= 0:
            self.session.running.halt()
            name = self._own(place)
            self.session.set_focus("" if name == self.session.focus else name)

    def _ask_why(self, point: object) -> None:
        """Where the number of a line at a point comes from."""
        if self._picture is None or not isinstance(point, tuple):
            return
        from backprop_gui.present.history import quantity_at

        line, at = point
        place = self._picture.places[line]
        if place >= 0:
            self.session.running.halt()
            iteration = int(self._picture.lines.lines[line].iterations[at])
            quantity = quantity_at(self.session.model.graph, place, self._gradients)
            self._why_tree().ask(iteration, quantity)

    def _forget(self) -> None:
        self._pinned.clear()
        self._samples, self._graph, self._shown = {}, None, ()
