"""The path ledger beside the canvas: a question, a row for each way to the loss, and their sum."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QWidget

from backprop_gui.present.ledger import LedgerPicture
from backprop_gui.present.pictures import Block
from backprop_gui.views.explain_block import BlockView
from backprop_gui.views.fonts import ui_font
from backprop_gui.views.labels import set_look
from backprop_gui.views.ledger_row import LedgerRowView
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
from backprop_gui.views.theme import LIGHT, Theme

NOTE_PIXELS, GAP = 12.0, 7
LEAST_LIST = 150  # pixels of height at the usual text size: below, the sum is scrolled with the paths


class PathList(QWidget):
    """The rows below each other; ↑ and ↓ go from one to the next while it has the keyboard."""

    row_pointed = Signal(int)  # under the pointer, else selected by keys; −1: none
    target_activated = Signal(object)
    target_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Paths to the loss")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.rows: list[LedgerRowView] = []
        self._count = 0
        self._theme: Theme = LIGHT
        self._scale = 1.0
        self._selected = self._hovered = self._told = -1

    def show_rows(self, picture: LedgerPicture) -> None:
        """Show these rows; the owner arranges them afterwards. Another account has nothing selected."""
        chains = [row.chain for row in picture.rows]
        if chains != [each.row.chain for each in self.rows[: self._count] if each.row is not None]:
            self._selected = self._hovered = self._told = -1
        self._count = len(picture.rows)
        while len(self.rows) < self._count:
            self.rows.append(self._new_row())
        for view, row in zip(self.rows, picture.rows, strict=False):
            view.show_row(row)
        for place, view in enumerate(self.rows):
            view.setVisible(place < self._count)
        self._mark()

    def pointed(self) -> int:
        """The row that is pointed at or selected; −1 for none."""
        return self._hovered if self._hovered >= 0 else self._selected

    def arrange(self, width: int) -> int:
        """Give every row its place; the height that is needed."""
        y = 0
        for view in self.rows[: self._count]:
            view.resize(width, view.height())
            height = view.arrange(width)
            view.setGeometry(0, y, width, height)
            y += height + round(GAP * self._scale)
        return y

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        for view in self.rows:
            view.set_theme(theme)

    def set_text_scale(self, scale: float) -> None:
        """Text at `scale` times its plain size."""
        self._scale = scale
        for view in self.rows:
            view.set_text_scale(scale)

    def _new_row(self) -> LedgerRowView:
        view = LedgerRowView(self)
        view.set_theme(self._theme)
        view.set_text_scale(self._scale)
        view.entered.connect(self._enter)
        view.left.connect(self._leave)
        view.pressed.connect(self._press)
        view.target_activated.connect(self.target_activated)
        view.target_asked.connect(self.target_asked)
        return view

    def _enter(self, view: LedgerRowView) -> None:
        self._hovered = self.rows.index(view)
        self._mark()

    def _leave(self, view: LedgerRowView) -> None:
        if self._hovered == self.rows.index(view):
            self._hovered = -1
            self._mark()

    def _press(self, view: LedgerRowView) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._select(self.rows.index(view))

    def _select(self, place: int) -> None:
        """Select a row, bring it into view, and say what it is."""
        self._selected = place
        self._mark()
        if 0 <= place < self._count:
            view, area = self.rows[place], self.parentWidget()
            while area is not None and not isinstance(area, QScrollArea):
                area = area.parentWidget()
            if area is not None:
                area.ensureWidgetVisible(view, 0, GAP)
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, view.accessibleName()))

    def _mark(self) -> None:
        """Show which row is pointed at, and tell when it is another one."""
        pointed = self.pointed()
        for place, view in enumerate(self.rows[: self._count]):
            view.show_marked(place == pointed, self.hasFocus() and place == self._selected)
        if pointed != self._told:
            self._told = pointed
            self.row_pointed.emit(pointed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and self._count:
            self._select(min(max(self._selected + step, 0), self._count - 1))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_keys = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_keys and self._selected < 0 and self._count:
            self._select(0)
        self._mark()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._selected = -1
        self._mark()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._selected = self._hovered = -1
        self._mark()


class LedgerPanel(SidePage):
    """Shows a `LedgerPicture`; its widgets are kept from picture to picture."""

    row_pointed = Signal(int)
    target_activated = Signal(object)  # a factor or a stop on the way: a quantity, or a slope
    target_asked = Signal(object)  # the same: why this number?
    choice_requested = Signal(str)  # "sample" or "mean"
    copy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Paths")
        self._picture = LedgerPicture("", "", "")
        self._kicker = QLabel(self)
        self._kicker.setTextFormat(Qt.TextFormat.PlainText)
        self._head = QWidget(self)
        self._scroll, self._sheet = QScrollArea(self), QWidget()
        self._title, self._told, self._note = (text_label(self._sheet) for _ in range(3))
        self._list = PathList(self._sheet)
        self._total = BlockView(self._sheet)
        self._line = 0  # where the paths end that go on below; 0: all are in sight
        self._make_head()
        self._set_up()

    def _make_head(self) -> None:
        """What can be chosen and done, at the right of the kicker."""
        self._choices = QFrame()
        self._choices.setProperty("segmented", "true")
        row = QHBoxLayout(self._choices)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(0)
        self._sample, self._mean, self._copy = QToolButton(), QToolButton(), QToolButton()
        for button, slot in ((self._sample, self._choose_sample), (self._mean, self._choose_mean)):
            button.setProperty("segment", "true")
            button.setCheckable(True)
            button.clicked.connect(slot)
            row.addWidget(button)
        self._copy.setText("Copy")
        self._copy.setToolTip("Copy this account as text")
        self._copy.setAccessibleName("Copy the paths as text")
        self._copy.setProperty("quiet", "true")
        self._copy.clicked.connect(self.copy_requested)
        for button in (self._sample, self._mean, self._copy):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        head.addWidget(self._choices)
        head.addWidget(self._copy)

    def _set_up(self) -> None:
        scroll_only_down(self._scroll, self._sheet)
        self.setFocusProxy(self._list)
        self._list.row_pointed.connect(self.row_pointed)
        for part in (self._list, self._total):
            part.target_activated.connect(self.target_activated)
            part.target_asked.connect(self.target_asked)
        self._set_looks()

    # --- being told ------------------------------------------------------------------------------

    def show_ledger(self, picture: LedgerPicture) -> None:
        """Show this account."""
        if picture == self._picture:
            return
        other = picture.question != self._picture.question
        self._picture = picture
        self._fill()
        self._arrange()
        if other:
            self._scroll.verticalScrollBar().setValue(0)
        self.setAccessibleDescription(picture.text)

    def pointed(self) -> int:
        """The row that is pointed at or selected; −1 for none."""
        return self._list.pointed()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._list.set_theme(theme)
        self._total.set_theme(theme)
        self._set_looks()
        self._fill()
        self.update()

    def set_text_scale(self, scale: float) -> None:
        """Text and formulas at `scale` times their plain size."""
        self._scale = scale
        self._list.set_text_scale(scale)
        self._total.set_text_scale(scale)
        self._set_looks()
        self._arrange()

    # --- inside ----------------------------------------------------------------------------------

    def _set_looks(self) -> None:
        scale, theme = self._scale, self._theme
        set_look(self._kicker, kicker_font(scale), theme.backward)
        set_look(self._title, ui_font(TITLE_PIXELS * scale, "semibold"), theme.text)
        set_look(self._told, ui_font(TEXT_PIXELS * scale), theme.text)
        set_look(self._note, ui_font(NOTE_PIXELS * scale), theme.muted)

    def _fill(self) -> None:
        picture = self._picture
        # Which sample it is about stands on the button, where there is one.
        self._kicker.setText(picture.kicker.split(" · ")[0] if picture.choice else picture.kicker)
        for label, text in (
            (self._title, picture.question),
            (self._told, picture.told),
            (self._note, picture.note),
        ):
            label.setText(rich_text(text))
            label.setVisible(bool(text))
        self._choices.setVisible(bool(picture.choice))
        self._sample.setText(picture.sample_title)
        self._mean.setText(picture.whole_title)
        self._sample.setChecked(picture.choice == "sample")
        self._mean.setChecked(picture.choice == "mean")
        self._sample.setAccessibleName(f"Paths of {picture.sample_title.lower()}")
        self._mean.setAccessibleName(f"The {picture.whole_title.lower()} over the samples")
        self._copy.setVisible(bool(picture.rows))
        self._list.show_rows(picture)
        self._list.setVisible(bool(picture.rows))
        self._total.setVisible(picture.total is not None)
        if picture.total is not None:
            self._total.show_block(Block("", (picture.total,), picture.stamp, True), self._theme.backward)

    def _arrange(self) -> None:
        """Give every widget its place at once: nothing moves after the page is painted."""
        scale = self._scale
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        inner = max(1, self.width() - SIDE - max(SIDE, bar + 2))
        head = self._arrange_head(inner)
        room = max(0, self.height() - head)
        total = 0 if self._picture.total is None else self._total.arrange(inner)
        foot = total + round((GAP + 8) * scale) if room - total >= LEAST_LIST * scale else 0
        y = self._place(self._title, 0, inner, self._title.heightForWidth(inner))
        if not self._told.isHidden():
            y = self._place(self._told, y + round(5 * scale), inner, self._told.heightForWidth(inner))
        y += round(12 * scale)
        if not self._list.isHidden():
            self._list.resize(inner, self._list.height())
            y = self._place(self._list, y, inner, self._list.arrange(inner))
        if total and not foot:
            self._stand_in(self._sheet)
            y = self._place(self._total, y, inner, total) + round(6 * scale)
        if not self._note.isHidden():
            y = self._place(self._note, y, inner, self._note.heightForWidth(inner))
        self._line = 0
        if total and foot:  # the sum stays in sight, right below the paths or at the lower edge
            self._stand_in(self)
            self._line = head + room - foot if y + foot > room else 0
            end = min(y, room - foot)
            self._place(self._total, head + end + round(GAP * scale), inner, total)
            self._scroll.setGeometry(0, head, self.width(), end)
            self._sheet.resize(max(1, self.width() - bar), y)
        else:
            self._scroll.setGeometry(0, head, self.width(), room)
            self._sheet.resize(max(1, self.width() - bar), y + SIDE)
        self.update()

    def _stand_in(self, parent: QWidget) -> None:
        """Let the sum be scrolled with the paths, or stand below them."""
        if self._total.parentWidget() is not parent:
            self._total.setParent(parent)
            self._total.show()

    def _arrange_head(self, inner: int) -> int:
        """Kicker at the left, what can be chosen at the right; the height they take."""
        top = round(8 * self._scale)
        size = self._head.sizeHint()
        width = min(size.width(), inner) if self._picture.rows or self._picture.choice else 0
        self._head.setVisible(width > 0)
        room = max(1, inner - width - 8)
        height = max(size.height(), self._kicker.sizeHint().height())
        self._kicker.setGeometry(SIDE, top, room, height)
        self._head.setGeometry(
            SIDE + inner - width, top + (height - size.height()) // 2, width, size.height()
        )
        return top + height + round(2 * self._scale)

    def _choose_sample(self) -> None:
        self._choose("sample")

    def _choose_mean(self) -> None:
        self._choose("mean")

    def _choose(self, choice: str) -> None:
        """Ask for it; the buttons show what is shown until the answer comes."""
        self._sample.setChecked(self._picture.choice == "sample")
        self._mean.setChecked(self._picture.choice == "mean")
        self.choice_requested.emit(choice)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._line:
            painter = QPainter(self)
            painter.setPen(QColor(self._theme.border))
            painter.drawLine(0, self._line, self.width(), self._line)
            painter.end()
