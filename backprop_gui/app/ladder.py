"""The tab of the gradient ladder: how large the gradient signal is from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace

from backprop_gui.app.moment_plot import MomentPlot
from backprop_gui.engine.operation import Array
from backprop_gui.views.plot_parts import Plot

if TYPE_CHECKING:
    from backprop_gui.present.ladder import LadderPicture
    from backprop_gui.views.ladder_plot import LadderPlot

FEWEST_LAYERS = 2  # one rung is no ladder


class LadderPanel(MomentPlot):
    """Lives as long as its window; a tab for every network of two layers or more."""

    name: ClassVar = "gradientLadder"
    title: ClassVar = "Ladder"
    tip: ClassVar = "How large the gradient signal is at each layer, and what shrinks or grows it"
    what: ClassVar = "gradient-ladder"
    rough_first: ClassVar = False

    _picture: LadderPicture | None = None

    def is_there(self) -> bool:
        """Layers are the blocks on the way back, without the inputs."""
        graph = self.session.model.graph
        groups = {graph.nodes[node].group for node in graph.completion_order if node != graph.loss}
        return len(groups) >= FEWEST_LAYERS

    def make_plot(self) -> Plot:
        """The plot, connected: Enter or a double click asks about a layer's strongest neuron."""
        from backprop_gui.views.ladder_plot import LadderPlot

        plot = LadderPlot()
        plot.activated.connect(self._focus)
        return plot

    def measure(self, parameters: Array, iteration: int, moving: bool) -> Iterator[object]:
        """The record of the iteration is at hand: what else is on screen is painted from it."""
        from backprop_gui.present.ladder import ladder_picture
        from backprop_gui.steps.gradient_ladder import ladder

        session = self.session
        record = session.timeline.record(iteration)
        yield None
        rungs = ladder(session.model.graph, record, session.plan.backward_blocks)
        self._picture = ladder_picture(
            session.plan, rungs, session.naming, session.format, iteration, record.samples
        )
        self.show_again()

    def show_again(self) -> None:
        """The ladder, with the layer of the newest step marked."""
        session, here, picture = self.session, None, self._picture
        assert picture is not None
        subject = None if session.running.is_training else session.subject()
        if subject is not None:
            group = session.model.graph.nodes[subject.node].group
            here = next((place for place, row in enumerate(picture.rows) if row.name == group), None)
        self._ladder.show_picture(replace(picture, here=here))

    @property
    def _ladder(self) -> LadderPlot:
        return cast("LadderPlot", self.plot)

    def _focus(self, row: int) -> None:
        self.session.running.halt()
        identity = self._ladder.picture.rows[row].identity
        self.session.set_focus("" if identity == self.session.focus else identity)
