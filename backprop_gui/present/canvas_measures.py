"""Sizes on the graph canvas: boxes, and how much room cards, chips and captions need; no Qt."""

from __future__ import annotations

from msgspec import Struct

from backprop_gui.present.pictures import CardShape

DIGIT = 0.62  # width of a tabular digit, of `=` and of a minus, in em
LETTER = 0.58  # average width of a letter of a label, in em
IMAGE, FIELD = 224.0, 336.0  # the longer side of an image, of a field of cells, at most
LIST_ROW = 23.0
BLOCK_PADDING = 8.0

_SMALL = "₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾₍₎,"

Point = tuple[float, float]
Route = tuple[Point, ...]  # an edge as a line through points, from its source card to its target card


class Box(Struct, frozen=True):
    """A rectangle by its upper left corner and its size."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def centre(self) -> Point:
        return self.left + self.width / 2, self.top + self.height / 2

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than their edges (a rounding error is not an overlap)."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 1e-6 and down > 1e-6


class Measures(Struct, frozen=True):
    """Sizes of what stands on cards and chips, from the longest number and the text scale.

    In a `close` plan a card's title stands at its left, and its cells go without the labels above them.
    """

    number_width: int
    scale: float = 1.0
    close: bool = False

    def number(self, pixels: float) -> float:
        """Width of the longest number in a font of so many pixels; its point is narrow."""
        return ((self.number_width - 1) * DIGIT + 0.3) * pixels * self.scale

    def words(self, text: str, pixels: float) -> float:
        return len(text) * LETTER * pixels * self.scale

    @property
    def title_height(self) -> float:
        return 0.0 if self.close else 29 * self.scale

    def title_beside(self, shape: CardShape) -> float:
        """Width of the title at the left of a card in a close plan; an operation is named below it."""
        if not self.close or shape.is_block:
            return 0.0
        letters = sum(0.6 if letter in _SMALL else 1.0 for letter in shape.title)
        return (
            max(letters * LETTER * 13 * self.scale, self.words(self.below_title(shape), 10)) + 14 * self.scale
        )

    def below_title(self, shape: CardShape) -> str:
        """What a close plan writes below a title: the operation of a card that is no plain neuron."""
        single = self.close and shape.kind == "neuron" and len(shape.value_labels) == 1
        return shape.value_labels[0] if single and "=" not in shape.value_labels[0] else ""

    @property
    def chip_line(self) -> float:
        return 16.5 * self.scale

    @property
    def chip_width(self) -> float:
        # Weights are rarely the longest numbers there are: their gradients are.
        name_and_equals, padding = 27 * self.scale, 14 * self.scale
        return name_and_equals + self.number(12) + padding

    @property
    def chip_height(self) -> float:
        """Height of a chip with both lines, the value and the gradient."""
        return 2 * self.chip_line + 6 * self.scale

    @property
    def caption_height(self) -> float:
        return 19 * self.scale

    @property
    def gradient_row(self) -> float:
        return (19 if self.close else 25) * self.scale

    def caption_width(self, shape: CardShape, card_width: float, sends: bool) -> float:
        """Room for `target y = 0.123…`; wide where no chips of edges that the card sends need it."""
        if shape.kind == "loss":
            return max(card_width, 80 * self.scale + self.number(12))
        return self.chip_width if shape.bias and sends else card_width

    def head(self, shape: CardShape) -> float:
        """Height of the title (inputs, loss) or of the small labels (neurons) inside a card."""
        if self.close:
            return 0.0
        if shape.kind != "neuron":
            return 28 * self.scale
        return (26 if any(shape.value_labels) else 9) * self.scale

    def upper(self, shape: CardShape) -> float:
        """Height from the upper edge of a card to its hairline."""
        return self.head(shape) + 26 * self.scale

    def pitch(self, shape: CardShape) -> Point:
        """How far the cells of a block stand from each other, across and down."""
        columns, rows = shape.grid
        if shape.kind == "list":
            name = max(self.words(cell.title, 12) for cell in (shape.cells[0], shape.cells[-1]))
            numbers = self.number(12) + (self.number(11) if shape.gradient_labels else 0.0)
            return name + numbers + 34 * self.scale, LIST_ROW * self.scale
        room, largest = (IMAGE, 22.0) if shape.kind == "image" else (FIELD, 21.0)
        each = min(max(room / max(columns, rows), 3.0), largest) * self.scale
        return each, each

    def grid(self, shape: CardShape) -> Point:
        """The size of a block's picture or cells alone."""
        across, down = self.pitch(shape)
        return shape.grid[0] * across, shape.grid[1] * down

    def height(self, shape: CardShape) -> float:
        if shape.is_block:
            return self.grid(shape)[1] + 2 * BLOCK_PADDING * self.scale
        return self.upper(shape) + (self.gradient_row if shape.gradient_labels else 0)

    def width(self, shape: CardShape) -> float:
        """The smallest width in which every cell of the card, and the bias chip below, has room."""
        if shape.is_block:
            own = self.grid(shape)[0] + 2 * BLOCK_PADDING * self.scale
            return max(own, self.words(shape.subtitle, 12), self.width(shape.cells[0]))
        labels = max((self.words(label, 11) for label in shape.value_labels), default=0.0)
        labelled = shape.kind == "neuron" and not self.close
        value = max(self.number(13), labels if labelled else 0.0) + 13 * self.scale
        label = max((self.words(label, 11) for label in shape.gradient_labels), default=0.0)
        gradient = self.number(11) + label + 11 * self.scale
        inside = 0.0 if shape.kind == "neuron" else self.words(shape.title, 14) + 16 * self.scale
        bias = self.chip_width if shape.bias else 0.0
        cells = max(len(shape.value_labels) * value, len(shape.gradient_labels) * gradient)
        if self.close:
            return self.title_beside(shape) + cells
        return max(cells, inside, bias, 76 * self.scale)

    def cells(self, shape: CardShape, width: float) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
        """Boxes of the value cells and of the gradient cells, measured from the card's centre."""
        beside = self.title_beside(shape)
        left, top, upper = beside - width / 2, -self.height(shape) / 2, self.upper(shape)
        width -= beside
        head = 0.0 if shape.kind == "neuron" else self.head(shape)
        values = _divided(Box(left, top + head, width, upper - head), len(shape.value_labels))
        gradients = _divided(Box(left, top + upper, width, self.gradient_row), len(shape.gradient_labels))
        return values, gradients


def _divided(row: Box, count: int) -> tuple[Box, ...]:
    each = row.width / max(count, 1)
    return tuple(Box(row.left + i * each, row.top, each, row.height) for i in range(count))
