"""The tabs of decision regions (two inputs) and of the fitted curve (one): the network at any input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from msgspec.structs import replace

from backprop_gui.app.moment_plot import MomentPlot, go_to_row, sample_in_batch
from backprop_gui.engine.operation import Array
from backprop_gui.experiment.build import Model
from backprop_gui.views.plot_parts import Plot

if TYPE_CHECKING:  # needed once a tab is looked at, not for the first picture
    from backprop_gui.present.data_points import DataPoints
    from backprop_gui.present.fit import FitPicture
    from backprop_gui.present.regions import RegionsPicture
    from backprop_gui.views.fit_plot import FitPlot
    from backprop_gui.views.regions_plot import RegionsPlot

Sets = tuple["tuple[DataPoints, Array]", "tuple[DataPoints, Array]"]


class InputPlot(MomentPlot):
    """What both have in common: the data as points, and the sample on screen among them."""

    _data: tuple[Model, DataPoints, DataPoints] | None = None

    def points(self) -> tuple[DataPoints, DataPoints]:
        """The training and the test points of the model, made once."""
        from backprop_gui.present.data_points import data_points

        model = self.session.model
        if self._data is None or self._data[0] is not model:
            self._data = (model, data_points(model, test=False), data_points(model, test=True))
        return self._data[1:]

    def measured_points(self, parameters: Array) -> Sets:
        """The points, each with the network's outputs for it."""
        from backprop_gui.steps.decision_grid import outputs_at

        model = self.session.model
        training, test = self.points()
        return (
            (training, outputs_at(model, parameters, training.inputs)),
            (test, outputs_at(model, parameters, test.inputs)),
        )

    def current_point(self) -> int | None:
        """The place of the point of the sample on screen; None while training, or where it is not drawn."""
        session = self.session
        if session.running.is_training:
            return None
        rows = self.points()[0].rows
        found = (rows == sample_in_batch(session)).nonzero()[0]
        return int(found[0]) if len(found) else None

    def go_to_row(self, row: int) -> None:
        """Show how a training row goes through the network."""
        go_to_row(self.session, self.window, row)


class RegionsPanel(InputPlot):
    """Lives as long as its window; a tab for networks with two inputs and one output, or classes."""

    name: ClassVar = "decisionRegions"
    title: ClassVar = "Regions"
    tip: ClassVar = "What the network makes of every pair of inputs"
    what: ClassVar = "regions"

    _picture: RegionsPicture | None = None

    def is_there(self) -> bool:
        from backprop_gui.steps.plottable import has_regions

        return has_regions(self.session.model)

    def make_plot(self) -> Plot:
        """The plot, connected."""
        from backprop_gui.views.regions_plot import RegionsPlot

        plot = RegionsPlot()
        plot.row_requested.connect(self.go_to_row)
        return plot

    def measure(self, parameters: Array, iteration: int, moving: bool) -> Iterator[object]:
        """A coarse grid while things move, a fine one at rest."""
        from backprop_gui.present.regions import regions_picture
        from backprop_gui.steps.decision_grid import grid_in_pieces

        session, grid = self.session, None
        for found in grid_in_pieces(session.model, parameters, moving):
            grid = found
            yield None
        assert grid is not None
        sets = self.measured_points(parameters)
        yield None
        self._picture = regions_picture(session.model, session.naming, session.format, iteration, grid, *sets)
        self.show_again()

    def show_again(self) -> None:
        """The plane, with the sample on screen."""
        assert self._picture is not None
        at = self.current_point()
        where = None if at is None else tuple(self._picture.training.data.inputs[at].tolist())
        cast("RegionsPlot", self.plot).show_picture(replace(self._picture, current=where))


class FitPanel(InputPlot):
    """Lives as long as its window; a tab for networks with one input."""

    name: ClassVar = "fittedCurve"
    title: ClassVar = "Fit"
    tip: ClassVar = "The network's output along its input, through the data"
    what: ClassVar = "fit"

    _picture: FitPicture | None = None

    def is_there(self) -> bool:
        from backprop_gui.steps.plottable import has_fit

        return has_fit(self.session.model)

    def make_plot(self) -> Plot:
        """The plot, connected."""
        from backprop_gui.views.fit_plot import FitPlot

        plot = FitPlot()
        plot.row_requested.connect(self.go_to_row)
        return plot

    def measure(self, parameters: Array, iteration: int, moving: bool) -> Iterator[object]:
        """Fewer points while things move."""
        from backprop_gui.present.fit import fit_picture
        from backprop_gui.steps.decision_grid import curve_in_pieces

        session, curve = self.session, None
        for found in curve_in_pieces(session.model, parameters, moving):
            curve = found
            yield None
        assert curve is not None
        sets = self.measured_points(parameters)
        self._picture = fit_picture(session.model, session.naming, session.format, iteration, curve, *sets)
        self.show_again()

    def show_again(self) -> None:
        """The curve, with the sample on screen."""
        assert self._picture is not None
        cast("FitPlot", self.plot).show_picture(replace(self._picture, current=self.current_point()))
