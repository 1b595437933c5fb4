"""Make all pictures of the documentation anew: python docs/make_pictures.py (needs ImageMagick).

Each is taken of the program itself, without a screen, and then reduced to 128 colours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.update(QT_QPA_PLATFORM="offscreen", QT_LOGGING_RULES="*.warning=false")  # before Qt is imported

from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from backprop_gui.app import create_window  # noqa: E402
from backprop_gui.views.data_dialog import DataDialog  # noqa: E402
from backprop_gui.views.main_window import MainWindow  # noqa: E402


def panel(window: MainWindow) -> QWidget:
    return window.explain


def with_samples(window: MainWindow) -> QWidget:
    window.table_tabs.setCurrentWidget(window.samples_table)
    return window


def check_dialog(window: MainWindow) -> QWidget:
    return window.controller.checker.dialog  # type: ignore[attr-defined, no-any-return]


def data_dialog(window: MainWindow) -> QWidget:
    return DataDialog(ROOT / "resources/data/iris.csv", window.theme(), {"x": 4}, 3, window)


def whole(window: MainWindow) -> QWidget:
    return window


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
        session.check_gradients()
        session.set_focus(self.focus)
        QApplication.processEvents()
        self.part(window).grab().save(str(path))
        window.controller.close_without_asking()  # type: ignore[attr-defined]


PICTURES = (
    Picture("window", step=19, size=(1440, 900)),
    Picture("unfolded", step=27, commands=("unfold",), size=(1280, 1180), part=panel),
    Picture("layer", step=26, commands=("stepSize.layer",), size=(1280, 1180), part=panel),
    Picture("focus", step=36, focus="w1"),
    Picture("samples", "averaging-over-examples", step=92, part=with_samples),
    Picture("trained", "spiral", iteration=500, step=4108, commands=("theme.dark",)),
    Picture("check", commands=("checkGradients",), part=check_dialog),
    Picture("data", "iris", part=data_dialog),
)

if __name__ == "__main__":
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["BACKPROP_GUI_HOME"] = home  # nobody's settings
        for picture in PICTURES:
            file = ROOT / "docs" / "images" / f"{picture.name}.png"
            picture.take(file)
            subprocess.run(
                ["convert", file, "+dither", "-colors", "128", "-strip", f"PNG8:{file}"], check=True
            )
