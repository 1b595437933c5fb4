"""The why-tree as it is shown: breadcrumbs, the opened rows, what a screen reader says, text to copy."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from backprop_gui.engine.expressions import Slope
from backprop_gui.present.formulas import EQUALS, Formulas
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.math_tree import Link, Math, row
from backprop_gui.present.naming import Naming
from backprop_gui.present.numbers import NumberFormat, spoken_number
from backprop_gui.present.scene import sample_name
from backprop_gui.present.why_state import Path, Place, WhyState
from backprop_gui.present.why_words import symbol_of, waits_for, words_of
from backprop_gui.steps.frame import Frame
from backprop_gui.steps.provenance import Provenance, Source, Traced
from backprop_gui.steps.quantities import GRADIENT, UPDATED, Quantity

HOW_TO_ASK = (
    "Where does a number come from? Point at any number, on the canvas, in a table or in a formula, and "
    "press W; or click it with the right button. Then open it, part by part, down to the data and the "
    "first weights."
)


class WhyRow(Struct, frozen=True):
    """A row. `head` is the name with its number, `lines` the formula: in names when opened, in numbers.

    `mark` tells another iteration or sample than the root's; `text` is the row as plain text. A row
    without a head stands for parts that are not listed yet.
    """

    path: Path
    depth: int
    head: Math | None
    lines: tuple[Math, ...] = ()
    words: str = ""
    mark: str = ""
    openable: bool = False
    opened: bool = False
    text: str = ""
    spoken: str = ""


class WhyCrumb(Struct, frozen=True):
    """A number one has come by; `spoken` is its name as it is said."""

    text: str
    spoken: str


class WhyPicture(Struct, frozen=True):
    """The panel: where the number belongs, the crumbs, the rows; or a note in place of the rows.

    `leads` says whether there is a step one can go to. `text` is everything, to be copied.
    """

    kicker: str = "Why this number?"
    crumbs: tuple[WhyCrumb, ...] = ()
    rows: tuple[WhyRow, ...] = ()
    note: str = ""
    leads: bool = False
    text: str = ""


class _Body(Struct, frozen=True):
    """What is steady about a number, wherever it stands in the tree."""

    head: Math
    symbols: Math | None
    numbers: Math | None
    words: str
    openable: bool
    spoken: str


class WhyPictures:
    """Makes the pictures of one experiment in one notation and number format; rows are kept."""

    def __init__(self, provenance: Provenance, naming: Naming, form: NumberFormat) -> None:
        self.provenance = provenance
        self.naming = naming
        self.format = form
        self._bodies: dict[Traced, _Body] = {}
        self._last: tuple[WhyState, tuple[WhyRow, ...], str] | None = None

    def picture(self, state: WhyState, frame: Frame) -> WhyPicture:
        """The tree of a state, seen from a moment."""
        root = state.root
        if root is None:
            return WhyPicture(note=HOW_TO_ASK)
        several = len({crumb.root.iteration for crumb in state.crumbs}) > 1
        crumbs = tuple(self._crumb(crumb.root, several) for crumb in state.crumbs)
        kicker = self._kicker(root, frame)
        if root.iteration == frame.iteration and (note := waits_for(frame, self.naming, root.key)):
            return WhyPicture(kicker, crumbs, (), note, "not uncovered yet" in note, note.replace("*", ""))
        if self._last is None or self._last[0] is not state:  # else only time has moved
            opened = state.crumbs[-1].opened
            rows = tuple(self._row(place, root, opened) for place in state.places(self.provenance))
            self._last = state, rows, "\n".join(f"{'  ' * each.depth}{each.text}" for each in rows)
        return WhyPicture(kicker, crumbs, self._last[1], "", True, f"{kicker}\n{self._last[2]}\n")

    def _kicker(self, root: Traced, frame: Frame) -> str:
        count = self.format.count
        text = f"Iteration {count(root.iteration)}"
        sample = self._sample_mark(root)
        text += f" · {sample}" if sample else ""
        if root.iteration != frame.iteration:
            text += f" · you are at {count(frame.iteration)}"
        return text

    def _sample_mark(self, traced: Traced) -> str:
        """Which sample of a batch a number belongs to; empty where there is only one, or none."""
        key = traced.key
        if isinstance(key, Slope):
            inside = [part.key for part in self.provenance.parts(traced)]
            samples = [part.sample for part in inside if isinstance(part, Quantity)]
            sample = next((each for each in samples if each is not None), None)
        else:
            sample = key.sample if isinstance(key, Quantity) else None
        record = self.provenance.record(traced.iteration)
        if sample is None or record.samples == 1:
            return ""
        return sample_name(record, sample, self.format)

    def _crumb(self, root: Traced, with_iteration: bool) -> WhyCrumb:
        """A crumb's name, which tells it from others of the same letter."""
        symbol, said = self._symbol(root), ""
        if isinstance(root.key, Quantity) and root.key.aspect == UPDATED:
            said += " updated"
        if with_iteration:
            said += f" in {self.format.count(root.iteration)}"
        return WhyCrumb(plain(symbol) + said, spoken(symbol) + said.replace(" in ", " in iteration "))

    def _symbol(self, traced: Traced) -> Math:
        key, data_row = traced.key, None
        if isinstance(key, Quantity) and key.aspect == GRADIENT and key.sample is not None:
            record = self.provenance.record(traced.iteration)
            of_parameter = self.naming.graph.nodes[key.node].kind == "parameter"
            if of_parameter and record.samples > 1:
                data_row = int(record.rows[key.sample]) + 1
        return symbol_of(self.naming, key, data_row)

    # Rows -----------------------------------------------------------------------------------------

    def _row(self, place: Place, root: Traced, opened: Iterable[Path]) -> WhyRow:
        depth = len(place.path)
        if place.traced is None:
            words = f"… and {self.format.count(place.hidden)} more"
            return WhyRow(place.path, depth, None, (), words, openable=True, text=words, spoken=words)
        body = self._body(place.traced)
        is_open = body.openable and place.path in opened
        lines = tuple(line for line in (body.symbols if is_open else None, body.numbers) if line is not None)
        mark = self._mark(place.traced, root)
        parts = [plain(body.head), *(plain(line) for line in lines)]
        said = ", ".join(part for part in (body.words, mark) if part)
        text = " ".join(parts) + (f" ({said})" if said else "")
        state = (", open" if is_open else ", closed") if body.openable else ""
        heard = f"Level {depth + 1}: {body.spoken}{', ' + said if said else ''}{state}"
        return WhyRow(
            place.path, depth, body.head, lines, body.words, mark, body.openable, is_open, text, heard
        )

    def _mark(self, traced: Traced, root: Traced) -> str:
        """What a number does not share with the root: its iteration, its sample."""
        marks = []
        if traced.iteration != root.iteration:
            marks.append(f"iteration {self.format.count(traced.iteration)}")
        sample = self._sample_mark(traced)
        if sample and sample != self._sample_mark(root):
            marks.append(sample)
        return " · ".join(marks)

    def _body(self, traced: Traced) -> _Body:
        if traced not in self._bodies:
            self._bodies[traced] = self._made(traced)
        return self._bodies[traced]

    def _made(self, traced: Traced) -> _Body:
        provenance = self.provenance
        source, value = provenance.source(traced), provenance.number(traced)
        formulas = Formulas(self.naming, provenance.numbers(source.iteration), self.format)
        sign, symbol = formulas.equals(value), self._symbol(traced)
        head = row(Link(symbol, traced.key), sign, formulas.number(value))
        symbols, numbers = self._lines(formulas, source)
        words = words_of(provenance, self.naming, self.format, traced, source)
        about = "is" if sign is EQUALS else "is about"
        heard = f"{spoken(symbol)} {about} {spoken_number(self.format.text(value))}"
        openable = source.expression is not None and bool(provenance.parts(traced))
        return _Body(head, symbols, numbers, words, openable, heard)

    @staticmethod
    def _lines(formulas: Formulas, source: Source) -> tuple[Math | None, Math | None]:
        """The formula in names and in numbers; none for what has only been carried over."""
        if source.expression is None or source.kind != "calculated":
            return None, None
        expression = source.expression
        return (
            row(formulas.sign_for_names(expression), formulas.symbols(expression)),
            row(formulas.sign_for(expression), formulas.values(expression)),
        )


def to_light(path: Iterable[Traced]) -> tuple[Quantity, ...]:
    """What the canvas can show of the numbers from the root to a row."""
    found: dict[Quantity, None] = {}
    for traced in path:
        if isinstance(traced.key, Quantity):
            found[traced.key] = None
    return tuple(found)
