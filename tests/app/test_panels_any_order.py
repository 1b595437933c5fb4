"""Every panel after any sequence of deeds: dot for dot what a freshly opened window shows."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from backprop_gui.app.panel import Panel
from tests.app.program import CTRL, KEY, NO, SHIFT, Program, as_file

# the switches as they stand at the start
SWITCHES = (
    ("askFirst", False),
    ("singleKeys", True),
    ("projector", False),
    ("decimalComma", False),
    ("digitsFixed", False),
    ("build", False),
)
KEYS = (
    *((KEY.Key_Right, held) for held in (NO, NO, NO, SHIFT, CTRL)),
    *((KEY.Key_Left, held) for held in (NO, SHIFT, CTRL)),
    *((KEY(KEY.Key_0 + number), NO) for number in range(1, 7)),
    *((key, NO) for key in (KEY.Key_Home, KEY.Key_End, KEY.Key_U, KEY.Key_W, KEY.Key_N)),
    *((key, NO) for key in (KEY.Key_Up, KEY.Key_Down, KEY.Key_Return, KEY.Key_Tab, KEY.Key_Escape)),
    *((key, NO) for key in (KEY.Key_Space, KEY.Key_T, KEY.Key_F6, KEY.Key_Delete, KEY.Key_H)),
    *((key, NO) for key in (KEY.Key_M, KEY.Key_G, KEY.Key_Comma)),
    *((key, CTRL) for key in (KEY.Key_Z, KEY.Key_Z, KEY.Key_C, KEY.Key_V, KEY.Key_Y, KEY.Key_B)),
    (KEY.Key_Z, CTRL | SHIFT),
    (KEY.Key_B, CTRL | SHIFT),
)
EDITS = ("w5 0.3", "w1 -2", "b5 0,5", "x[1,1] 1/3", "targets[1,1] 1", "w3′ 1", "w2 no", "w2 1e300")
COMMANDS = (
    "restart",
    "askFirst",
    "checkGradients",
    "train",
    "newDraw",
    "clearFocus",
    "projector",
    "digits.17",
)
MOST_UNLIKE = 32  # of 255, once sixteen dots are one
PARTS = ("w5", "w1", "h2[1]", "h1[2]", "loss", "b1", "x[1]")


# a longer trial: BACKPROP_SEED=7 BACKPROP_PRESETS="worked-example two-moons" pytest …
SEED = int(os.environ.get("BACKPROP_SEED", "0"))
PRESETS = os.environ.get("BACKPROP_PRESETS", "worked-example").split()


def do_something(program: Program, chance: random.Random) -> None:
    """One deed of somebody who wants to know what happens."""
    window = program.window
    deed = chance.choice(("key", "key", "key", "edit", "rate", "command", "click", "tab", "wait"))
    if deed == "key":
        QTest.keyClick(QApplication.focusWidget() or window, *chance.choice(KEYS))
    elif deed == "edit":
        window.controller.edit(*chance.choice(EDITS).split())
    elif deed == "rate":
        program.edit_rate(chance.choice(("0.1", "2", "-1", "", "x")))
    elif deed == "command":
        program.do(chance.choice(COMMANDS))
    elif deed == "click":
        program.canvas.parameter_clicked.emit(chance.choice(PARTS))
    elif deed == "tab":
        tabs = chance.choice((window.side, window.plot_tabs, window.table_tabs))
        tabs.setCurrentIndex(chance.randrange(tabs.count()))
    else:
        QTest.qWait(3)


def put_back(program: Program) -> None:
    """End what is under way, and look at things as at the start."""
    program.session.running.halt()
    for switch, on in SWITCHES:
        if program.action(switch).isChecked() != on:
            program.do(switch)
    program.do("digits.4")
    program.press(KEY.Key_Escape, times=3)
    if program.window.stage.currentWidget() is not program.canvas:
        program.do("graphView")
    for branch in program.session.branches.others:
        program.session.branches.forget(branch.name)
    program.canvas.editing.leave()
    program.window.controller.features["HistoryPanel"]._unpin_all()
    program.session.unfolded = False
    program.session.refresh()


def settled(program: Program, focus: str) -> dict[str, QImage]:
    """Pictures of all panels, at rest, after `focus` was clicked."""
    window, session = program.window, program.session
    session.set_focus("")
    session.set_focus(focus)
    session.check_gradients()
    program.do("why")
    window.clear_message()
    found: dict[str, QImage] = {}
    panels: dict[str, Any] = {each.name: each for each in window.findChildren(Panel)}
    del panels["branchPanel"]  # branches are the one thing that a file does not hold
    for name, panel in panels.items():
        panel.open()
        program.window.setFocus()  # no ring around a part in either picture
        found[name] = at_rest(panel.widget)
    for tabs in (window.side, window.plot_tabs):
        tabs.setCurrentIndex(0)
        window.setFocus()
        found[tabs.currentWidget().objectName()] = at_rest(tabs.currentWidget())
    found["canvas"] = at_rest(window.canvas)
    return found


def at_rest(widget: QWidget) -> QImage:
    """A picture of it once it does not change any more: some panels measure after the first paint."""
    before, same = widget.grab().toImage(), 0
    while same < 5:
        QTest.qWait(40)
        now = widget.grab().toImage()
        before, same = now, same + 1 if now == before else 0
    return before


def look_alike(first: QImage, second: QImage) -> bool:
    """Whether they differ by no more than the edges of enlarged signs, set before or after others."""
    if first.size() != second.size():
        return False
    one, other = (blurred(each) for each in (first, second))
    return bool(np.abs(one - other).max() <= MOST_UNLIKE)


def blurred(picture: QImage) -> np.ndarray:
    """Its colours, sixteen dots to one."""
    small = picture.scaled(picture.size() / 4, mode=Qt.TransformationMode.SmoothTransformation)
    plain = small.convertToFormat(QImage.Format.Format_RGB32)
    return np.array(plain.constBits(), np.uint8).astype(int)


@pytest.mark.parametrize("preset", PRESETS)
def test_any_sequence_leaves_every_panel_as_a_fresh_window_has_it(start, tmp_path, preset):
    """After a hundred deeds in the real window."""
    program, chance = start(preset), random.Random(SEED)
    program.widget("trainCount").setValue(30)
    for _ in range(100):
        do_something(program, chance)
    session = program.session
    put_back(program)
    other = start(as_file(session.experiment, tmp_path / "fresh.json"))
    other.do(f"stepSize.{session.step_size}")
    assert other.session.reach(session.timeline.newest)
    other.session.seek(session.iteration, session.position)
    pictures, expected = settled(program, "w1"), settled(other, "w1")
    differing = [name for name in expected if not look_alike(pictures[name], expected[name])]
    for name in differing:
        pictures[name].save(str(tmp_path / f"{name}.png"))
        expected[name].save(str(tmp_path / f"{name} of a fresh window.png"))
    assert not differing
