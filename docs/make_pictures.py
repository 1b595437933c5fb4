"""Make all pictures of the documentation anew: python docs/make_pictures.py (needs ImageMagick).

Names behind it make those alone: python docs/make_pictures.py window why.

Each is taken of the program itself, without a screen, and then reduced to 128 colours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(QT_QPA_PLATFORM="offscreen", QT_LOGGING_RULES="*.warning=false")  # before Qt is imported

from PySide6.QtCore import Qt  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from backprop_gui.app import create_window  # noqa: E402
from backprop_gui.steps.race import Lane  # noqa: E402
from backprop_gui.steps.references import resolve  # noqa: E402
from backprop_gui.views.data_dialog import DataDialog  # noqa: E402
from backprop_gui.views.main_window import MainWindow  # noqa: E402


def pause(seconds: float = 0.3) -> None:
    """Let the window go on: plots are measured in pieces."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()


def whole(window: MainWindow) -> QWidget:
    return window


def panel(window: MainWindow) -> QWidget:
    return window.explain


def unfolded(window: MainWindow) -> QWidget:
    window.commands["unfold"].trigger()
    return window.explain


def with_samples(window: MainWindow) -> QWidget:
    window.table_tabs.setCurrentWidget(window.samples_table)
    return window


def graph(window: MainWindow) -> QWidget:
    return window.stage


def with_tree(window: MainWindow) -> QWidget:
    """Ask where a weight comes from, and open what its update was made of."""
    controller = window.controller  # type: ignore[attr-defined]
    controller.features["WhyTree"].ask(1, resolve(controller.session.model.graph, "w5"))
    pause()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(QApplication.focusWidget() or window, key)
    return window


def after_race(window: MainWindow) -> QWidget:
    """Three optimisers from the moment on screen, and the runs they leave: curves, list, differences."""
    session = window.controller.session  # type: ignore[attr-defined]
    branches = session.branches
    branches.race.start([Lane("gradient_descent", 0.5), Lane("momentum", 0.5), Lane("adam", 0.02)], 150)
    while branches.race.is_running:
        pause(0.1)
    branches.go_to("Adam, α = 0.02")
    session.seek(60, 0)
    tabs = window.table_tabs
    tabs.setCurrentIndex([tabs.tabText(tab) for tab in range(tabs.count())].index("Branches"))
    pause()
    bottom = window.plot_tabs.parentWidget()
    assert bottom is not None
    return bottom


def beside(window: MainWindow) -> QWidget:
    """The panel at the right, with the paths or the nudge of the number on screen."""
    pause()
    return window.side


def with_ledger(window: MainWindow) -> QWidget:
    window.controller.features["PathPanel"].open()  # type: ignore[attr-defined]
    return beside(window)


def with_nudge(window: MainWindow) -> QWidget:
    window.commands["nudge"].trigger()
    pause(1)
    return beside(window)


def with_plots(window: MainWindow) -> QWidget:
    pause(4)
    return window


def check_dialog(window: MainWindow) -> QWidget:
    return window.controller.checker.dialog  # type: ignore[attr-defined, no-any-return]


def data_dialog(window: MainWindow) -> QWidget:
    return DataDialog(ROOT / "resources/data/iris.csv", window.theme(), {"x": 4}, 3, window)


@dataclass(frozen=True)
class Picture:
    """A moment of an experiment, the commands that are chosen there, and the part that is taken."""

    name: str
    preset: str = "worked-example"
    iteration: int = 0
    step: int = 0
    commands: tuple[str, ...] = ()
    focus: str = ""
    size: tuple[int, int] = (1280, 800)
    part: Callable[[MainWindow], QWidget] = whole

    def take(self, path: Path) -> None:
        window = create_window(self.preset)
        assert isinstance(window, MainWindow)
        session = window.controller.session  # type: ignore[attr-defined]
        window.resize(*self.size)
        window.loss_plot.prepare()
        window.show()
        for name in ("theme.light", "reducedMotion", *self.commands):
            window.commands[name].trigger()
        session.reach(self.iteration)
        session.seek(self.iteration, self.step)
        if session.model.graph.parameters.size < 1000:
            session.check_gradients()
        session.set_focus(self.focus)
        QApplication.processEvents()
        part = self.part(window)
        QApplication.processEvents()
        part.grab().save(str(path))
        window.controller.close_without_asking()  # type: ignore[attr-defined]


PICTURES = (
    Picture("window", step=19, size=(1440, 900)),
    Picture("unfolded", step=27, size=(1280, 1240), part=unfolded),
    Picture("layer", step=26, commands=("stepSize.layer",), size=(1280, 1180), part=panel),
    Picture("focus", step=36, focus="w1"),
    Picture("samples", "averaging-over-examples", step=92, part=with_samples),
    Picture("trained", "spiral", iteration=500, step=4108, commands=("theme.dark",)),
    Picture("check", commands=("checkGradients",), part=check_dialog),
    Picture("data", "iris", part=data_dialog),
    Picture("why", iteration=1, size=(1280, 900), part=with_tree),
    Picture("nudge", step=19, size=(1280, 1330), part=with_nudge),
    Picture("paths", step=36, focus="w1", size=(1280, 990), part=with_ledger),
    Picture("build", "xor", commands=("networkPanel", "build"), size=(1280, 900), part=with_plots),
    Picture("graph", step=27, commands=("graphView",), size=(1900, 800), part=graph),
    Picture("plots", "two-moons", 300, commands=("plotsTogether",), size=(1440, 900), part=with_plots),
    Picture("race", size=(1440, 1000), part=after_race),
    Picture("large", "digits-large", step=4010),
)

if __name__ == "__main__":
    application = QApplication([])
    wanted = sys.argv[1:] or [picture.name for picture in PICTURES]
    with tempfile.TemporaryDirectory() as home:
        os.environ["BACKPROP_GUI_HOME"] = home  # nobody's settings
        for picture in (each for each in PICTURES if each.name in wanted):
            file = ROOT / "docs" / "images" / f"{picture.name}.png"
            picture.take(file)
            subprocess.run(
                ["convert", file, "+dither", "-colors", "128", "-strip", f"PNG8:{file}"], check=True
            )
