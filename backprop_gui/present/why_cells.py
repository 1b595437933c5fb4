"""Which number stands in the cell of a table: what is asked when somebody asks there."""

from __future__ import annotations

from backprop_gui.present.samples import LOSS, MEAN, sample_quantity
from backprop_gui.present.scene import Scene
from backprop_gui.steps.quantities import VALUE, Quantity


def cell_quantity(scene: Scene, identity: str, column: str) -> Quantity | None:
    """The number in a row of a parameter: its value, its gradient, or what it is after the update."""
    place = scene.graph.parameters.place_of(identity)
    if place is None:
        return None
    if column == "updated":
        return scene.updated_of(place)
    if column in ("gradient", "terms", "numeric", "check", "error"):
        return scene.gradient_of(place)
    return scene.parameter(place, VALUE)


def sample_cell_quantity(scene: Scene, identity: str, column: str) -> Quantity | None:
    """The number in the table of a batch; in the row of the mean, the loss is that of the whole batch."""
    if identity == MEAN and column == LOSS:
        return Quantity(scene.graph.loss)
    return sample_quantity(scene, identity, column)
