"""Building on the canvas, and new experiments: what the hand asks for is done, or refused in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from backprop_gui.app.builder import Builder
from backprop_gui.app.network import NetworkPanel
from backprop_gui.errors import BackpropError
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.sentences import counted
from backprop_gui.present.canvas_shape import canvas_shape
from backprop_gui.present.focus import element_of
from backprop_gui.present.math_text import plain
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once something is built, not for the first picture
    from backprop_gui.experiment.building_edges import Neuron
    from backprop_gui.experiment.building_moment import Change
    from backprop_gui.views.build_hand import BuildHand, Verdict


class Building(QObject):
    """The commands build, new, duplicate and rename of one window."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._builder = Builder(session, window)
        self._hand: BuildHand | None = None
        session.opened.connect(self._show_shape)
        session.changed.connect(self._show_shape)
        commands = window.commands
        commands["build"].toggled.connect(self._build)
        commands["new"].triggered.connect(self._ask_new)
        commands["duplicate"].triggered.connect(self._duplicate)
        commands["rename"].triggered.connect(self._rename)

    # --- on the canvas ----------------------------------------------------------------------------

    def _build(self, on: bool) -> None:
        if self._hand is None:
            from backprop_gui.views.build_hand import BuildHand

            self._hand = BuildHand(self._window.canvas, self.judge)
            self._hand.connect_requested.connect(self._connect)
            self._hand.cut_requested.connect(self._cut)
            self._hand.removal_requested.connect(self._remove)
            self._hand.units_requested.connect(self._more)
            self._hand.told.connect(self._refuse)
            letters = self._window.commands["singleKeys"]
            self._hand.set_letters(letters.isChecked())
            letters.toggled.connect(self._hand.set_letters)
        self._hand.set_on(on)
        self._show_shape()
        if on:
            panel = self._window.findChild(NetworkPanel)
            if panel is not None:
                panel.open()
            self._window.canvas.setFocus()

    def _show_shape(self) -> None:
        session = self._session
        if self._hand is not None and self._window.commands["build"].isChecked():
            self._hand.show_shape(canvas_shape(session.model.graph, session.naming, session.format))

    def judge(self, source: str, target: str, whole: bool) -> Verdict:
        """What connecting two neurons (or their layers) would do, in a few words, or why it can't be."""
        from backprop_gui.experiment.building_edges import LOOP, connection_fault, connection_words
        from backprop_gui.views.build_hand import Verdict

        network = self._session.experiment.network
        ends = self._neuron(source), self._neuron(target)
        names = self._named(ends[0], whole), self._named(ends[1], whole)
        if fault := connection_fault(network, *ends, whole):
            words = f"{names[0]} → {names[1]}: {fault}"
            right = "Lead it onward, towards the loss" if fault == LOOP else "Lead it to another neuron"
            return Verdict(False, words, f"{words}. {right}.")
        return Verdict(True, f"{names[0]} → {names[1]}: {connection_words(network, *ends, whole)}")

    def _neuron(self, identity: str) -> Neuron:
        """The neuron of a card; channels of values are counted through."""
        from backprop_gui.experiment.building_edges import Neuron

        layer, element = identity.partition("[")[0], element_of(identity)
        graph = self._session.model.graph
        index = graph.by_name.get(f"{layer}.a", graph.by_name.get(layer, graph.loss))
        shape = graph.nodes[index].shape
        return Neuron(layer, int(np.ravel_multi_index(element, shape)) if element else 0)

    def _named(self, neuron: Neuron, whole: bool) -> str:
        """How a neuron is called on screen; a layer by its own name."""
        if neuron.layer in ("loss", "targets"):
            return "the loss" if neuron.layer == "loss" else "a target"
        if whole:
            return neuron.layer
        graph = self._session.model.graph
        index = graph.by_name.get(f"{neuron.layer}.a", graph.by_name.get(neuron.layer, graph.loss))
        element = np.unravel_index(neuron.place, graph.nodes[index].shape)
        return plain(self._session.naming.neuron(neuron.layer, tuple(int(i) for i in element)))

    def _change(self, change: Change, name: str) -> None:
        if refusal := self._builder.change(change, name):
            self._refuse(f"{refusal[:1].upper()}{refusal[1:]}.")

    def _refuse(self, sentence: str) -> None:
        self._window.show_message(sentence, "warning")

    def _connect(self, source: str, target: str, whole: bool) -> None:
        from backprop_gui.experiment.building_edges import connect

        ends = self._neuron(source), self._neuron(target)

        def change(experiment: Experiment) -> Experiment:
            return connect(experiment, *ends, whole, self._session.source)

        self._change(change, f"connect {self._named(ends[0], whole)} to {self._named(ends[1], whole)}")

    def _cut(self, source: str, target: str, whole: bool) -> None:
        from backprop_gui.experiment.building_edges import cut

        ends = self._neuron(source), self._neuron(target)

        def change(experiment: Experiment) -> Experiment:
            return cut(experiment, *ends, whole, self._session.source)

        self._change(change, f"cut {self._named(ends[0], whole)} from {self._named(ends[1], whole)}")

    def _remove(self, identity: str) -> None:
        from backprop_gui.experiment import building

        neuron = self._neuron(identity)

        def change(experiment: Experiment) -> Experiment:
            return building.remove_neuron(experiment, neuron.layer, neuron.place, self._session.source)

        self._change(change, f"remove {self._named(neuron, False)}")

    def _more(self, identity: str, by: int) -> None:
        from backprop_gui.experiment import building

        layer = self._neuron(identity).layer
        network = self._session.experiment.network
        sizes = {node.name: getattr(node, "units", 0) for node in network.nodes} | network.inputs
        units = sizes.get(layer, 0) + by

        def change(experiment: Experiment) -> Experiment:
            return building.set_units(experiment, layer, units, self._session.source)

        what = ("value", "values") if layer in network.inputs else ("neuron", "neurons")
        self._change(change, f"{counted(units, *what)} in {layer}")

    # --- new, duplicate, rename -------------------------------------------------------------------

    def _may_leave(self) -> bool:
        """Whether what is open may be left, as asked elsewhere."""
        self._session.running.halt()
        may: bool = self._window.controller.files.may_leave()  # type: ignore[attr-defined]
        return may

    def _ask_new(self) -> None:
        from backprop_gui.views.new_dialog import NewDialog  # not needed to start

        dialog = NewDialog(self._window.theme(), self._window)
        dialog.chosen.connect(self._begin)
        dialog.open()

    def _begin(self, experiment: Experiment) -> None:
        """Open the new experiment, with the keyboard on its first number."""
        if not self._may_leave():
            return
        try:
            self._session.open_unsaved(experiment)
        except BackpropError as error:
            self._window.show_message(str(error), "error")
            return
        self._window.activateWindow()
        self._window.canvas.edit_first()

    def _duplicate(self) -> None:
        from backprop_gui.experiment.templates import copy_of

        session = self._session
        if not self._may_leave():
            return
        original, source = session.experiment, session.source
        session.open_unsaved(copy_of(session.document()), source)
        session.saved = original  # the copy is in no file yet
        session.changed.emit()
        self._window.show_message("This copy is in no file yet.")

    def _rename(self) -> None:
        from PySide6.QtWidgets import QInputDialog

        title, taken = QInputDialog.getText(
            self._window, "Rename", "Title of the experiment:", text=self._session.experiment.title
        )
        if taken and (refusal := self._builder.rename(title)):
            self._refuse(f"{refusal[:1].upper()}{refusal[1:]}.")
