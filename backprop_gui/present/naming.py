"""What every number is called on screen: w₅, z₁⁽²⁾, ∂L/∂w₅; as a formula, in text, aloud.

Hidden layers called h, h1, h2, … are numbered by their place: h₁⁽²⁾ is neuron 1 of layer 2. Other
nodes keep their own name: `out`, z_out. The notation says how the rest is written:

- numbered: w₅, b₃, z₁⁽²⁾, z_out;
- layered: wⱼₖ⁽ᴸ⁾ from neuron k of the layer before to neuron j of layer L, and bⱼ⁽ᴸ⁾, aⱼ⁽ᴸ⁾, zⱼ⁽ᴸ⁾, the
  last layer counted too; without indices, w⁽ᴸ⁾, where each layer has one neuron;
- theta: θⱼₖ⁽ᴸ⁾ for weights, and z₃₁, a₃₁ for neuron 1 of layer 3.

The inputs are x in all of them. The experiment's own names (`w5`, `h1[2]`) do not change.
"""

from __future__ import annotations

import re
from functools import lru_cache

from backprop_gui.engine.expressions import Element
from backprop_gui.engine.graph import Graph
from backprop_gui.engine.operation import Shape
from backprop_gui.engine.optimizers import SYMBOLS
from backprop_gui.experiment.document import Notation
from backprop_gui.present.arrows import receiver, sender
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.math_tree import Bracketed, Fraction, Math, Script, Symbol, name, number, row
from backprop_gui.steps.quantities import GRADIENT, UPDATED, VALUE, Quantity, Setting

GREEK = {
    "theta": "θ",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "phi": "φ",
    "psi": "ψ",
    "kappa": "κ",
    "omega": "ω",
}
PARTIAL = Symbol("∂")
NORM = Bracketed(name("g"), "‖", "‖")
SETTINGS: dict[str, tuple[str, Math]] = {  # what a setting is called in words, and its sign
    "momentum": ("momentum", name("μ")),
    "alpha": ("", name("ρ")),  # PyTorch's alpha; α is the learning rate
    "beta1": ("", Script(name("β"), number("1"))),
    "beta2": ("", Script(name("β"), number("2"))),
    "epsilon": ("", name("ε")),
    "weight_decay": ("weight decay", name("λ")),
    "l1": ("L1 penalty", Script(name("λ"), number("1"))),
    "l2": ("L2 penalty", Script(name("λ"), number("2"))),
    "clip_value": ("gradients clipped to", Script(name("g"), name("max"))),
    "clip_norm": ("gradients clipped to the norm", Script(NORM, name("max"))),
    "gradient_norm": ("", NORM),
}


class Naming:
    """Names for one network in one notation."""

    def __init__(self, graph: Graph, notation: Notation) -> None:
        self.graph = graph
        self.notation = notation
        dense = (node.group for node in graph.nodes if node.operation and node.operation.name == "affine")
        self._layer = {group: place for place, group in enumerate(dense, start=1)}
        self._is_chain = notation.style != "numbered" and self._has_single_neurons()
        self._weight = "θ" if notation.style == "theta" and not self._has_other_thetas() else "w"
        self._plain = lru_cache(maxsize=8192)(lambda key: plain(self.symbol(key)))
        self.arrow = lru_cache(maxsize=8192)(self._arrow)

    def layer(self, group: str) -> int:
        """The number of a dense layer, from 1; 0 for everything else."""
        return self._layer.get(group, 0)

    def _has_single_neurons(self) -> bool:
        """Whether inputs and dense layers hold one number each, so that no index is needed."""
        nodes = self.graph.nodes
        return all(n.shape == (1,) for n in nodes if n.kind == "input" or n.group in self._layer)

    def _has_other_thetas(self) -> bool:
        """Whether a named θ⁽²⁾ would be taken for the unnamed weights of layer 2."""
        arrays = self.graph.parameters.arrays
        layers = {self._layer.get(array.name.partition(".")[0]) for array in arrays if array.prefix == "w"}
        named = (re.fullmatch(r"theta(\d+)", array.name) for array in arrays if not array.prefix)
        return any(found and int(found[1]) in layers for found in named)

    def is_dense(self, group: str) -> bool:
        """Whether a layer is a dense one, with z and a for each neuron."""
        return group in self._layer

    @property
    def loss(self) -> Math:
        """The loss as it is called: L, C, or C₀."""
        found = re.fullmatch(r"(.*?)([₀-₉]+)", self.notation.loss)
        if found is None:
            return name(self.notation.loss)
        digits = found[2].translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
        return Script(name(found[1]), number(digits))

    @property
    def rate(self) -> Math:
        """The learning rate as it is called: α or η."""
        return name(self.notation.rate)

    def symbol(self, key: object) -> Math:
        """The quantity or setting as a formula."""
        if isinstance(key, Setting):
            return setting_sign(key.name, self.notation)
        assert isinstance(key, Quantity)
        if self._is_delta(key):
            return self._delta(key)
        if key.aspect == GRADIENT:
            return Fraction(row(PARTIAL, self.loss), row(PARTIAL, self.base(key.node, key.element)))
        base = self.base(key.node, key.element)
        if key.aspect in (VALUE, UPDATED):
            return base
        return row(_line_sign(key.aspect.removesuffix(".before")), Bracketed(base))

    def sample_gradient(self, quantity: Quantity, data_row: int) -> Math:
        """The gradient of one sample's loss, called by its data row: ∂L₃/∂w₅."""
        loss = Script(self.loss, Symbol(str(data_row)))
        return Fraction(row(PARTIAL, loss), row(PARTIAL, self.base(quantity.node, quantity.element)))

    def inline(self, quantity: Quantity) -> Math:
        """The same without a stacked fraction: ∂L/∂w₅."""
        if quantity.aspect != GRADIENT or self._is_delta(quantity):
            return self.symbol(quantity)
        base = self.base(quantity.node, quantity.element)
        return row(PARTIAL, self.loss, Symbol("/", spoken="by"), PARTIAL, base)

    def plain(self, key: object) -> str:
        """The same on one line of text."""
        return self._plain(key)

    def spoken(self, key: object) -> str:
        """The same as it is said."""
        return spoken(self.symbol(key))

    def base(self, node: int, element: Element) -> Math:
        """The name of a node's value: w₅, x₁, y, z₁⁽²⁾, a_out, L."""
        given = self.graph.nodes[node]
        if given.kind == "parameter":
            return self._parameter(node, element)
        if node == self.graph.loss:
            return self.loss
        if given.operation is None:
            letter = name("y" if given.kind == "target" else given.name)
            return letter if given.shape == (1,) else Script(letter, self._indices(element))
        if given.group not in self._layer:
            return self._numbered(given.group, given.shape, element)
        letter = name("z" if given.operation.name == "affine" else "a")
        return self._placed(letter, given.group, given.shape, element)

    def neuron(self, group: str, element: Element) -> Math:
        """The name of a neuron: h₁⁽²⁾, out, x₁."""
        shape = self._shape(group)
        if group in self.graph.by_name and self.graph.nodes[self.graph.by_name[group]].kind == "input":
            return self.base(self.graph.by_name[group], element)
        if group not in self._layer:
            return self._numbered(group, shape, element)
        mark = _layer_mark(self._layer[group])
        if _is_hidden(group):
            return Script(name("h"), None if self._is_chain else self._indices(element), mark)
        indices = None if shape == (1,) else self._indices(element)
        if self.notation.style != "numbered":
            return Script(name(group), indices, mark)
        return name(group) if indices is None else Script(name(group), indices)

    def array(self, node: int) -> Math:
        """The name of a whole parameter array, bold: W⁽²⁾, b⁽²⁾; W_c of a convolution; θ, θ⁽²⁾."""
        array = self.graph.parameters.arrays[self.graph.nodes[node].parameter]
        if not array.prefix:
            word, mark = _word_and_mark(array.name)
            letter = Symbol(word, slanted=True, bold=True)
            return Script(letter, None, mark) if mark else letter
        weights = "θ" if self._weight == "θ" else "W"
        letter = Symbol(weights if array.prefix == "w" else "b", slanted=True, bold=True)
        group = array.name.partition(".")[0]
        if group in self._layer:
            return Script(letter, None, _layer_mark(self._layer[group]))
        return Script(letter, name(group))

    def vector(self, letter: str, layer: int) -> Math:
        """All numbers of a dense layer together, bold: z⁽²⁾, δ⁽²⁾; z₂ beside matrices θ."""
        sign = Symbol(letter, slanted=True, bold=True)
        if self.notation.style == "theta":
            return Script(sign, Symbol(str(layer), spoken=f"of layer {layer}"))
        return Script(sign, None, _layer_mark(layer))

    def _arrow(self, place: int) -> str:
        """Where a parameter sits: `h₁⁽¹⁾ → h₁⁽²⁾`, `→ out` for a bias, `shared` for several uses."""
        target = receiver(self.graph, place)
        if target is None:
            return "shared"
        source = sender(self.graph, place)
        end = plain(self.neuron(*target))
        return f"→ {end}" if source is None else f"{plain(self.neuron(*source))} → {end}"

    def _shape(self, group: str) -> tuple[int, ...]:
        return next(n.shape for n in self.graph.nodes if n.group == group and n.kind != "parameter")

    def _placed(self, letter: Math, group: str, shape: tuple[int, ...], element: Element) -> Math:
        """A letter with the neuron's place: z₁⁽²⁾ in hidden layers, z_out elsewhere; or by its layer."""
        layer = self._layer[group]
        if self.notation.style == "theta":
            return Script(letter, self._layer_first(layer, element))
        if self.notation.style == "layered":
            return Script(letter, None if self._is_chain else self._indices(element), _layer_mark(layer))
        if _is_hidden(group):
            return Script(letter, self._indices(element), _layer_mark(layer))
        if shape == (1,):
            return Script(letter, name(group))
        return Script(letter, Script(name(group), self._indices(element)))

    def _is_delta(self, quantity: Quantity) -> bool:
        """Whether a quantity is a ∂L/∂z that the notation writes as δ."""
        operation = self.graph.nodes[quantity.node].operation
        is_sum = operation is not None and operation.name == "affine"
        return self.notation.delta and quantity.aspect == GRADIENT and is_sum

    def _delta(self, quantity: Quantity) -> Math:
        node = self.graph.nodes[quantity.node]
        return self._placed(name("δ"), node.group, node.shape, quantity.element)

    def _parameter(self, node: int, element: Element) -> Math:
        layout = self.graph.parameters
        array = layout.arrays[self.graph.nodes[node].parameter]
        if not array.prefix:
            return self._numbered(array.name, array.shape, element)
        if self.notation.style == "numbered":
            scalar = layout.name_at(layout.place(self.graph.nodes[node].parameter, element))
            return Script(name(array.prefix), number(scalar.removeprefix(array.prefix)))
        group = array.name.partition(".")[0]
        if group not in self._layer:  # the kernel of a convolution
            return Script(name(self._letter(array.prefix)), self._indices(element), Bracketed(name(group)))
        indices = None if self._is_chain else self._indices(element)
        return Script(name(self._letter(array.prefix)), indices, _layer_mark(self._layer[group]))

    def _letter(self, prefix: str) -> str:
        """w or θ for a weight, b for a bias."""
        return self._weight if prefix == "w" else prefix

    def _numbered(self, word: str, shape: Shape, element: Element) -> Math:
        """The name of a named array's element: θ₁₂, and θ₁₂⁽²⁾ where the name ends in a number."""
        letter, mark = _word_and_mark(word)
        indices = None if shape in ((), (1,)) else self._indices(element)
        return Script(name(letter), indices, mark)

    def _indices(self, element: Element) -> Math:
        """The indices of an element: 12, or 1,12 where a comma is needed to tell them apart."""
        numbers = [str(index + self.notation.first_index) for index in element]
        return Symbol(_together(numbers), spoken=" ".join(numbers))

    def _layer_first(self, layer: int, element: Element) -> Math:
        """A neuron's place as 31: layer 3, neuron 1."""
        if self._is_chain:
            return Symbol(str(layer), spoken=f"of layer {layer}")
        numbers = [str(index + self.notation.first_index) for index in element]
        return Symbol(_together([str(layer), *numbers]), spoken=f"{' '.join(numbers)} of layer {layer}")


def _word_and_mark(word: str) -> tuple[str, Math | None]:
    """What is written of a name, and the number at its end: θ and ⁽²⁾ of theta2."""
    found = re.fullmatch(r"(.*?)(\d*)", word)
    assert found is not None
    if _is_hidden(word):
        return word, None  # h₁⁽²⁾ is a neuron of a dense layer, whatever other nodes are called
    return GREEK.get(found[1], found[1]), _layer_mark(int(found[2])) if found[2] else None


def setting_sign(setting: str, notation: Notation) -> Math:
    """The sign of a setting: α, μ, β₁."""
    if setting == "learning_rate":
        return name(notation.rate)
    return SETTINGS[setting][1] if setting in SETTINGS else name(setting)


def setting_words(setting: str, notation: Notation) -> str:
    """A setting in words, with its sign: `learning rate α`, `β₁`."""
    words = "learning rate" if setting == "learning_rate" else SETTINGS[setting][0]
    return f"{words} {plain(setting_sign(setting, notation))}".strip()


def _line_sign(line: str) -> Math:
    """The sign of an optimiser's line: m, m̂, g_clipped."""
    letter, _, mark = SYMBOLS[line].partition("_")
    sign = Symbol(letter, slanted=True, function=True)
    return Script(sign, name(mark)) if mark else sign


def _is_hidden(group: str) -> bool:
    return re.fullmatch(r"h\d*", group) is not None


def _layer_mark(layer: int) -> Math:
    return Bracketed(number(str(layer)))


def _together(numbers: list[str]) -> str:
    """Indices side by side, apart only where they have to be: 12, or 1,12."""
    return ("" if all(len(each) == 1 for each in numbers) else ",").join(numbers)


def neuron_identity(group: str, element: Element) -> str:
    """The experiment's own name of a neuron: h1[2]."""
    return f"{group}[{','.join(str(i + 1) for i in element)}]" if element else group
