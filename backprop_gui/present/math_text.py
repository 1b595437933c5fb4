"""A formula tree as text: LaTeX to copy, and one plain line for accessible names and tables.

How it is read aloud is in `math_speech.py`; `spoken` can be taken from here as well.
"""

from __future__ import annotations

import re
import unicodedata

from backprop_gui.present.math_signs import (
    ACCENTS,
    SIGNS,
    is_atom,
    is_function,
    is_signed,
    is_sum,
    is_tall,
    is_word,
    opened,
    parts_of,
    unlinked,
    without_partial,
)
from backprop_gui.present.math_speech import spoken
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

__all__ = ["latex", "plain", "spoken"]

_LATEX_FUNCTIONS = frozenset(
    {"exp", "log", "ln", "max", "min", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arg"}
)
_SUBSCRIPTS = str.maketrans("0123456789+−-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPTS = str.maketrans(
    "0123456789+−-=()′Tabcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾′ᵀᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
)


# ---------------------------------------------------------------- LaTeX


def latex(tree: Math) -> str:
    """The formula as LaTeX for math mode (with amsmath)."""
    match tree:
        case Symbol():
            return tree.latex or _latex_symbol(tree)
        case Operator():
            return _latex_characters(tree.text)
        case Row():
            return " ".join(filter(None, map(latex, parts_of(tree)))) or "{}"
        case Fraction():
            return rf"\frac{{{latex(tree.top)}}}{{{latex(tree.bottom)}}}"
        case Script():
            return _latex_script(tree)
        case Bracketed():
            return _latex_bracketed(tree)
        case Root():
            return rf"\sqrt{{{latex(tree.child)}}}"
        case Matrix():
            lines = (" & ".join(map(latex, entries)) for entries in tree.rows)
            return r"\begin{bmatrix} " + r" \\ ".join(lines) + r" \end{bmatrix}"
        case Link():
            return latex(tree.child)


def _latex_symbol(symbol: Symbol) -> str:
    if symbol.text in _LATEX_FUNCTIONS and not symbol.slanted:
        return f"\\{symbol.text}"
    text = _latex_characters(symbol.text) or "{}"
    return rf"\boldsymbol{{{text}}}" if symbol.bold else text


def _latex_characters(text: str) -> str:
    """Runs of letters upright, signs by their macro, anything else as text."""
    written: list[str] = []
    for run in re.findall(r"[A-Za-z]+|[0-9.,]+|.", _decomposed(text), re.DOTALL):
        if run in ACCENTS:
            written.append(f"{ACCENTS[run][0]}{{{written.pop() if written else ''}}}")
        elif run in SIGNS:
            written.append(SIGNS[run][0])
        elif is_word(run):
            written.append(rf"\mathrm{{{run}}}")
        elif run.isascii():
            written.append(run.replace(",", "{,}") if run[0].isdigit() else run)
        elif not unicodedata.combining(run):
            written.append(rf"\text{{{run}}}")
    joined = "".join(part + " " if re.search(r"\\[A-Za-z]+$", part) else part for part in written)
    return joined.replace(" '", "'").strip()


def _decomposed(text: str) -> str:
    """Letters apart from their accents; signs such as ≠ stay whole."""
    return "".join(unicodedata.normalize("NFD", sign) if sign.isalpha() else sign for sign in text)


def _latex_script(tree: Script) -> str:
    base = latex(tree.base)
    if not isinstance(unlinked(tree.base), Symbol) or "'" in base:
        base = f"{{{base}}}"
    sub = f"_{{{latex(tree.sub)}}}" if tree.sub is not None else ""
    sup = f"^{{{latex(tree.sup)}}}" if tree.sup is not None else ""
    return base + sub + (sup if sup != "^{'}" else r"^{\prime}")


def _latex_bracketed(tree: Bracketed) -> str:
    left, right = (_latex_characters(side) for side in (tree.left, tree.right))
    if is_tall(tree.child):
        return rf"\left{left or '.'} {latex(tree.child)} \right{right or '.'}"
    return (
        f"{left} {latex(tree.child)} {right}" if "\\" in left + right else f"{left}{latex(tree.child)}{right}"
    )


# ---------------------------------------------------------------- plain text


def plain(tree: Math) -> str:
    """The formula in one line of Unicode: `∂L/∂w₅ = ∂L/∂z₁⁽²⁾ · a₁⁽¹⁾`."""
    return _plain(tree).strip() or "–"


def _plain(tree: Math) -> str:
    match tree:
        case Symbol() | Operator():
            return tree.text
        case Row():
            return _plain_row(list(parts_of(tree)))
        case Fraction():
            return f"{_plain_grouped(tree.top)}/{_plain_grouped(tree.bottom, below=True)}"
        case Script():
            base = _plain(tree.base) if is_atom(tree.base) else f"({_plain(tree.base)})"
            return base + _plain_sub(tree.sub) + _plain_sup(tree.sup)
        case Bracketed():
            return tree.left + _plain(tree.child) + tree.right
        case Root():
            return f"√{_plain(tree.child) if is_atom(tree.child) else f'({_plain(tree.child)})'}"
        case Matrix():
            return _plain_matrix([[_plain(entry) for entry in entries] for entries in tree.rows])
        case Link():
            return _plain(tree.child)


def _plain_matrix(rows: list[list[str]]) -> str:
    """`[1, 2; 3, 4]`; with decimal commas `[0,5; 2 | 3; 4]`, so that no sign means two things."""
    commas = any(re.search(r"\d,\d", entry) for entries in rows for entry in entries)
    between, below = ("; ", " | ") if commas else (", ", "; ")
    return f"[{below.join(between.join(entries) for entries in rows)}]"


def _plain_row(parts: list[Math]) -> str:
    text = ""
    for index, part in enumerate(parts):
        word = _plain(part)
        if isinstance(part, Operator):
            space_before = "" if part.text in ",;/" or is_signed(parts, index) else " "
            space_after = "" if part.text == "/" or is_signed(parts, index) else " "
            text = (text.rstrip() if space_before else text) + space_before + word + space_after
        else:
            neighbours = parts[max(0, index - 1) : index] + parts[index + 1 : index + 2]
            if isinstance(unlinked(part), Fraction) and not all(isinstance(n, Operator) for n in neighbours):
                word = f"({word})"
            apart = _would_merge(text, word) or (index > 0 and is_sum(parts[index - 1]))
            text += (" " if apart else "") + word
    return text


def _would_merge(text: str, word: str) -> bool:
    """Whether two parts side by side would read as one: `max` `x`, `2` `3`."""
    last, first = re.search(r"\w+$", text), re.match(r"\w+", word)
    if last is None or first is None:
        return False
    return is_word(last[0]) or is_word(first[0]) or first[0][0].isdigit()


def _plain_grouped(tree: Math, below: bool = False) -> str:
    """A side of a fraction, in brackets where the line would otherwise mean something else."""
    parts = opened(tree)
    loose = any(isinstance(part, Operator | Fraction) for part in parts)
    if below and len(parts) > 1 and without_partial(tree) is None:
        loose = loose or not (is_function(parts[0]) and len(parts) == 2)
    return f"({_plain(tree)})" if loose else _plain(tree)


def _plain_sub(tree: Math | None) -> str:
    if tree is None:
        return ""
    text = _plain(tree)
    small = _small(text, _SUBSCRIPTS)
    if small is not None:
        return small
    return f"_{text}" if re.fullmatch(r"[^\W\d]\w*", text) else f"[{text}]"


def _plain_sup(tree: Math | None) -> str:
    if tree is None:
        return ""
    text = _plain(tree)
    small = _small(text, _SUPERSCRIPTS)
    if small is not None:
        return small
    return f"^{text}" if isinstance(unlinked(tree), Bracketed) else f"^({text})"


def _small(text: str, table: dict[int, int]) -> str | None:
    """The text in small figures, where Unicode has them all and a word would not become a puzzle."""
    close = text.replace(" ", "")
    has_all = all(ord(character) in table for character in close)
    return close.translate(table) if has_all and not re.search("[A-Za-z]{2}", close) else None
