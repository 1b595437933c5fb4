"""The network panel of a window: layers, loss and data, each change made at once and undone in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from PySide6.QtWidgets import QWidget

from backprop_gui.app.builder import Builder
from backprop_gui.app.panel import Panel
from backprop_gui.errors import BackpropError
from backprop_gui.experiment.document import Experiment
from backprop_gui.experiment.sentences import counted
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

if TYPE_CHECKING:  # needed once the panel is looked at, not for the first picture
    from backprop_gui.experiment.building_moment import Change
    from backprop_gui.views.network_panel import NetworkPanel as NetworkView


class NetworkPanel(Panel):
    """Lives as long as its window."""

    place: ClassVar = "side"
    name: ClassVar = "networkPanel"
    title: ClassVar = "Network"
    tip: ClassVar = "Layers, neurons, activations, loss and data"

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(session, window)
        self._builder = Builder(session, window)
        self._shown: tuple[object, ...] = ()  # what the list was made from
        session.opened.connect(self._begin_anew)
        window.commands["networkPanel"].triggered.connect(self.go)

    def go(self) -> None:
        """Bring the panel to the front and give it the keyboard."""
        self.open()
        field = self._view.first_field()
        field.setFocus()
        field.selectAll()  # to be typed over

    def make(self) -> QWidget:
        """The panel, connected."""
        from backprop_gui.engine.operations import ACTIVATIONS
        from backprop_gui.present.network_picture import loss_choices
        from backprop_gui.views.network_panel import NetworkPanel as NetworkView

        view = NetworkView(tuple(ACTIVATIONS), loss_choices())
        view.title_requested.connect(self._rename)
        view.rename_requested.connect(self._rename_layer)
        view.units_requested.connect(self._set_units)
        view.activation_requested.connect(self._set_activation)
        view.biases_requested.connect(self._set_biases)
        view.add_requested.connect(self._add)
        view.remove_requested.connect(self._remove)
        view.move_requested.connect(self._move)
        view.loss_requested.connect(self._set_loss)
        view.outputs_requested.connect(self._set_outputs)
        view.rows_requested.connect(self._set_rows)
        view.row_removal_requested.connect(self._remove_row)
        view.cell_requested.connect(self._set_number)
        return view

    def show_moment(self) -> None:
        """Show the network and the data in force; training does not change them."""
        from backprop_gui.present.network_picture import network_picture

        session = self.session
        made_from = (session.experiment, session.model, session.naming, session.format)
        same = all(one is other for one, other in zip(made_from, self._shown, strict=False))
        if session.running.is_training and self._shown and same:
            return
        self._shown = made_from
        self._view.show_network(
            network_picture(session.experiment, session.model, session.naming, session.format)
        )
        seed = session.experiment.training.seed
        self._view.show_remark(
            f"New weights are small draws (Xavier, seed {seed}, few digits), new biases and new data are 0. "
            "What is learned stays where it fits, and is where the new network begins; undo brings all back."
        )

    @property
    def _view(self) -> NetworkView:
        return cast("NetworkView", self.widget)

    def _change(self, change: Change, name: str) -> bool:
        refusal = self._builder.change(change, name)
        self._view.show_refusal(refusal)
        return not refusal

    def _begin_anew(self) -> None:
        """What was refused and which layer was chosen is no business of another experiment."""
        if self._made is not None:
            self._view.forget_chosen()
        if self.is_shown():
            self.show_moment()
            self._view.show_refusal("")

    # --- what is asked for ------------------------------------------------------------------------

    def _rename(self, title: str) -> None:
        self._view.show_refusal(self._builder.rename(title))

    def _rename_layer(self, old: str, new: str) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.rename_layer(experiment, old, new)

        if self._change(change, f"rename {old} to {new}"):
            self._view.choose(new)

    def _set_units(self, name: str, units: int) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.set_units(experiment, name, units, self.session.source)

        given = name in self.session.experiment.network.inputs
        what = counted(units, "value", "values") if given else counted(units, "neuron", "neurons")
        self._change(change, f"{what} in {name}")

    def _set_activation(self, name: str, activation: str) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.set_activation(experiment, name, activation)

        self._change(change, f"{activation.replace('_', ' ')} in {name}")

    def _set_biases(self, name: str, on: bool) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.set_biases(experiment, name, on)

        self._change(change, f"{'biases' if on else 'no biases'} in {name}")

    def _add(self, beside: str, before: bool) -> None:
        from backprop_gui.experiment import building

        source, network = self.session.source, self.session.experiment.network

        def change(experiment: Experiment) -> Experiment:
            if before:
                return building.add_layer_before(experiment, beside, source)
            return building.add_layer(experiment, beside, source=source)

        try:
            added = building.added_layer(network, beside, before, change(self.session.experiment).network)
        except BackpropError as error:
            self._view.show_refusal(str(error))
            return
        if self._change(change, f"add layer {added}"):
            self._view.choose(added)
            self._view.follow_chosen()

    def _remove(self, name: str) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.remove_layer(experiment, name, self.session.source)

        self._change(change, f"remove layer {name}")

    def _move(self, name: str, by: int) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.move_layer(experiment, name, by, self.session.source)

        network = self.session.experiment.network
        place = [node.name for node in network.nodes].index(name)
        if self._change(change, f"move {name} {'later' if by > 0 else 'earlier'}"):
            nodes = self.session.experiment.network.nodes
            self._view.choose(nodes[min(max(place + by, 0), len(nodes) - 1)].name)
            self._view.follow_chosen()

    def _set_loss(self, op: str) -> None:
        from backprop_gui.engine.operations import LOSSES
        from backprop_gui.experiment.building_loss import set_loss

        def change(experiment: Experiment) -> Experiment:
            return set_loss(experiment, op)

        if self.session.experiment.network.loss.op == "softmax_cross_entropy" and op == "cross_entropy":
            self._change(change, "separate softmax and cross-entropy")
        else:
            self._change(change, f"the loss {LOSSES[op].name_in_words}")

    def _set_outputs(self, units: int) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.set_outputs(experiment, units, self.session.source)

        self._change(change, counted(units, "target", "targets"))

    def _set_rows(self, count: int) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.set_rows(experiment, count, self.session.source)

        self._change(change, f"{counted(count, 'row', 'rows')} of data")

    def _remove_row(self, place: int) -> None:
        from backprop_gui.experiment import building

        def change(experiment: Experiment) -> Experiment:
            return building.remove_row(experiment, place, self.session.source)

        self._change(change, f"remove row {place + 1} of the data")

    def _set_number(self, name: str, text: str) -> None:
        self._view.show_refusal(self._builder.edit(name, text))
