"""A large layer on the graph canvas: a picture of pixels, a field of cells, or a list of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from backprop_gui.present.canvas_layout import CardPlace
from backprop_gui.present.canvas_measures import BLOCK_PADDING, Measures
from backprop_gui.present.layer_pictures import Layer, Numbers
from backprop_gui.present.pictures import Card, CardShape, Cell, Phase
from backprop_gui.views.canvas_items import READABLE, UNKNOWN, PointedItem, Target, editable_digits
from backprop_gui.views.canvas_look import Look, rect_of
from backprop_gui.views.theme import blend

_RADIUS = 12.0
_DIM, _LIT = 0, 2
_SHADES = 8  # of a colour, from weak to strong
_GAP = 3.0  # between cells
_DOTTED = 14.0  # pixels a cell needs for a dot and a bar of its own


class CellItem(QGraphicsItem):
    """One member of a block, for the keyboard ring and for what opens on it."""

    def __init__(self, block: BlockItem, number: int) -> None:
        super().__init__(block)
        self._block, self._number = block, number
        self._focused = False
        rect = block.cell_rect(number)
        self.setPos(rect.center())
        self.box = rect.translated(-rect.center())
        self._away = 3.0 * block.look.scale
        self._bounds = self.box.adjusted(-2 * self._away, -2 * self._away, 2 * self._away, 2 * self._away)

    @property
    def title(self) -> str:
        """What the neuron is called."""
        return self._block.shape_of_card.cells[self._number].title

    @property
    def lit(self) -> bool:
        layer = self._block.layer
        return layer is not None and layer.levels[self._number] == _LIT

    @property
    def card(self) -> Card | None:
        """The member's card, as it is now."""
        return self._block.layer.cards[self._number] if self._block.layer is not None else None

    def edit_target(self) -> Target | None:
        """What F2 edits: a number that is given."""
        target = self._block.member_target(self._number)
        if target is None or not target.edit:
            return None
        return Target("card", target.identity, self.box, None, target.edit, target.digits, "", target.title)

    def show_focus(self, focused: bool) -> None:
        if focused != self._focused:
            self._focused = focused
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._block.look.theme.accent), 2.4 * self._block.look.scale))
            rect = self.box.adjusted(-self._away, -self._away, self._away, self._away)
            painter.drawRoundedRect(rect, 5, 5)


class BlockItem(PointedItem):
    """A layer of many numbers: who points at one of them means its neuron."""

    def __init__(self, shape: CardShape, place: CardPlace, measures: Measures, look: Look) -> None:
        super().__init__()
        self.shape_of_card, self.look = shape, look
        self.layer: Layer | None = None
        self._phase: Phase = "given"
        self._measures = measures
        x, y = place.card.centre
        self.setPos(x, y)
        self.box = rect_of(place.card).translated(-x, -y)
        assert place.title is not None
        self._title_box = rect_of(place.title).translated(-x, -y)
        self._caption_box = rect_of(place.caption).translated(-x, -y)
        self._pitch = measures.pitch(shape)
        padding = BLOCK_PADDING * measures.scale
        self._corner = self.box.topLeft() + QPointF(padding, padding)
        margin = 10 * look.scale
        self._bounds = (
            self.box.united(self._title_box)
            .united(self._caption_box)
            .adjusted(-margin, -margin, margin, margin)
        )
        self._cells: dict[int, CellItem] = {}
        self._hovered = -1
        self.setZValue(1.5)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    # ---------------------------------------------------------------- what is shown

    def show_layer(self, layer: Layer, phase: Phase) -> None:
        before, self.layer = self.layer, layer
        if before is None or phase != self._phase or not layer.same(before):
            self._phase = phase
            self.update()

    def show_look(self, look: Look) -> None:
        self.look = look
        self.update()

    @property
    def lit(self) -> bool:
        return self.layer is not None and bool((self.layer.levels == _LIT).any())

    # ---------------------------------------------------------------- its members

    def frame(self) -> QRectF:
        """The frame of the block, in the scene."""
        return self.box.translated(self.pos())

    def cell_rect(self, number: int) -> QRectF:
        """Where a member stands, in the coordinates of the block."""
        row, column = divmod(number, self.shape_of_card.grid[0])
        across, down = self._pitch
        return QRectF(self._corner.x() + column * across, self._corner.y() + row * down, across, down)

    def ports(self, right: bool) -> Numbers:
        """Where the lines of all members begin (at the right) or end, in the scene: (members, 2)."""
        count = len(self.shape_of_card.cells)
        rows, columns = np.divmod(np.arange(count), self.shape_of_card.grid[0])
        across, down = self._pitch
        x = self.pos().x() + self._corner.x() + (columns + 0.5) * across
        y = self.pos().y() + self._corner.y() + (rows + 0.5) * down
        if self.shape_of_card.kind == "list":
            x = np.full(count, self.pos().x() + (self.box.right() if right else self.box.left()))
        return np.column_stack([x, y])

    def number_at(self, point: QPointF) -> int:
        """The number of the member at a point of the block; −1 beside all."""
        across, down = self._pitch
        column = int((point.x() - self._corner.x()) // across)
        row = int((point.y() - self._corner.y()) // down)
        columns, rows = self.shape_of_card.grid
        number = row * columns + column
        inside = 0 <= column < columns and 0 <= row < rows and number < len(self.shape_of_card.cells)
        return number if inside else -1

    def cell(self, number: int) -> CellItem:
        """The item of a member, made when it is asked for."""
        if number not in self._cells:
            self._cells[number] = CellItem(self, number)
        return self._cells[number]

    def member_target(self, number: int) -> Target | None:
        """What a click or the pointer on a member means."""
        if self.layer is None:
            return None
        card, shape = self.layer.cards[number], self.shape_of_card.cells[number]
        edited = next((cell for cell in card.values if cell.edit), None)
        tip = "\n".join([f"{shape.title}", *(_told(cell) for cell in (*card.values, *card.gradients))])
        digits = editable_digits(edited.full or edited.text) if edited is not None else ""
        edit = edited.edit if edited is not None else ""
        return Target("card", card.identity, self.cell_rect(number), None, edit, digits, tip, shape.title)

    def target_at(self, point: QPointF) -> Target | None:
        """What a click or the pointer at a point (in the block's coordinates) means."""
        number = self.number_at(point)
        return self.member_target(number) if number >= 0 else None

    def quantity_at(self, point: QPointF) -> object | None:
        """The newest number of the member at a point."""
        number = self.number_at(point)
        if number < 0 or self.layer is None:
            return None
        card = self.layer.cards[number]
        known = [cell for cell in (*card.gradients, *reversed(card.values)) if cell.text != UNKNOWN]
        return next((cell.quantity for cell in (*known, *card.values)), None)

    # ---------------------------------------------------------------- painting

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.layer is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        legible = option.levelOfDetailFromTransform(painter.worldTransform()) >= READABLE
        self._paint_ground(painter)
        if self.shape_of_card.kind == "image":
            self._paint_image(painter, self.layer)
        elif self.shape_of_card.kind == "list":
            self._paint_list(painter, self.layer, legible)
        else:
            self._paint_cells(painter, self.layer)
        if legible:
            self._paint_words(painter, self.layer)

    def _paint_ground(self, painter: QPainter) -> None:
        look, layer, scale = self.look, self.layer, self.look.scale
        assert layer is not None
        dim = not layer.levels.any()
        colour = look.phase(self._phase)
        pen = QPen(look.ink(look.theme.outline, dim), 1.3 * scale)
        if self.lit:
            pen = QPen(QColor(colour), 2 * scale)
        elif layer.ready:
            pen = QPen(look.ink(colour, dim), 2.6 * scale)
            pen.setDashPattern([0.05, 2.1])
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        elif layer.complete.all():
            pen = QPen(look.ink(colour, dim), 1.8 * scale)
        painter.setPen(pen)
        painter.setBrush(QColor(look.card_ground(dim)))
        painter.drawRoundedRect(self.box, _RADIUS * scale, _RADIUS * scale)
        if layer.complete.all() and len(layer.complete):
            painter.setPen(QPen(QColor(look.theme.canvas), 1.5 * scale))
            painter.setBrush(look.ink(colour, dim))
            corner = self.box.topRight() + QPointF(-4 * scale, 4 * scale)
            painter.drawEllipse(corner, 6 * scale, 6 * scale)

    def _paint_words(self, painter: QPainter, layer: Layer) -> None:
        look, theme, scale = self.look, self.look.theme, self.look.scale
        dim, x = not layer.levels.any(), self._title_box.center().x()
        painter.setPen(look.ink(theme.text, dim))
        room = self._title_box.width()
        look.line(self.shape_of_card.title, 15, "semibold", True, room).paint(
            painter, x, self._title_box.top() + 14 * scale
        )
        painter.setPen(look.ink(theme.muted, dim))
        look.line(self.shape_of_card.subtitle, 12, room=room).paint(
            painter, x, self._title_box.top() + 34 * scale
        )
        look.line(layer.caption, 11, room=self._caption_box.width()).paint(
            painter, x, self._caption_box.center().y() + 2 * scale
        )

    def _paint_image(self, painter: QPainter, layer: Layer) -> None:
        """Ink where pixels are strong, in two colours if some are negative; quieter when nothing is lit."""
        columns, rows = self.shape_of_card.grid
        look, dim = self.look, not layer.levels.any()
        signed = np.nan_to_num(shares_of(layer.values))
        share = np.zeros(rows * columns)
        share[: len(signed)] = signed
        inks = (look.theme.negative, look.theme.positive) if (share < 0).any() else (look.theme.text,) * 2
        colours = [QColor(look.card_ground(dim)), *(look.ink(ink, dim) for ink in inks)]
        paper, below, above = (np.array([c.red(), c.green(), c.blue()]) for c in colours)
        ink = np.where(share[:, None] < 0, below, above)
        pixels = np.full((rows * columns, 4), 255, dtype=np.uint8)
        pixels[:, :3] = np.round(paper + np.abs(share)[:, None] * (ink - paper)).astype(np.uint8)
        data = pixels.tobytes()
        picture = QImage(data, columns, rows, columns * 4, QImage.Format.Format_RGBA8888)
        across, down = self._pitch
        rect = QRectF(self._corner.x(), self._corner.y(), columns * across, rows * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(rect, picture)
        painter.setPen(QPen(QColor(look.theme.border), look.scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)
        lit = np.flatnonzero(layer.levels == _LIT)
        looked_at = [] if layer.looked_at < 0 else [layer.looked_at]
        for number in [*lit[: len(lit) if len(lit) < len(layer.levels) else 0].tolist(), *looked_at]:
            painter.setPen(QPen(QColor(look.phase(self._phase)), 2 * look.scale))
            painter.drawRect(self.cell_rect(number))

    def _paint_cells(self, painter: QPainter, layer: Layer) -> None:
        look, theme = self.look, self.look.theme
        across = self._pitch[0]
        gap = min(_GAP * look.scale, 0.18 * across)
        values, slopes = shares_of(layer.values), shares_of(layer.slopes)
        phase = QColor(look.phase(self._phase))
        detailed = across >= _DOTTED * look.scale
        for number in range(len(layer.levels)):
            level, share, slope = layer.levels[number], values[number], slopes[number]
            dim = level == _DIM
            rect = self.cell_rect(number).adjusted(gap / 2, gap / 2, -gap / 2, -gap / 2)
            painter.setBrush(QColor(self._shade(share, dim)))
            done = bool(layer.complete[number])
            pen = QPen(phase if done or level == _LIT else QColor(theme.border), look.scale)
            if level == _LIT:
                pen.setWidthF(2.2 * look.scale)
            elif dim:
                pen.setColor(QColor(blend(pen.color().name(), theme.canvas, 0.5)))
            painter.setPen(pen)
            painter.drawRoundedRect(rect, 0.22 * across, 0.22 * across)
            if detailed:
                self._paint_signs(painter, rect, share, slope, dim)

    def _paint_signs(self, painter: QPainter, rect: QRectF, share: float, slope: float, dim: bool) -> None:
        """A minus on a negative value; at the foot a bar for the gradient, to the left where negative."""
        look, scale = self.look, self.look.scale
        if share < 0:
            painter.setPen(QPen(look.ink(look.theme.text, dim), 1.4 * scale))
            middle, half = rect.center() - QPointF(0, 1.5 * scale), 0.18 * rect.width()
            painter.drawLine(middle - QPointF(half, 0), middle + QPointF(half, 0))
        if slope == slope and slope != 0:
            length = max(abs(slope) * (rect.width() / 2 - 2 * scale), scale)
            left = rect.center().x() - (length if slope < 0 else 0.0)
            painter.fillRect(
                QRectF(left, rect.bottom() - 4 * scale, length, 2.6 * scale),
                look.ink(look.theme.backward, dim),
            )

    def _shade(self, share: float, dim: bool) -> str:
        """Blue for positive, orange for negative, the stronger the larger; white where nothing is known."""
        theme, ground = self.look.theme, self.look.card_ground(dim)
        if not share:
            return ground
        if share != share:
            return blend(theme.block, ground, 0.6)
        colour = theme.positive if share > 0 else theme.negative
        step = (1 + round(abs(share) * (_SHADES - 1))) / _SHADES
        return blend(colour, ground, step * (0.4 if dim else 0.8))

    def _paint_list(self, painter: QPainter, layer: Layer, legible: bool) -> None:
        look, theme, scale = self.look, self.look.theme, self.look.scale
        for number, shape in enumerate(self.shape_of_card.cells):
            rect, level = self.cell_rect(number), layer.levels[number]
            dim = level == _DIM
            if level == _LIT:
                painter.setPen(QPen(QColor(look.phase(self._phase)), 1.6 * scale))
                painter.setBrush(QColor(theme.lit))
                painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6 * scale, 6 * scale)
            elif number:
                painter.setPen(QPen(QColor(blend(theme.border, theme.card, 0.7)), scale))
                painter.drawLine(rect.topLeft(), rect.topRight())
            if legible:
                self._paint_row(painter, shape, layer.cards[number], rect, dim)

    def _paint_row(self, painter: QPainter, shape: CardShape, card: Card, rect: QRectF, dim: bool) -> None:
        """The name, the newest value, and the newest gradient at the right."""
        look, theme, scale = self.look, self.look.theme, self.look.scale
        middle, inset = rect.center().y(), 5 * scale
        painter.setPen(look.ink(theme.text, dim))
        name = look.line(shape.title, 12, "semibold", True)
        name.paint_from(painter, rect.left() + inset, middle)
        slope = _newest(card.gradients[::1])
        right = rect.right() - inset
        if card.gradients:
            if slope is not None:
                painter.setPen(look.ink(theme.backward, dim))
                line = look.line(
                    f"∂ {slope.text}", 11, "semibold", room=self._measures.number(11) + 14 * scale
                )
                line.paint_from(painter, right - line.width * line.squeeze, middle)
            right -= self._measures.number(11) + 10 * scale
        value = _newest(tuple(reversed(card.values)))
        known = value is not None
        line = look.line(value.text if value is not None else UNKNOWN, 12, "semibold" if known else "regular")
        painter.setPen(look.ink(theme.text if known else theme.muted, dim))
        line.paint_from(painter, right - line.width, middle)


def _newest(cells: tuple[Cell, ...]) -> Cell | None:
    """The first cell whose number is known."""
    return next((cell for cell in cells if cell.text != UNKNOWN), None)


def _told(cell: Cell) -> str:
    """A cell in a tip: a = relu(z) 0.412…"""
    label = cell.label.partition("=")[0].strip()
    return f"{label} {cell.full or cell.text}".strip()


def shares_of(numbers: NDArray[np.float64]) -> Numbers:
    """How large each number is beside the largest, from −1 to 1; what is not finite stays unknown."""
    finite = np.where(np.isfinite(numbers), numbers, np.nan)
    largest = np.nanmax(np.abs(finite)) if np.isfinite(finite).any() else 0.0
    if largest == 0:
        return np.where(np.isnan(finite), np.nan, 0.0)
    shares: Numbers = finite / largest
    return shares
