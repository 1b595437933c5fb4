"""What one row of the operation table holds: an operation and everything known of its derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from backprop_gui.engine.expressions import Element, Expression

Array: TypeAlias = NDArray[np.float64]
Shape: TypeAlias = tuple[int, ...]
Attributes: TypeAlias = Mapping[str, Any]

MOST_OPERANDS = 64  # of an operation that takes as many as it is given


class Partial(Struct, frozen=True):
    """∂output/∂operand for one pair of elements: the operand's place and element, and the slope."""

    slot: int
    element: Element
    local: Expression


class Forward(Protocol):
    def __call__(self, operands: tuple[Array, ...], attributes: Attributes) -> Array: ...


class Pullback(Protocol):
    def __call__(
        self, upstream: Array, operands: tuple[Array, ...], output: Array, attributes: Attributes
    ) -> tuple[Array | None, ...]: ...


class Operation(Struct, frozen=True):
    """One row of the table. Arrays have the sample axis first, parameters have none.

    - `shape(shapes, attributes)`: shape of the output of one sample; raises ValueError with a
      sentence when the operands do not fit.
    - `forward(operands, attributes)`: the value.
    - `pullback(upstream, operands, output, attributes)`: Σ upstream · ∂output/∂operand for each
      operand; for a parameter summed over the samples as well, None for one without derivative.
    - `partials(element, operands, output, attributes)`: for one sample and one output element, the
      operand elements it depends on with the local derivative of each.
    - `uses(slot, element, shapes, attributes)`: the output elements that depend on one operand
      element; the transpose of `partials`.
    - `formula(element, operands, output, attributes)`: how the output element is calculated.
    - `local(slot, operand_element, element)`: one slope of `partials` alone, where an output element has so
      many that looking for one of them would take long.
    - `parameters`: the slots that hold parameters; `why`: one plain sentence for each slot.
    - `symbol`: how the function is written; `name_in_words`: how it is said.
    - `remark(element, operands, output, attributes)`: a sentence on the very place, where there is
      something to say: at a kink, where a function is flat, where two are equally large; else empty.
    - `each_output`: for a loss, what one output adds to it, over `Operand(0, ())` and `Operand(1, ())`.
    """

    name: str
    shape: Callable[[tuple[Shape, ...], Attributes], Shape]
    forward: Forward
    pullback: Pullback
    partials: Callable[[Element, tuple[Array, ...], Array, Attributes], Iterable[Partial]]
    uses: Callable[[int, Element, tuple[Shape, ...], Attributes], Iterable[Element]]
    formula: Callable[[Element, tuple[Array, ...], Array, Attributes], Expression]
    parameters: frozenset[int] = frozenset()
    why: Mapping[int, str] = field(default_factory=dict)
    why_value: str = ""
    symbol: str = ""
    name_in_words: str = ""
    elementwise: bool = False
    loss: bool = False
    remark: Callable[[Element, tuple[Array, ...], Array, Attributes], str] | None = None
    each_output: Expression | None = None
    local: Callable[[int, Element, Element], Expression] | None = None


def as_many_as_given(sentence: str) -> dict[int, str]:
    """The same `why` for every slot of an operation that takes any number of operands."""
    return dict.fromkeys(range(MOST_OPERANDS), sentence)
