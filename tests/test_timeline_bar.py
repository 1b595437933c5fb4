"""The timeline bar: where steps stand, what a click asks for, and the field for the iteration."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtWidgets import QLineEdit, QMainWindow

from backprop_gui.present.pictures import Phase, Stretch, TimelinePicture
from backprop_gui.views.theme import LIGHT
from backprop_gui.views.timeline_bar import TimelineBar
from backprop_gui.views.timeline_layout import lay_out

STEPS: tuple[tuple[Phase, int], ...] = (("forward", 10), ("loss", 1), ("backward", 25), ("update", 15))


def stretches(samples: int = 1, counts: tuple[tuple[Phase, int], ...] = STEPS) -> tuple[Stretch, ...]:
    """A whole iteration: forward, loss, backward per sample, the mean, the updates."""
    forward, loss, backward, update = counts
    phases = [forward, loss, backward] * samples
    phases += [("backward", update[1])] if samples > 1 else []
    made, start = [], 0
    for phase, count in [*phases, update]:
        made.append(Stretch(phase, phase.capitalize(), start, count))
        start += count
    return tuple(made)


def picture(position: int, parts: tuple[Stretch, ...] | None = None, **kwargs) -> TimelinePicture:
    parts = stretches() if parts is None else parts
    total = parts[-1].start + parts[-1].count
    told = {"iteration": 3, "newest": 1000, "sample_text": "sample 1 of 1", "step_text": f"step {position}"}
    return TimelinePicture(position=position, total=total, stretches=parts, **(told | kwargs))


@pytest.fixture
def bar(qtbot) -> TimelineBar:
    widget = TimelineBar()
    qtbot.addWidget(widget)
    widget.resize(1000, 60)
    widget.show()
    widget.show_timeline(picture(19))
    return widget


def place(bar: TimelineBar, position: int) -> QPoint:
    """The middle of a tick on the bar."""
    left, right = bar._layout.place_of(position)
    row = bar._row()
    return QPoint(round(row.left() + (left + right) / 2), round(row.center().y()))


def label_width(label: str) -> float:
    return 6.5 * len(label)


# --- where steps stand ---------------------------------------------------------------------------


def test_with_room_every_step_is_a_tick() -> None:
    layout = lay_out(stretches(), 800, label_width)
    assert layout.ticks
    assert [span.phase for span in layout.spans] == ["forward", "loss", "backward", "update"]
    assert layout.spans[1].right - layout.spans[1].left >= label_width("Loss")


def test_two_hundred_thousand_steps_become_bars() -> None:
    counts: tuple[tuple[Phase, int], ...]
    counts = (("forward", 404), ("loss", 1), ("backward", 110_000), ("update", 110_000))
    layout = lay_out(stretches(1, counts), 800, label_width)
    assert not layout.ticks
    assert len(layout.spans) == 4


@pytest.mark.parametrize(("samples", "spans"), [(4, 14), (30, 32), (6000, 3)])
def test_many_samples_merge_and_mean_and_update_stay(samples: int, spans: int) -> None:
    layout = lay_out(stretches(samples), 700, label_width)
    assert len(layout.spans) == spans
    assert [span.phase for span in layout.spans[-2:]] == ["backward", "update"]


@given(
    samples=st.integers(1, 300),
    counts=st.tuples(*(st.integers(1, 5000) for _ in range(4))),
    width=st.floats(40, 3000),
)
def test_spans_fill_the_width_in_order_and_cover_every_step(samples: int, counts, width: float) -> None:
    """No overlap, no hole between the steps, nothing beyond the edges."""
    named = tuple(zip(("forward", "loss", "backward", "update"), counts, strict=True))
    parts = stretches(samples, named)
    layout = lay_out(parts, width, label_width)
    assert layout.spans[0].left == 0
    assert layout.spans[-1].right == pytest.approx(width, abs=0.5)
    for before, after in pairwise(layout.spans):
        assert before.right <= after.left
        assert before.start + before.count == after.start
    assert layout.spans[-1].start + layout.spans[-1].count == parts[-1].start + parts[-1].count


@given(position=st.integers(0, 51), width=st.floats(260, 2000))
def test_a_tick_and_its_place_belong_together(position: int, width: float) -> None:
    layout = lay_out(stretches(), width, label_width)
    left, right = layout.place_of(position)
    middle = (left + right) / 2 if position else left - 1
    assert layout.position_at(middle) == position


def test_no_steps_are_no_fault(qtbot) -> None:
    """An experiment without steps paints, and a click on it asks for nothing."""
    bar = TimelineBar()
    qtbot.addWidget(bar)
    bar.show()
    with qtbot.assertNotEmitted(bar.position_requested):
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(100, 36))


# --- painting ------------------------------------------------------------------------------------


def test_uncovered_steps_are_filled_and_the_others_pale(bar) -> None:
    image = bar.grab().toImage()
    assert image.pixelColor(place(bar, 19)) == QColor(LIGHT.backward)
    pale = image.pixelColor(place(bar, 20))
    assert pale.lightness() > QColor(LIGHT.backward).lightness() + 60


def test_the_newest_step_is_marked_without_colour(bar) -> None:
    below = place(bar, 19) + QPoint(0, 11)
    assert bar.grab().toImage().pixelColor(below) == QColor(LIGHT.text)
    bar.show_timeline(picture(20))
    assert bar.grab().toImage().pixelColor(below) != QColor(LIGHT.text)


def test_ticks_keep_still_from_step_to_step(bar) -> None:
    before = bar._layout
    for position in range(52):
        bar.show_timeline(picture(position))
    assert bar._layout is before


# --- mouse and keys ------------------------------------------------------------------------------


def test_a_click_asks_for_the_position_and_changes_nothing(bar, qtbot) -> None:
    before = bar.grab().toImage()
    with qtbot.waitSignal(bar.position_requested) as asked:
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=place(bar, 30))
    assert asked.args == [30]
    assert bar.grab().toImage() == before


def test_a_click_left_of_the_ticks_asks_for_zero(bar, qtbot) -> None:
    with qtbot.waitSignal(bar.position_requested) as asked:
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(4, 37))
    assert asked.args == [0]


def test_a_drag_asks_once_for_every_new_position(bar, qtbot) -> None:
    asked: list[int] = []
    bar.position_requested.connect(asked.append)
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=place(bar, 19))
    for position in (20, 20, 21, 20):
        qtbot.mouseMove(bar, place(bar, position))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=place(bar, 20))
    assert asked == [20, 21, 20]


def test_hover_tells_the_step(bar) -> None:
    assert bar._tip(place(bar, 12).toPointF()) == "step 12 of 51 · backward"


def test_screen_readers_hear_where_one_is(bar) -> None:
    bar.show_timeline(picture(20, description="iteration 3, sample 1 of 1, step 20 of 51, backward"))
    assert bar.accessibleName() == "Timeline"
    assert bar.accessibleDescription() == "iteration 3, sample 1 of 1, step 20 of 51, backward"


def test_it_takes_no_arrow_keys(bar, qtbot) -> None:
    """← and → are the window's."""
    with qtbot.assertNotEmitted(bar.position_requested):
        qtbot.keyClick(bar, Qt.Key.Key_Right)


# --- the iteration -------------------------------------------------------------------------------


def test_a_typed_iteration_is_asked_for(bar, qtbot) -> None:
    bar.edit_iteration()
    editor = bar.findChild(QLineEdit, "iterationEditor")
    assert editor.isVisible()
    assert editor.selectedText() == "3"
    with qtbot.waitSignal(bar.iteration_requested) as asked:
        qtbot.keyClicks(editor, "17")
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert asked.args == [17]
    assert not editor.isVisible()


def test_beyond_the_newest_it_says_what_is_right(bar, qtbot) -> None:
    bar.edit_iteration()
    editor = bar.findChild(QLineEdit, "iterationEditor")
    with qtbot.assertNotEmitted(bar.iteration_requested):
        qtbot.keyClicks(editor, "1001x")
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert editor.isVisible()
    assert editor.text() == "1001"
    assert editor.accessibleDescription() == "0 to 1,000"


def test_escape_closes_the_field_and_is_not_the_windows(qtbot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = TimelineBar()
    window.setCentralWidget(bar)
    action = QAction("Clear focus", window)
    action.setShortcut(QKeySequence("Esc"))
    window.addAction(action)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    bar.show_timeline(picture(19))
    bar.edit_iteration()
    editor = bar.findChild(QLineEdit, "iterationEditor")
    with qtbot.assertNotEmitted(action.triggered), qtbot.assertNotEmitted(bar.iteration_requested):
        qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert not editor.isVisible()


def test_double_click_on_the_iteration_opens_the_field(bar, qtbot) -> None:
    qtbot.mouseDClick(bar, Qt.MouseButton.LeftButton, pos=bar._info().center().toPoint())
    assert bar.findChild(QLineEdit, "iterationEditor").isVisible()


def test_narrow_samples_are_named_by_their_number(bar) -> None:
    """Ten samples leave no room for the names of phases: each sample is named instead."""
    parts, start = [], 0
    for sample in range(1, 11):
        for phase, count in (("forward", 22), ("loss", 1), ("backward", 68)):
            parts.append(Stretch(phase, f"{phase.capitalize()} {sample}", start, count))
            start += count
    bar.show_timeline(picture(19, (*parts, Stretch("update", "Update", start, 102))))
    assert [text for _, text, _ in bar._labels()] == [*(f"Sample {n}" for n in range(1, 11)), "Update"]
    bar.show_timeline(picture(19))
    assert [text for _, text, _ in bar._labels()] == ["Forward", "Loss", "Backward", "Update"]
