"""Layout of formulas, and the view that shows them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Operator,
    Root,
    Script,
    Symbol,
    name,
    number,
    row,
)
from backprop_gui.views.formula import FormulaView, paint_formula
from backprop_gui.views.formula_layout import FormulaLayout
from backprop_gui.views.theme import DARK, LIGHT

PRODUCT = row(
    name("p"),
    Operator("="),
    Link(name("a"), "first", tip="all digits"),
    Operator("·"),
    Link(Bracketed(row(name("b"), Operator("−"), name("c"))), "second"),
    Operator("·"),
    Link(number("0.6011"), "third", lit=True),
)
FRACTION = Fraction(row(Symbol("∂"), name("L")), Script(name("z"), number("1"), Bracketed(number("2"))))


def baselines(layout: FormulaLayout) -> dict[str, tuple[float, float]]:
    return {piece.text: (piece.point.x(), piece.point.y()) for piece in layout.texts}


@pytest.fixture
def view(qtbot: QtBot) -> FormulaView:
    shown = FormulaView()
    qtbot.addWidget(shown)
    shown.show_formula(PRODUCT)
    shown.resize(400, shown.heightForWidth(400))
    return shown


def test_scripts_are_smaller_and_stacked(qapp: object) -> None:
    """A subscript is below the superscript and begins at the same place."""
    layout = FormulaLayout(Script(name("W"), number("1"), number("2")), 40)
    places = baselines(layout)
    sizes = {piece.text: piece.font.pixelSize() for piece in layout.texts}
    assert sizes["1"] == sizes["2"] == 28
    assert sizes["W"] == 40
    assert places["2"][1] < places["W"][1] < places["1"][1]
    assert abs(places["1"][0] - places["2"][0]) < 0.2 * sizes["W"]


def test_a_fraction_bar_covers_both_sides_on_the_axis(qapp: object) -> None:
    layout = FormulaLayout(row(FRACTION, Operator("="), Fraction(number("1"), number("2"))), 20)
    bar, other = (placed.rect for placed in layout.bars)
    assert bar.top() == other.top() < layout.baseline
    assert all(bar.left() <= x < bar.right() for text, (x, _) in baselines(layout).items() if text in "∂Lz")


def test_brackets_grow_with_what_they_hold(qapp: object) -> None:
    """Low contents keep the letter's own bracket; a fraction gets drawn ones around all of it."""
    assert not FormulaLayout(Bracketed(name("z")), 20).paths
    layout = FormulaLayout(Bracketed(FRACTION), 20)
    assert len(layout.paths) == 2
    assert layout.paths[0].path.boundingRect().height() >= 0.9 * (layout.height)


def test_numbers_of_a_column_stand_by_their_decimal_point(qapp: object) -> None:
    layout = FormulaLayout(Matrix(((number("0.5"),), (number("−10.25"),))), 20)
    short, long = (piece.point.x() for piece in layout.texts)
    assert short > long


def test_a_root_covers_its_hat(qapp: object) -> None:
    """An accent makes the letter higher, so the bar of the root rises above it."""
    bare, hatted = (FormulaLayout(Root(name(text)), 40) for text in ("v", "v̂"))
    assert hatted.height > bare.height


def test_operators_are_spaced_but_signs_are_not(qapp: object) -> None:
    def width(*parts: Math) -> float:
        return FormulaLayout(row(*parts), 40).width

    minus, z = Operator("−"), name("z")
    apart = width(z, minus, z) - width(z) - width(z)
    assert apart > width(minus, z) - width(z) + 10


def test_a_long_row_breaks_at_relations_then_at_sums(qapp: object) -> None:
    """Lines that begin with a relation align with the first one; the others stand after it."""
    terms = [part for k in "abcdef" for part in (Operator("+"), name(k), Operator("·"), number("0.5"))][1:]
    tree = row(name("z"), Operator("="), *terms, Operator("≈"), number("1.5"))
    wide, narrow = FormulaLayout(tree, 20), FormulaLayout(tree, 20, 150)
    assert narrow.width <= 150 < wide.width
    assert narrow.height > 2 * wide.height
    places = baselines(narrow)
    assert places["≈"][0] == pytest.approx(places["="][0])
    starts = {y: min(p.point.x() for p in narrow.texts if p.point.y() == y) for _, y in places.values()}
    continued = [p for p in narrow.texts if p.text == "+" and p.point.x() == starts[p.point.y()]]
    assert continued
    assert all(p.point.x() == pytest.approx(places["a"][0]) for p in continued)
    assert not any(p.text == "·" and p.point.x() == starts[p.point.y()] for p in narrow.texts)


def test_a_product_too_wide_breaks_between_factors(qapp: object) -> None:
    layout = FormulaLayout(PRODUCT, 20, 120)
    assert layout.width <= 120
    assert len({y for x, y in baselines(layout).values()}) == 2


def test_a_formula_that_cannot_break_gets_smaller(view: FormulaView) -> None:
    """At its minimum width the view still shows the whole formula."""
    view.show_formula(Matrix((tuple(number(f"0.12{k}") for k in range(6)),)))
    narrow = view.minimumSizeHint().width()
    assert narrow < view.sizeHint().width()
    assert view._fitted(narrow).width <= narrow


def test_clicking_a_link_hands_back_its_target(view: FormulaView, qtbot: QtBot) -> None:
    activated: list[object] = []
    view.target_activated.connect(activated.append)
    for rect in view.link_rects():
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=rect.center().toPoint())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() - 2, 2))
    assert activated == ["first", "second", "third"]


def test_the_pointer_becomes_a_hand_over_links_only(view: FormulaView, qtbot: QtBot) -> None:
    view.show()
    qtbot.mouseMove(view, view.link_rects()[0].center().toPoint())
    qtbot.waitUntil(lambda: view.cursor().shape() == Qt.CursorShape.PointingHandCursor)
    qtbot.mouseMove(view, QPoint(view.width() - 2, 2))
    qtbot.waitUntil(lambda: view.cursor().shape() == Qt.CursorShape.ArrowCursor)


def test_tab_goes_through_the_links_and_out_at_both_ends(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    before, view, after = QLineEdit(), FormulaView(), QLineEdit()
    column = QVBoxLayout(window)
    for widget in (before, view, after):
        column.addWidget(widget)
    view.show_formula(PRODUCT)
    activated: list[object] = []
    view.target_activated.connect(activated.append)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    for _ in range(3):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert activated == ["first", "second", "third"]
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    assert after.hasFocus()
    for _ in range(3):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Backtab)
        qtbot.keyClick(view, Qt.Key.Key_Enter)
    assert activated[3:] == ["third", "second", "first"]
    qtbot.keyClick(view, Qt.Key.Key_Backtab)
    assert before.hasFocus()


def test_a_formula_without_links_is_no_tab_stop(view: FormulaView) -> None:
    assert view.focusPolicy() == Qt.FocusPolicy.TabFocus
    view.show_formula(name("z"))
    assert view.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_showing_a_formula_emits_nothing_and_names_the_view(view: FormulaView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(view.target_activated):
        view.show_formula(row(name("z"), Operator("="), number("2")))
    assert view.accessibleName() == "z = 2"
    assert view.accessibleDescription() == "z equals 2"
    view.show_formula(None)
    assert (view.accessibleName(), view.heightForWidth(200)) == ("", 0)


def test_copies_go_to_the_clipboard(view: FormulaView) -> None:
    view.copy_latex()
    assert QGuiApplication.clipboard().text() == r"p = a \cdot (b - c) \cdot 0.6011"
    view.copy_text()
    assert QGuiApplication.clipboard().text() == "p = a · (b − c) · 0.6011"


def test_larger_letters_take_more_room(view: FormulaView) -> None:
    small = view.sizeHint()
    view.set_text_size(38)
    assert view.sizeHint().width() > 1.7 * small.width()
    assert view.sizeHint().height() > 1.5 * small.height()


def test_lit_parts_are_painted_in_the_colour_of_the_phase(qapp: object) -> None:
    """In both themes: the ground and the phase's colour appear where the lit part is, and only there."""
    for theme in (LIGHT, DARK):
        image = QImage(300, 60, QImage.Format.Format_RGB32)
        image.fill(QColor(theme.block))
        painter = QPainter(image)
        layout = FormulaLayout(PRODUCT, 30)
        paint_formula(painter, image.rect().toRectF(), PRODUCT, theme, 30, theme.update)
        painter.end()
        rect = layout.targets()[-1].rect.toAlignedRect()
        inside = {image.pixelColor(x, y).name() for x in range(300) for y in range(60) if rect.contains(x, y)}
        outside = {image.pixelColor(x, y).name() for x in range(rect.left() - 9) for y in range(60)}
        assert {theme.lit, theme.update} <= inside
        assert theme.text in outside
        assert not {theme.lit, theme.update} & outside


@pytest.mark.parametrize("text", ["ŷ", "y\u0302"])
def test_a_hat_does_not_straighten_a_slanted_letter(qapp: object, text: str) -> None:
    """The shipped font has ŷ in one piece as an upright letter only."""
    assert FormulaLayout(name(text), 40).texts[0].text == "𝑦\u0302"


@pytest.mark.parametrize(
    "tree", [row(), Matrix(()), Matrix(((), (name("a"),))), Bracketed(row(), "", ""), Symbol("")]
)
def test_empty_parts_take_a_line_and_do_no_harm(qapp: object, tree: Math) -> None:
    assert FormulaLayout(row(tree, Operator("="), tree), 20, 5).height > 15
