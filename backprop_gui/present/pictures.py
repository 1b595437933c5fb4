"""What the views are told to show: frozen snapshots, made by `present`, painted by `views`.

A view compares the snapshot with the one it showed before and changes what differs. Texts are final
(rounded, named, in the user's notation); a name inside a sentence stands between asterisks
(`How much does *w₅* change the loss?`) and is painted slanted. `identity` strings are the
experiment's own names (`h1[2]`, `w5`, `loss`) and never depend on the notation.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from backprop_gui.present.math_tree import Math

if TYPE_CHECKING:
    from backprop_gui.present.layer_pictures import Bundle, BundleShape, Layer

Phase = Literal["given", "forward", "loss", "backward", "update"]
Emphasis = Literal["lit", "plain", "dim"]  # this step's own; at rest; greyed out
Mark = Literal["none", "ready", "complete"]  # dotted ring; corner dot
Tone = Literal["plain", "positive", "negative"]  # the colour of a number, beside its written sign


class Cell(Struct, frozen=True):
    """One quantity as it stands on a card, a chip or in a tip.

    `text` is `–` while the quantity is not uncovered; `full` has all digits (hover), `quantity` is
    handed back on a click, `edit` names what a double-click edits (empty: not editable).
    """

    label: str
    text: str
    full: str = ""
    quantity: Hashable | None = None
    lit: bool = False
    edit: str = ""


@dataclass(frozen=True, slots=True)
class CardShape:
    """A card of the canvas, before any number: an input, a neuron (or element of a node), the loss.

    `column` is its depth from the left (0 for inputs), `order` its place from the top in the
    column, `layer` the node it belongs to. `value_labels` and `gradient_labels` name its cells.

    Large layers are *blocks*: kind "image" for the pixels of a picture, "list" for a row each with its
    numbers, "cells" for many neurons. Their identity is the layer's; `cells` are the cards of its members,
    made when they are looked at, `grid` tells how many stand side by side and one below the other.
    """

    identity: str
    kind: Literal["input", "neuron", "loss", "image", "list", "cells"]
    title: str
    layer: str
    column: int
    order: int
    value_labels: tuple[str, ...]
    gradient_labels: tuple[str, ...] = ()
    bias: str = ""  # identity of the chip below the card: the neuron's bias
    spoken: str = ""  # accessible name: "neuron h 1 of layer 1"
    captioned: bool = True  # whether room is kept for a caption below
    spoken_bias: str = ""  # "b 1 of layer 2"
    grid: tuple[int, int] = (0, 0)
    cells: Sequence[CardShape] = field(default=(), compare=False, repr=False)
    subtitle: str = ""  # what a block says of itself below its title: 128 neurons

    @property
    def is_block(self) -> bool:
        """Whether it stands for a whole layer."""
        return self.kind in ("image", "list", "cells")


class EdgeShape(Struct, frozen=True):
    """A connection between two cards; `weight` is the parameter on it, empty for a plain link.

    Several edges may carry the same shared parameter. `layer` groups edges that are drawn together.
    """

    identity: str
    source: str
    target: str
    weight: str = ""
    layer: str = ""
    spoken: str = ""


class CanvasShape(Struct, frozen=True):
    """Everything about the canvas that does not change from step to step.

    `bundles` are the layers of weights at a block, of which each picture draws a few.
    """

    cards: tuple[CardShape, ...]
    edges: tuple[EdgeShape, ...]
    number_width: int = 9  # the longest number to be expected, in characters
    bundles: tuple[BundleShape, ...] = ()


class Card(Struct, frozen=True):
    """The state of one card: its cells in the order of the shape's labels."""

    identity: str
    values: tuple[Cell, ...]
    gradients: tuple[Cell, ...] = ()
    emphasis: Emphasis = "plain"
    mark: Mark = "none"
    caption: str = ""  # small text below: "target y = 0", "does not reach the loss"
    caption_edit: str = ""  # what a double-click on the caption edits
    tip: str = ""
    caption_quantity: Hashable | None = None  # the number in the caption


class Chip(Struct, frozen=True):
    """The state of one parameter where it is shown: on its edge, or below its neuron (bias).

    `title` is its name (`w₅`), `value` and `gradient` its two quantities; `strength` the value as
    a number, for the width and the sign's colour of the edge.
    """

    identity: str
    title: str
    value: Cell
    gradient: Cell
    strength: float = 0.0
    emphasis: Emphasis = "plain"
    frozen: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True)
class CanvasPicture:
    """The canvas at one step.

    `edges` holds the emphasis of each edge by identity; an edge that is not named is plain.
    `pulse` names the edges (and bundles, by their layers) along which this step's number travels; the
    pulse runs towards the target card in the forward phase, towards the source card in the backward phase.
    `hint` is one quiet line at the lower edge; `focus` the identity that is asked about.
    `layers` and `bundles` are the states of those of the shape; `more_chips` makes the chip of any
    parameter when it is looked at.
    """

    shape: CanvasShape
    cards: tuple[Card, ...]
    chips: tuple[Chip, ...]
    edges: dict[str, Emphasis] = field(default_factory=dict)
    phase: Phase = "given"
    pulse: tuple[str, ...] = ()
    hint: str = ""
    focus: str = ""
    layers: tuple[Layer, ...] = field(default=(), compare=False, repr=False)
    bundles: tuple[Bundle, ...] = field(default=(), compare=False, repr=False)
    more_chips: Mapping[str, Chip] = field(default_factory=dict, compare=False, repr=False)


class Block(Struct, frozen=True):
    """A block of formulas in the explain panel: a small caption and one or more rows.

    `stamp` is a verified remark shown after a ✓ (`finite difference`); `result` sets the rows larger.
    `opened`: a click has just asked for this block, so it has to come into view.
    """

    caption: str
    rows: tuple[Math, ...]
    stamp: str = ""
    result: bool = False
    opened: bool = False


class ExplainPage(Struct, frozen=True):
    """What the explain panel says at one step.

    `text` is the whole page in words, in reading order: the panel's accessible description.
    `announcement` is the short sentence a screen reader speaks when the step is taken.
    `unfold` tells whether the step can be unfolded to the loss (none / can be / is unfolded).
    """

    phase: Phase
    kicker: str
    question: str
    why: str = ""
    blocks: tuple[Block, ...] = ()
    meaning: str = ""
    unfold: Literal["none", "folded", "unfolded"] = "none"
    asking: bool = False  # ask first: only the question is shown, → shows the number
    text: str = ""
    announcement: str = ""


class Stretch(Struct, frozen=True):
    """A run of steps of one phase (of one sample): `count` steps, the first is `start` + 1."""

    phase: Phase
    label: str
    start: int
    count: int


class TimelinePicture(Struct, frozen=True):
    """The timeline bar: where one is. `position` steps of `total` are uncovered."""

    iteration: int
    newest: int
    position: int
    total: int
    stretches: tuple[Stretch, ...]
    sample_text: str = ""  # "sample 1 of 1"
    step_text: str = ""  # "step 19 of 51"
    phase: Phase = "given"
    description: str = ""  # accessible: "iteration 0, sample 1 of 1, step 20 of 51, backward"


class Column(Struct, frozen=True):
    """A column of a table. `numeric` aligns right and sorts by value; `editable` takes new values."""

    key: str
    title: str
    numeric: bool = False
    editable: bool = False
    tip: str = ""


class TableRow(Struct, frozen=True):
    """A row: the texts of its cells, what they are sorted by, all their digits (tips, copying).

    `tones` colours numbers by their sign; empty: none of them.
    """

    identity: str
    texts: tuple[str, ...]
    sort_keys: tuple[float | str, ...]
    full: tuple[str, ...]
    tones: tuple[Tone, ...] = ()


class TablePicture(Struct, frozen=True):
    """A table; `rows` may be a lazy sequence that makes a row when it is looked at.

    `lit_place` is the place of the lit row in `rows`, −1 where it has to be looked for; `lit_column`
    names the one cell of that row that is lit, empty for the whole row.
    """

    columns: tuple[Column, ...]
    rows: Sequence[TableRow]
    lit: str = ""  # identity of the row of the current step or focus
    lit_place: int = -1
    lit_column: str = ""


class CheckPicture(Struct, frozen=True):
    """The gradients beside their finite differences: what comes of it in a sentence, remarks, all rows."""

    state: Literal["good", "bad", "stale"]
    sentence: str
    remarks: tuple[str, ...]
    table: TablePicture


class StatusPicture(Struct, frozen=True):
    """The status bar: conventions in force at the left; check stamp and digits at the right."""

    conventions: tuple[str, ...]
    stamp: str = ""
    stamp_state: Literal["none", "good", "stale", "bad"] = "none"
    digits: str = ""
    message: str = ""
    memory: str = ""  # what the history takes, where that is worth knowing
