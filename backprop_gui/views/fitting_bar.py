"""A bar that always shows everything it has: it takes the roomiest form with the fewest rows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget


class FittingBar(QFrame):
    """Groups of widgets in a row, some from the left, some up to the right edge.

    A bar has several forms, from roomy to tight; `take_form` turns it into one of them. Where not
    even the last one fits, the groups wrap into further rows.
    """

    forms = 1
    margin, gap, above = 13, 14, 9  # at the sides, between groups, above and below a row

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = 1.0
        self._form = 0
        self._widths: list[list[int]] = []  # of the groups, by form; empty until measured
        self._groups: dict[QWidget, tuple[QWidget, ...]] = {}
        self._right: set[QWidget] = set()

    def take_form(self, form: int) -> None:
        """Turn into a form, 0 being the roomiest; a bar with one form has nothing to do."""

    def add_group(self, *widgets: QWidget, spacing: int = 0, right: bool = False) -> None:
        """Widgets that stay together; groups stand in the order in which they are added."""
        group = QWidget(self)
        layout = QHBoxLayout(group)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(spacing)
        for widget in widgets:
            layout.addWidget(widget)
        self._groups[group] = widgets
        if right:
            self._right.add(group)
        group.show()

    def set_text_scale(self, scale: float) -> None:
        """Let the gaps grow with the text."""
        self._scale = scale
        self.measure_again()

    def measure_again(self, *_: object) -> None:
        """Choose the form anew: something became wider or narrower."""
        self._widths = []
        self._arrange()

    def event(self, event: QEvent) -> bool:
        """Measure again when the style or the font changed; place again when a part changed."""
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange, QEvent.Type.Show):
            self.measure_again()
        elif event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the form anew for the new width."""
        super().resizeEvent(event)
        self._arrange()

    def sizeHint(self) -> QSize:
        """At least the widest group; the height follows from the rows."""
        widest = max((group.sizeHint().width() for group in self._shown()), default=0)
        return QSize(widest + 2 * self._grown(self.margin), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        """There is nothing to spare."""
        return self.sizeHint()

    def _shown(self) -> list[QWidget]:
        return [group for group, members in self._groups.items() if any(not m.isHidden() for m in members)]

    def _grown(self, pixels: int) -> int:
        """Gaps grow more slowly than the text: where text is large, room is dear."""
        return round(pixels * (1 + (self._scale - 1) / 3))

    def _arrange(self) -> None:
        if not self.isVisible():
            return
        room = self.width() - 2 * self._grown(self.margin)
        if not self._widths:
            self._measure()
        form = min(range(self.forms), key=lambda form: self._row_count(form, room))
        if form != self._form:
            self._take(form)
        self._place(room)

    def _measure(self) -> None:
        for form in range(self.forms):
            self._take(form)
            self._widths.append([group.sizeHint().width() for group in self._shown()])

    def _take(self, form: int) -> None:
        self._form = form
        self.take_form(form)
        for group in self._groups:
            layout = group.layout()
            assert layout is not None
            layout.invalidate()

    def _row_count(self, form: int, room: int) -> int:
        return max(self._rows(self._widths[form], room), default=0)

    def _rows(self, widths: list[int], room: int) -> list[int]:
        """The row each group goes to, from 0."""
        rows, row, used = [], 0, 0
        for width in widths:
            if used and used + width > room:
                row, used = row + 1, 0
            rows.append(row)
            used += width + self._grown(self.gap)
        return rows

    def _place(self, room: int) -> None:
        groups = self._shown()
        for empty in self._groups.keys() - set(groups):
            empty.setGeometry(0, 0, 0, 0)
        widths = [min(group.sizeHint().width(), room) for group in groups]
        rows = self._rows(widths, room)
        count = max(rows, default=-1) + 1
        top = between = self._grown(self.above) if count == 1 else round(0.7 * self.above)
        for row in range(count):
            members = {
                group: width for group, width, at in zip(groups, widths, rows, strict=True) if at == row
            }
            height = max(_height(group, width) for group, width in members.items())
            self._place_row(members, QRect(self._grown(self.margin), top, room, height))
            top += height + between
        self.setFixedHeight(top)

    def _place_row(self, members: dict[QWidget, int], area: QRect) -> None:
        """Left groups from the left edge, right groups up to the right edge."""
        gap, left = self._grown(self.gap), area.left()
        spare = max(0, area.width() - sum(members.values()) - gap * (len(members) - 1))
        for group, width in members.items():
            if group in self._right:
                left, spare = left + spare, 0
            group.setGeometry(left, area.top(), width, area.height())
            left += width + gap


def _height(group: QWidget, width: int) -> int:
    """How high a group has to be: texts that are longer than the bar break into lines."""
    return group.heightForWidth(width) if group.hasHeightForWidth() else group.sizeHint().height()
