"""The panel that answers "why this number?": where it belongs, the crumbs one has come by, the tree."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from backprop_gui.present.why import WhyPicture
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.side_page import SIDE, TEXT_PIXELS, SidePage, kicker_font, rich_text
from backprop_gui.views.theme import Theme
from backprop_gui.views.why_list import WhyList

HINT = "→ opens · ← closes · Enter starts here · Backspace goes back · F2 edits"
HINT_PIXELS, CRUMB_PIXELS = 11.5, 13.0
LEAST_FOR_HINT = 260  # pixels of height at the usual text size: below, the tree needs them all
MOST_CRUMBS = 12  # shown at once; of a longer way the first and the last ones


class WhyPanel(SidePage):
    """Shows a `WhyPicture`; its widgets are kept from picture to picture."""

    crumb_requested = Signal(int)
    go_requested = Signal(object)  # the path of a row
    copy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Why this number?")
        self._picture = WhyPicture()
        self._kicker, self._note, self._hint = QLabel(self), QLabel(self), QLabel(HINT, self)
        self._kicker.setTextFormat(Qt.TextFormat.PlainText)
        self._go, self._copy = self._button("Go there"), self._button("Copy")
        self._crumbs: list[QToolButton] = []
        self._gaps: list[QLabel] = []
        self._places: list[int] = []  # which crumb each button stands for
        self.tree = WhyList(self)
        self._set_up()

    def _button(self, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setProperty("quiet", "true")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _set_up(self) -> None:
        for label in (self._note, self._hint):
            label.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.RichText)
        self._note.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._go.setAccessibleName("Go to the step of this number")
        self._go.setToolTip("To the step where this number was uncovered")
        self._copy.setAccessibleName("Copy the tree as text")
        self._copy.setToolTip("Copy the opened tree as text")
        self._go.clicked.connect(self._request_go)
        self._copy.clicked.connect(self.copy_requested)
        self.tree.copy_requested.connect(self.copy_requested)
        self.tree.go_requested.connect(self.go_requested)
        self.setFocusProxy(self.tree)
        self._note.raise_()
        self._set_looks()
        self._fill()

    # --- being told ------------------------------------------------------------------------------

    def show_why(self, picture: WhyPicture, anew: bool = False) -> None:
        """Show this tree; of another one (`anew`) the first row becomes the current one."""
        if picture == self._picture and not anew:
            return
        self._picture = picture
        self._fill()
        self.tree.show_rows(picture.rows, anew)
        self._arrange()
        self.setAccessibleDescription(picture.text or picture.note.replace("*", ""))

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.tree.set_theme(theme)
        self._set_looks()
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and formulas at `scale` times their plain size."""
        self._scale = scale
        self.tree.set_text_scale(scale)
        self._set_looks()
        self._arrange()

    # --- inside ----------------------------------------------------------------------------------

    def _set_looks(self) -> None:
        scale, theme = self._scale, self._theme
        set_look(self._kicker, kicker_font(scale), theme.muted)
        set_look(self._note, ui_font(TEXT_PIXELS * scale), theme.text)
        set_look(self._hint, ui_font(HINT_PIXELS * scale), theme.muted)
        for gap in self._gaps:
            set_look(gap, ui_font(CRUMB_PIXELS * scale), theme.muted)

    def _fill(self) -> None:
        picture = self._picture
        self._kicker.setText(picture.kicker)
        self._note.setText(rich_text(picture.note))
        self._note.setVisible(bool(picture.note))
        self._hint.setVisible(bool(picture.rows))
        self._go.setVisible(picture.leads)
        self._copy.setVisible(bool(picture.rows))
        self._fill_crumbs()

    def _fill_crumbs(self) -> None:
        """The last crumb is the root itself; with nothing before it, it says nothing new."""
        count = len(self._picture.crumbs) if len(self._picture.crumbs) > 1 else 0
        self._places = list(range(count))
        if count > MOST_CRUMBS:
            self._places = [0, *range(count - MOST_CRUMBS + 1, count)]
        while len(self._crumbs) < len(self._places):
            crumb, gap = self._button(""), QLabel("›", self)
            crumb.clicked.connect(self._request_crumb)
            set_look(gap, ui_font(CRUMB_PIXELS * self._scale), self._theme.muted)
            self._crumbs.append(crumb)
            self._gaps.append(gap)
        for number, (crumb, gap) in enumerate(zip(self._crumbs, self._gaps, strict=True)):
            there = number < len(self._places)
            crumb.setVisible(there)
            gap.setVisible(there and number + 1 < len(self._places))
            if there:
                shown = self._picture.crumbs[self._places[number]]
                left_out = number == 1 and self._places[1] > 1
                crumb.setText(f"… {shown.text}" if left_out else shown.text)
                crumb.setAccessibleName(f"Back to {shown.spoken}")
                crumb.setEnabled(self._places[number] + 1 < count)

    def _arrange(self) -> None:
        """Give every widget its place at once: nothing moves after the picture is painted."""
        scale, inner = self._scale, max(1, self.width() - 2 * SIDE)
        y = self._arrange_head(inner)
        y = self._arrange_crumbs(y, inner)
        if not self._note.isHidden():
            height = self._note.heightForWidth(inner)
            self._note.setGeometry(SIDE, y + round(6 * scale), inner, height)
        foot = 0
        roomy = self.height() > LEAST_FOR_HINT * scale
        self._hint.setVisible(roomy and bool(self._picture.rows))
        if not self._hint.isHidden():
            foot = self._hint.heightForWidth(inner) + round(16 * scale)
            self._hint.setGeometry(SIDE, self.height() - foot + round(8 * scale), inner, foot)
            self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Without rows it stays, behind the note: hidden, it would lose the keyboard.
        self.tree.setGeometry(2, y, max(1, self.width() - 4), max(1, self.height() - y - foot))

    def _arrange_head(self, inner: int) -> int:
        """The kicker at the left, what can be done at the right; the height they take."""
        top, right = round(8 * self._scale), SIDE + inner + round(6 * self._scale)
        height = self._go.sizeHint().height()
        for button in (self._copy, self._go):
            if not button.isHidden():
                width = button.sizeHint().width()
                right -= width
                button.setGeometry(right, top, width, height)
        room = max(1, right - SIDE - 4)
        self._kicker.setWordWrap(True)
        height = max(height, self._kicker.heightForWidth(room))
        self._kicker.setGeometry(SIDE, top, room, height)
        return top + height + round(4 * self._scale)

    def _arrange_crumbs(self, y: int, inner: int) -> int:
        """One crumb after the other, on as many lines as they need."""
        x = left = SIDE - round(6 * self._scale)
        height = 0
        for crumb, gap in zip(self._crumbs, self._gaps, strict=True):
            if crumb.isHidden():
                break
            size = crumb.sizeHint()
            between = gap.sizeHint().width() + round(2 * self._scale) if not gap.isHidden() else 0
            if x > left and x + size.width() > SIDE + inner:
                x, y = left, y + height
            height = size.height()
            crumb.setGeometry(x, y, min(size.width(), inner), height)
            gap.setGeometry(x + size.width(), y, between, height)
            x += size.width() + between
        return y + height + (round(4 * self._scale) if height else 0)

    def _request_go(self) -> None:
        row = self.tree.current() if self._picture.rows else None
        self.go_requested.emit(row.path if row is not None and row.head is not None else ())

    def _request_crumb(self) -> None:
        sender = self.sender()
        if sender in self._crumbs:
            self.crumb_requested.emit(self._places[self._crumbs.index(sender)])
