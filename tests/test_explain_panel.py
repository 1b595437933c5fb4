"""The explain panel: what it says, asks and hands on, and that it keeps its widgets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction, QKeySequence
from PySide6.QtWidgets import QCheckBox, QLabel, QMainWindow, QPushButton, QScrollArea, QWidget

from backprop_gui.present.math_tree import Link, Math, Operator, Root, Row, Script, Symbol, name, number, row
from backprop_gui.present.pictures import Block, ExplainPage
from backprop_gui.views.explain_block import BlockView, bold
from backprop_gui.views.explain_panel import PAPER, ExplainPanel
from backprop_gui.views.formula import FormulaView
from backprop_gui.views.side_page import rich_text
from backprop_gui.views.theme import DARK

RULE = row(name("a"), Operator("="), Link(number("0.6"), target="h1.a"))
PAGE = ExplainPage(
    phase="backward",
    kicker="Backward · step 19",
    question="How much does *w₅* change the loss?",
    why="Upstream times local.",
    blocks=(Block("Rule", (RULE,)), Block("Result", (RULE,), stamp="finite difference", result=True)),
    meaning="Raising *w₅* raises the loss.",
    unfold="folded",
    text="Backward, step 19. How much does w 5 change the loss?",
    announcement="Step 19 of 51, backward.",
)


@pytest.fixture
def panel(qtbot) -> ExplainPanel:
    widget = ExplainPanel()
    qtbot.addWidget(widget)
    widget.resize(380, 600)
    widget.show()
    return widget


def visible_texts(panel: ExplainPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def visible_blocks(panel: ExplainPanel) -> list[BlockView]:
    return [block for block in panel.findChildren(BlockView) if block.isVisible()]


def test_a_page_shows_question_rule_stamp_and_meaning(panel) -> None:
    panel.show_page(PAGE)
    texts = visible_texts(panel)
    assert "How much does <i>w₅</i> change the loss?" in texts
    assert {"Backward · step 19", "Upstream times local.", "Rule", "✓ finite difference"} <= set(texts)
    assert [len(block.findChildren(FormulaView)) for block in visible_blocks(panel)] == [1, 1]


def test_asking_shows_the_question_and_no_number(panel) -> None:
    panel.show_page(PAGE)
    panel.show_page(replace(PAGE, asking=True))
    assert PAPER in visible_texts(panel)
    assert not any("Raising" in text for text in visible_texts(panel))
    assert visible_blocks(panel) == []


def test_the_unfold_button_names_what_it_does_and_only_asks(panel, qtbot) -> None:
    button = panel.findChild(QPushButton)
    panel.show_page(PAGE)
    assert button.text() == "Unfold to the loss (U)"
    with qtbot.waitSignal(panel.unfold_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Unfold to the loss (U)"
    panel.show_page(replace(PAGE, unfold="unfolded"))
    assert button.text() == "Fold (U)"
    panel.show_page(replace(PAGE, unfold="none"))
    assert not button.isVisible()


def test_being_told_asks_for_nothing(panel, qtbot) -> None:
    with qtbot.assertNotEmitted(panel.ask_first_requested):
        panel.show_ask_first(True)
    box = panel.findChild(QCheckBox)
    assert box.isChecked()
    with qtbot.waitSignal(panel.ask_first_requested) as asked:
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center())
    assert asked.args == [False]


def test_a_clicked_factor_hands_back_its_target(panel, qtbot) -> None:
    panel.show_page(PAGE)
    formula = visible_blocks(panel)[0].findChild(FormulaView)
    with qtbot.waitSignal(panel.target_activated) as activated:
        qtbot.mouseClick(formula, Qt.MouseButton.LeftButton, pos=formula.link_rects()[0].center().toPoint())
    assert activated.args == ["h1.a"]


def test_pages_reuse_the_widgets(panel) -> None:
    panel.show_page(PAGE)
    before = set(map(id, panel.findChildren(QWidget)))
    for step in range(20):
        panel.show_page(replace(PAGE, kicker=f"Backward · step {step}", blocks=PAGE.blocks[: step % 3]))
    panel.show_page(PAGE)
    assert set(map(id, panel.findChildren(QWidget))) == before


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.5])
@pytest.mark.parametrize("width", [320, 520])
def test_nothing_overlaps_and_nothing_scrolls_sideways(panel, width: int, scale: float) -> None:
    """Parts stand below each other within the width, at every text size."""
    panel.set_text_scale(scale)
    panel.resize(width, 500)
    panel.show_page(PAGE)
    sheet = panel.findChild(QScrollArea).widget()
    parts = [part for part in sheet.children() if isinstance(part, QWidget) and part.isVisible()]
    rects = sorted((part.geometry() for part in parts), key=lambda rect: rect.top())
    assert all(above.bottom() < below.top() for above, below in pairwise(rects))
    assert all(rect.left() >= 0 and rect.right() < width for rect in rects)
    assert sheet.width() <= panel.findChild(QScrollArea).viewport().width()
    for block in visible_blocks(panel):
        inner = [part for part in block.children() if isinstance(part, QWidget) and part.isVisible()]
        assert all(block.rect().contains(part.geometry()) for part in inner)


def test_a_new_question_starts_at_the_top_and_unfolding_does_not_jump(panel) -> None:
    panel.resize(380, 200)
    panel.show_page(PAGE)
    bar = panel.findChild(QScrollArea).verticalScrollBar()
    bar.setValue(40)
    panel.show_page(replace(PAGE, unfold="unfolded"))
    assert bar.value() == 40
    panel.show_page(replace(PAGE, question="And *w₆*?"))
    assert bar.value() == 0


def test_screen_readers_get_the_page_and_every_announcement(panel, monkeypatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: said.append(event.message()))
    panel.show_page(PAGE)
    panel.show_page(PAGE)
    assert panel.accessibleDescription() == PAGE.text
    assert said.count("Step 19 of 51, backward.") == 2


def test_a_selected_text_leaves_the_arrows_to_the_window(qtbot) -> None:
    """Text can be selected with the mouse, and → still is the window's key."""
    window = QMainWindow()
    qtbot.addWidget(window)
    panel = ExplainPanel()
    window.setCentralWidget(panel)
    action = QAction("Next", window)
    action.setShortcut(QKeySequence("Right"))
    window.addAction(action)
    panel.show_page(PAGE)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    label = next(label for label in panel.findChildren(QLabel) if "How much" in label.text())
    label.setFocus()
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(label, Qt.Key.Key_Right)


def test_the_theme_reaches_the_kicker(panel) -> None:
    panel.show_page(PAGE)
    panel.set_theme(DARK)
    kicker = next(label for label in panel.findChildren(QLabel) if label.text() == PAGE.kicker)
    assert DARK.backward in kicker.styleSheet()


@pytest.mark.parametrize(
    ("sentence", "rich"),
    [("*w₅* is < 1", "<i>w₅</i> is &lt; 1"), ("a * b", "a * b"), ("one\ntwo", "one<br>two")],
)
def test_names_are_slanted_and_signs_stay_signs(sentence: str, rich: str) -> None:
    assert rich_text(sentence) == rich


def test_bold_reaches_every_symbol() -> None:
    """Scripts, roots and links too; operators have no weight."""
    tree: Math = row(Link(Script(name("w"), Symbol("5")), "w5"), Operator("≈"), Root(number("2")))
    expected = Row(
        (
            Link(Script(Symbol("w", slanted=True, bold=True), Symbol("5", bold=True)), "w5"),
            Operator("≈"),
            Root(Symbol("2", bold=True)),
        )
    )
    assert bold(tree) == expected
