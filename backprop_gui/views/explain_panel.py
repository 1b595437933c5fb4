"""The explain panel: one question, the rule in symbols and in numbers, the result, what it means."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QShowEvent
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QScrollArea, QWidget

from backprop_gui.present.pictures import ExplainPage, Phase
from backprop_gui.views.explain_block import BlockView
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.side_page import (
    SIDE,
    TEXT_PIXELS,
    TITLE_PIXELS,
    SidePage,
    kicker_font,
    rich_text,
    scroll_only_down,
    text_label,
)
from backprop_gui.views.theme import Theme

try:
    from PySide6.QtGui import QAccessibleAnnouncementEvent
except ImportError:  # Qt before 6.8
    QAccessibleAnnouncementEvent = None  # type: ignore[assignment,misc]

CONTROL_PIXELS = 12.0
PAPER = "Work it out on paper, then press →."

_BLANK = ExplainPage(phase="given", kicker="", question="")


class BelowResult(QWidget):
    """What may stand below the result: it says how high it is in a given width, and when that has changed."""

    grown = Signal()

    def arrange(self, width: int) -> int:
        """Give every part its place in `width`; the height that is needed."""
        raise NotImplementedError


class ExplainPanel(SidePage):
    """Shows an `ExplainPage`; its widgets are kept from page to page."""

    target_activated = Signal(object)  # a factor of a formula: a quantity, or the name of a rule
    target_asked = Signal(object)  # the same: why this number?
    unfold_requested = Signal()
    ask_first_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explain")
        self.setAccessibleName("Explanation")
        self._page = _BLANK
        self._behind = False  # the page changed while another tab hid it
        self._kicker = QLabel(self)
        self._ask_first = QCheckBox("Ask first", self)
        self._ask_first.setToolTip("First the question, then → shows the number")
        self._ask_first.clicked.connect(self.ask_first_requested)
        self._scroll = QScrollArea(self)
        self._sheet = QWidget()
        self._title, self._why, self._meaning = (text_label(self._sheet) for _ in range(3))
        self._unfold = QPushButton(self._sheet)
        self._unfold.setProperty("quiet", True)
        self._unfold.clicked.connect(self._request_unfold)
        self._blocks: list[BlockView] = []
        self._below: BelowResult | None = None
        self._letters = True
        self._arranged = False
        self._set_up_scrolling()
        self._kicker.setWordWrap(True)
        self._kicker.setTextFormat(Qt.TextFormat.PlainText)
        self._set_looks()
        self._fill()

    def _set_up_scrolling(self) -> None:
        scroll_only_down(self._scroll, self._sheet)
        for control in (self._ask_first, self._unfold):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    # --- being told ------------------------------------------------------------------------------

    def show_page(self, page: ExplainPage) -> None:
        """Show this page, and say its announcement to screen readers."""
        if page != self._page:
            other_question = (page.kicker, page.question) != (self._page.kicker, self._page.question)
            opened = [block for block in page.blocks if block.opened and block not in self._page.blocks]
            other_look = (page.phase, page.asking) != (self._page.phase, self._page.asking)
            self._page = page
            self.setAccessibleDescription(page.text)
            if not self.isVisible():
                self._behind = True
            else:
                if other_look:
                    self._set_looks()
                self._fill()
                self._arrange()
                if other_question:
                    self._scroll.verticalScrollBar().setValue(0)
                elif opened and not page.asking:
                    self._bring_into_view(self._blocks[page.blocks.index(opened[0])])
        self._announce(page.announcement)

    def show_ask_first(self, on: bool) -> None:
        """Show whether the question is asked before the number is shown."""
        self._ask_first.setChecked(on)

    def stand_below_result(self, part: BelowResult) -> None:
        """Keep a place for `part` below the result, or below the question while that is asked first."""
        self._below = part
        part.setParent(self._sheet)
        part.grown.connect(self._arrange)

    def show_below_result(self) -> None:
        """Scroll to what stands below the result."""
        if self._below is not None:
            self._bring_into_view(self._below)

    def show_letters(self, on: bool) -> None:
        """Whether single letters are keys, which buttons then name."""
        if on != self._letters:
            self._letters = on
            self._fill()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        for block in self._blocks:
            block.set_theme(theme)
        self._set_looks()
        self._fill()
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and formulas at `scale` times their plain size."""
        self._scale = scale
        for block in self._blocks:
            block.set_text_scale(scale)
        self._set_looks()
        self._arrange()

    # --- inside ----------------------------------------------------------------------------------

    def _set_looks(self) -> None:
        scale, theme = self._scale, self._theme
        set_look(self._kicker, kicker_font(scale), phase_colour(theme, self._page.phase))
        set_look(self._title, ui_font(TITLE_PIXELS * scale, "semibold"), theme.text)
        quiet = theme.muted if self._page.asking else theme.text
        set_look(self._why, ui_font(TEXT_PIXELS * scale), quiet)
        set_look(self._meaning, ui_font(TEXT_PIXELS * scale), theme.text)
        set_look(self._ask_first, ui_font(CONTROL_PIXELS * scale), theme.muted)
        set_look(self._unfold, ui_font(CONTROL_PIXELS * scale), theme.accent)

    def _fill(self) -> None:
        """Put the page's texts and formulas into the widgets."""
        page = self._page
        colour = phase_colour(self._theme, page.phase)
        self._kicker.setText(page.kicker)
        for label, text in (
            (self._title, page.question),
            (self._why, PAPER if page.asking else page.why),
            (self._meaning, "" if page.asking else page.meaning),
        ):
            label.setText(rich_text(text))
            label.setVisible(bool(text))
        blocks = () if page.asking else page.blocks
        while len(self._blocks) < len(blocks):
            self._blocks.append(self._new_block())
        for view, block in zip(self._blocks, blocks, strict=False):
            view.show_block(block, colour)
        for place, view in enumerate(self._blocks):
            view.setVisible(place < len(blocks))
        unfold = "Fold" if page.unfold == "unfolded" else "Unfold to the loss"
        self._unfold.setText(f"{unfold} (U)" if self._letters else unfold)
        self._unfold.setVisible(page.unfold != "none" and not page.asking)

    def _new_block(self) -> BlockView:
        block = BlockView(self._sheet)
        block.set_theme(self._theme)
        block.set_text_scale(self._scale)
        block.target_activated.connect(self.target_activated)
        block.target_asked.connect(self.target_asked)
        return block

    def _arrange(self) -> None:
        """Give every widget its place at once: nothing moves after the page is painted."""
        self._arranged = self.isVisible()
        if not self._arranged:
            return  # showEvent does; a window takes several sizes before it is seen
        scale = self._scale
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        # Room for the bar is kept whether it shows or not: lines break alike on short and long pages.
        inner = max(1, self.width() - SIDE - max(SIDE, bar + 2))
        head = self._arrange_head(inner)
        self._scroll.setGeometry(0, head, self.width(), max(0, self.height() - head))
        y = 0
        for label, gap in ((self._title, 0), (self._why, 5)):
            if not label.isHidden():
                y = self._place(label, y + round(gap * scale), inner, label.heightForWidth(inner))
        y += round(12 * scale)
        for block in self._blocks:
            if not block.isHidden():
                y = self._place(block, y, inner, block.arrange(inner)) + round(9 * scale)
        if self._below is not None and not self._below.isHidden():
            height = self._below.arrange(inner)
            y = self._place(self._below, y, inner, height) + round(9 * scale)
        if not self._unfold.isHidden():
            size = self._unfold.sizeHint()
            self._unfold.setGeometry(SIDE - round(4 * scale), y - 2, min(size.width(), inner), size.height())
            y += size.height() + round(2 * scale)
        if not self._meaning.isHidden():
            y = self._place(self._meaning, y + round(2 * scale), inner, self._meaning.heightForWidth(inner))
        self._sheet.resize(max(1, self.width() - bar), y + SIDE)

    def _arrange_head(self, inner: int) -> int:
        """Kicker at the left, the switch at the right; the height they take."""
        top = round(12 * self._scale)
        switch = self._ask_first.sizeHint()
        room = max(1, inner - switch.width() - 8)
        height = max(switch.height(), self._kicker.heightForWidth(room))
        self._kicker.setGeometry(SIDE, top, room, height)
        self._ask_first.setGeometry(SIDE + inner - switch.width(), top, switch.width(), switch.height())
        return top + height + round(3 * self._scale)

    def _bring_into_view(self, block: QWidget) -> None:
        """Scroll no farther than needed; of a block that is too high its top is seen."""
        top, bar = block.y(), self._scroll.verticalScrollBar()
        below = block.geometry().bottom() + round(9 * self._scale) - self._scroll.viewport().height()
        bar.setValue(min(max(bar.value(), below), max(0, top - round(9 * self._scale))))

    def _announce(self, sentence: str) -> None:
        if sentence and QAccessibleAnnouncementEvent is not None:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    def _request_unfold(self) -> None:
        self.unfold_requested.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._behind:
            self._behind = False
            self._set_looks()
            self._fill()
            self._arrange()
            self._scroll.verticalScrollBar().setValue(0)
        elif not self._arranged:
            self._arrange()


def phase_colour(theme: Theme, phase: Phase) -> str:
    """The colour of a phase; before the first step there is none."""
    return theme.muted if phase == "given" else str(getattr(theme, phase))
