"""A main window without a program behind it, filled as the worked example fills it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from backprop_gui.present.pictures import StatusPicture
from backprop_gui.views.main_window import MainWindow

STATUS = StatusPicture(
    ("L = ½(a − y)²", "one sample per update", "biases are updated"),
    "gradients checked, largest error 3·10⁻¹¹",
    "good",
    "4 significant digits",
)


@pytest.fixture
def window(qtbot):
    """A window as it stands when the worked example is open."""
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_presets(
        [("worked_example", "Worked example · 2-2-2-1", "By hand"), ("two", "Two", "")], "two"
    )
    window.toolbar.show_optimizers([("gradient_descent", "Gradient descent"), ("adam", "Adam")], "adam")
    window.toolbar.show_learning_rate("0.5")
    window.show_status(STATUS)
    window.show_document("Worked example", False)
    window.show()
    QApplication.processEvents()
    return window


def settle():
    """Let layouts take effect."""
    for _ in range(5):
        QApplication.processEvents()
