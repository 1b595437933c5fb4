"""The window under any sequence of keys, clicks and edits: it shows what a fresh window would show."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from backprop_gui.present.explain import explain_page
from backprop_gui.present.numbers import full
from backprop_gui.present.tables import gradient_table, parameter_table
from backprop_gui.present.timeline import status_picture, timeline_picture
from backprop_gui.session.session import Session
from tests.app.program import CTRL, KEY, SHIFT

KEYS = [
    *((KEY.Key_Right, held) for held in (KEY.Key_unknown, SHIFT, CTRL)),
    *((KEY.Key_Left, held) for held in (KEY.Key_unknown, SHIFT, CTRL)),
    *((KEY(KEY.Key_0 + number), KEY.Key_unknown) for number in range(1, 7)),
    *((key, KEY.Key_unknown) for key in (KEY.Key_Home, KEY.Key_End, KEY.Key_U, KEY.Key_Escape)),
    *((key, KEY.Key_unknown) for key in (KEY.Key_Space, KEY.Key_T, KEY.Key_F6, KEY.Key_F2)),
    *((key, KEY.Key_unknown) for key in (KEY.Key_Up, KEY.Key_Down, KEY.Key_Return, KEY.Key_Tab)),
    (KEY.Key_Z, CTRL),
    (KEY.Key_Z, CTRL | SHIFT),
    (KEY.Key_G, CTRL),
]
EDITS = ["w5 0.3", "w1 -2", "b5 0,5", "x[1,1] 1/3", "targets[1,1] 1", "w3′ 1", "w2 no"]
COMMANDS = ["restart", "askFirst", "checkGradients", "projector", "train", "clearFocus"]
DEEDS = st.one_of(
    st.tuples(st.just("key"), st.integers(0, len(KEYS) - 1)),
    st.tuples(st.just("key"), st.integers(0, len(KEYS) - 1)),
    st.tuples(st.just("edit"), st.sampled_from(EDITS)),
    st.tuples(st.just("rate"), st.sampled_from(["0.1", "2", "-1", ""])),
    st.tuples(st.just("do"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("click"), st.sampled_from(["w5", "h2[1]", "loss", "b1"])),
    st.tuples(st.just("wait"), st.just("")),
)


def carry_out(program, kind, what):
    """Do one thing, wherever the keyboard happens to be."""
    if kind == "key":
        key, held = KEYS[what]
        QTest.keyClick(
            QApplication.focusWidget() or program.window, key, *(() if held is KEY.Key_unknown else (held,))
        )
    elif kind == "edit":
        program.window.controller.edit(*what.split())
    elif kind == "rate":
        program.edit_rate(what)
    elif kind == "do":
        program.do(what)
    elif kind == "click":
        program.canvas.parameter_clicked.emit(what)
    else:
        QTest.qWait(5)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DEEDS, min_size=5, max_size=25))
def test_any_sequence_ends_in_what_a_fresh_session_tells(program, deeds):
    """Mash keys while it trains, edit while it plays: nothing stale stays, nothing breaks."""
    window, session = program.window, program.session
    window.controller.files.open("worked-example")
    window.table_tabs.setCurrentIndex(0)
    window.canvas.setFocus()
    program.widget("trainCount").setValue(100)
    for kind, what in deeds:
        carry_out(program, kind, what)
    session.running.halt()
    for switch in ("askFirst", "projector"):
        if program.action(switch).isChecked():
            program.do(switch)
    program.press(KEY.Key_Escape)
    for editor in (program.canvas._editor, window.timeline._editor):
        editor.hide()
    session.set_focus("")
    session.check_gradients()
    shown, expected = program.seen(), told(session)
    for part, value in expected.items():
        assert shown[part] == value, part


def told(session):
    """What a new session tells of the same document at the same moment, part by part."""
    fresh = Session(session.experiment)
    fresh._idle.stop()
    assert fresh.reach(session.timeline.newest)
    fresh.set_step_size(session.step_size)
    fresh.unfolded = session.unfolded
    fresh.seek(session.iteration, session.position)
    fresh.check_gradients()
    fresh._idle.stop()
    scene = fresh.scene()
    page, timeline = explain_page(scene), timeline_picture(scene, fresh.timeline.newest)
    return {
        "explain": (page.text, repr(page)),
        "timeline": (timeline.description, repr(timeline)),
        "gradients": cells(gradient_table(scene)),
        "parameters": cells(parameter_table(scene)),
        "status": repr(status_picture(scene, "none")),
        "rate": full(scene.model.settings["learning_rate"]),
        "here": session.iteration,
    }


def cells(table):
    """Texts and all digits of a table."""
    return [[list(row.texts) for row in table.rows], [list(row.full) for row in table.rows]]
