"""What the signs of a formula are called, in LaTeX and in English, and how its parts hang together.

`SIGNS` is the one table from sign to LaTeX and words; the small questions below (is it a word, a sign,
a function, a derivative?) are asked by everyone who writes, speaks or paints a tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_gui.present.math_tree import (
    Bracketed,
    Fraction,
    Link,
    Math,
    Matrix,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
)

_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}
_LATIN_LIKE_CAPITALS = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"

SIGNS: dict[str, tuple[str, str]] = {  # sign: (LaTeX, English)
    "=": ("=", "equals"),
    "≈": (r"\approx", "is about"),
    "≠": (r"\ne", "is not"),
    "<": ("<", "is less than"),
    ">": (">", "is greater than"),
    "≤": (r"\le", "is at most"),
    "≥": (r"\ge", "is at least"),
    "∈": (r"\in", "in"),
    "←": (r"\leftarrow", "becomes"),
    "→": (r"\to", "to"),
    "+": ("+", "plus"),
    "−": ("-", "minus"),
    "-": ("-", "minus"),
    "±": (r"\pm", "plus or minus"),
    "·": (r"\cdot", "times"),
    "×": (r"\times", "times"),
    "⊙": (r"\odot", "times, element by element,"),
    "/": ("/", "over"),
    "∂": (r"\partial", "partial"),
    "∇": (r"\nabla", "gradient of"),
    "Σ": (r"\sum", "the sum of"),
    "∑": (r"\sum", "the sum of"),
    "∏": (r"\prod", "the product of"),
    "√": (r"\surd", "square root of"),
    "∞": (r"\infty", "infinity"),
    "′": ("'", "prime"),
    "½": (r"\tfrac{1}{2}", "one half"),
    "¼": (r"\tfrac{1}{4}", "one quarter"),
    "…": (r"\dots", "and so on"),
    "⋯": (r"\cdots", "and so on"),
    "⋮": (r"\vdots", "and so on"),
    "–": (r"\text{--}", "not yet known"),
    "✓": (r"\checkmark", "verified"),
    "⟨": (r"\langle", "angle bracket"),
    "⟩": (r"\rangle", "close angle bracket"),
    "‖": (r"\|", "norm"),
    "{": (r"\{", "brace"),
    "}": (r"\}", "close brace"),
    "\\": (r"\backslash", "backslash"),
    "%": (r"\%", "percent"),
    "#": (r"\#", "number"),
    "&": (r"\&", "and"),
    "$": (r"\$", "dollar"),
    "_": (r"\_", " "),
    "^": (r"\hat{}", "to the"),
    "~": (r"\sim", "about"),
    **{sign: ("\\" + word, word) for sign, word in _GREEK.items()},
    **{
        sign.upper(): ("\\" + word.title(), "capital " + word)
        for sign, word in _GREEK.items()
        if sign.upper() not in _LATIN_LIKE_CAPITALS and sign != "σ"
    },
    "ϕ": (r"\phi", "phi"),
    "ℓ": (r"\ell", "l"),
}
ACCENTS = {  # combining sign: (LaTeX, English)
    "\u0302": (r"\hat", "hat"),
    "\u0303": (r"\tilde", "tilde"),
    "\u0304": (r"\bar", "bar"),
    "\u0305": (r"\bar", "bar"),
    "\u0307": (r"\dot", "dot"),
}
_RELATIONS = frozenset("=≈≠<>≤≥∈←→")
_SIGNED = frozenset("+−-±")
_INDEX_PAIRS = frozenset({"ij", "ik", "jk", "ji", "kj", "ki", "kl", "mn"})
_SUMS = frozenset("Σ∑∏")
_FUNCTION_LETTERS = frozenset("σφϕψf")


def is_word(text: str) -> bool:
    """A name of several letters, set upright (`out`, `tanh`) — but not a pair of indices such as `ij`."""
    return re.fullmatch(r"[A-Za-z]{2,}", text) is not None and text not in _INDEX_PAIRS


def is_relation(sign: str) -> bool:
    """`=` and its kin, which divide a line into sides."""
    return sign in _RELATIONS


def parts_of(tree: Row) -> Iterator[Math]:
    """The parts of a row, with rows inside it opened."""
    for child in tree.children:
        if isinstance(child, Row):
            yield from parts_of(child)
        else:
            yield child


def is_signed(parts: list[Math], index: int) -> bool:
    """Whether the operator at `index` is a sign (−z), not an operation between two parts (a − z)."""
    part = unlinked(parts[index])
    if not isinstance(part, Operator) or part.text not in _SIGNED:
        return False
    return index == 0 or isinstance(unlinked(parts[index - 1]), Operator)


def unlinked(tree: Math) -> Math:
    """The part itself, without the links around it."""
    while isinstance(tree, Link):
        tree = tree.child
    return tree


def opened(tree: Math) -> list[Math]:
    """The parts of a row, or the one part there is, without links."""
    tree = unlinked(tree)
    return [unlinked(part) for part in parts_of(tree)] if isinstance(tree, Row) else [tree]


def is_atom(tree: Math) -> bool:
    """One thing that needs no brackets under a root or before a power."""
    tree = unlinked(tree)
    if isinstance(tree, Row):
        parts = opened(tree)
        return len(parts) == 1 and is_atom(parts[0])
    return not isinstance(tree, Fraction | Operator)


def is_function(tree: Math) -> bool:
    """Whether a bracket behind this part holds its argument: σ, σ′, tanh — but not a, W or w₅."""
    tree = unlinked(tree)
    if isinstance(tree, Script):
        return is_function(tree.base)
    if not isinstance(tree, Symbol):
        return False
    text = tree.text.rstrip("′'")
    return tree.function or text in _FUNCTION_LETTERS or (is_word(text) and not tree.slanted)


def is_sum(tree: Math) -> bool:
    """Σ or ∏, with or without its limits."""
    tree = unlinked(tree)
    sign = unlinked(tree.base) if isinstance(tree, Script) else tree
    return isinstance(sign, Symbol) and sign.text in _SUMS


def is_tall(tree: Math) -> bool:
    """Whether brackets around this part must grow."""
    tree = unlinked(tree)
    match tree:
        case Fraction() | Matrix():
            return True
        case Row():
            return any(map(is_tall, tree.children))
        case Script():
            return is_tall(tree.base)
        case Bracketed() | Root():
            return is_tall(tree.child)
        case _:
            return False


def without_partial(tree: Math) -> Math | None:
    """What follows ∂ in a top or bottom of a derivative; None when it does not begin with ∂."""
    first, *rest = opened(tree) or [Symbol("")]
    if not isinstance(first, Symbol) or not first.text.startswith("∂"):
        return None
    left = Symbol(first.text[1:], first.slanted, first.bold)
    return Row((left, *rest)) if left.text else Row(tuple(rest))
