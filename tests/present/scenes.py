"""Scenes for tests: a moment of an experiment, without a window; and how to read what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop_gui.experiment.document import Experiment
from backprop_gui.present.canvas import canvas_picture
from backprop_gui.present.canvas_memory import CanvasMemory
from backprop_gui.present.canvas_shape import canvas_shape
from backprop_gui.present.math_tree import Bracketed, Fraction, Link, Math, Matrix, Root, Row, Script
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat
from backprop_gui.present.pictures import CanvasPicture, TablePicture
from backprop_gui.present.scene import Scene
from backprop_gui.present.tables import table_rows
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.plan import StepSize
from backprop_gui.steps.timeline import Timeline
from tests.networks import Story, preset


def csv_rows(picture: TablePicture) -> list[dict[str, str]]:
    """A table as it is written to a file: a dictionary for each row."""
    keys = [column.key for column in picture.columns]
    return [dict(zip(keys, row, strict=True)) for row in table_rows(picture)]


class Stage:
    """An experiment whose moments can be shown."""

    def __init__(self, experiment: Experiment | str = "worked-example") -> None:
        self.experiment = preset(experiment) if isinstance(experiment, str) else experiment
        self.timeline = Timeline.of(self.experiment)

    def story(self, iteration: int = 0) -> Story:
        """One iteration; those before it are done when they are needed."""
        while self.timeline.newest < iteration:
            assert self.timeline.advance()
        return Story(self.timeline, iteration)

    def scene(
        self, position: int = 0, iteration: int = 0, size: StepSize = "operation", **more: Any
    ) -> Scene:
        """A moment; `more` are the other fields of a scene."""
        story = self.story(iteration)
        frame = Frame(story.plan, story.record, story.numbers, position, size)
        naming = Naming(story.graph, self.experiment.notation)
        return Scene(self.experiment, story.model, frame, naming, **more)


def canvas(scene: Scene) -> CanvasPicture:
    """What the canvas shows."""
    return canvas_picture(scene, canvas_shape(scene.graph, scene.naming, NumberFormat()), CanvasMemory())


def parts(tree: Math) -> Iterator[Math]:
    """A formula and all its parts."""
    yield tree
    match tree:
        case Row(children):
            inner: tuple[Math | None, ...] = children
        case Fraction(top, bottom):
            inner = (top, bottom)
        case Script(base, sub, sup):
            inner = (base, sub, sup)
        case Bracketed(child) | Root(child) | Link(child):
            inner = (child,)
        case Matrix(rows):
            inner = tuple(entry for row in rows for entry in row)
        case _:
            inner = ()
    for part in inner:
        if part is not None:
            yield from parts(part)


def numbers_in(tree: Math) -> list[float]:
    """All numbers of a formula that carry their digits, whole."""
    tips = [part.tip for part in parts(tree) if isinstance(part, Link) and part.tip]
    return [float(tip.replace("−", "-")) for tip in tips]
