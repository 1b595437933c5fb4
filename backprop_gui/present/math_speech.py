"""A formula tree in words, as a teacher reads it aloud: "derivative of L by w 5 equals …"."""

from __future__ import annotations

import re
import unicodedata

from backprop_gui.present.math_signs import (
    ACCENTS,
    SIGNS,
    is_atom,
    is_function,
    is_sum,
    is_word,
    opened,
    parts_of,
    unlinked,
    without_partial,
)
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

_POWERS = {"2": "squared", "3": "cubed", "T": "transposed", "⊤": "transposed", "′": "prime", "*": "star"}


def spoken(tree: Math) -> str:
    """The formula as it is read aloud in English."""
    words = re.sub(r"\s+", " ", _spoken(tree)).strip()
    return words.replace(" ,", ",").replace(",,", ",").rstrip(", ") or "nothing"


def _spoken(tree: Math) -> str:
    match tree:
        case Symbol():
            return tree.spoken or _spoken_characters(tree.text)
        case Operator():
            return _spoken_characters(tree.text)
        case Row():
            return _spoken_row(list(parts_of(tree)))
        case Fraction():
            return _spoken_fraction(tree)
        case Script():
            return _spoken_script(tree)
        case Bracketed():
            return _spoken_bracketed(tree)
        case Root():
            return _enclosed("square root of", tree.child, "end of root")
        case Matrix():
            return _spoken_matrix(tree)
        case Link():
            return _spoken(tree.child)


def _spoken_characters(text: str) -> str:
    """Words and numbers as they are, letters one by one, signs by their name."""
    words: list[str] = []
    for run in re.findall(r"[A-Za-z]+|[0-9][0-9.,]*|.", text, re.DOTALL):
        if is_word(run) or run[0].isdigit():
            words.append(run)
        elif run.isascii() and run.isalpha():
            words.extend(run)
        else:
            words.append(_spoken_sign(run))
    return " ".join(words)


def _spoken_sign(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign][1]
    if sign in ACCENTS:
        return ACCENTS[sign][1]
    letter, *accents = list(unicodedata.normalize("NFD", sign))
    if accents and all(accent in ACCENTS for accent in accents):
        return " ".join([letter, *(ACCENTS[accent][1] for accent in accents)])
    return sign


def _spoken_row(parts: list[Math]) -> str:
    words: list[str] = []
    for index, part in enumerate(parts):
        if index:
            words.append(_joint(unlinked(parts[index - 1]), unlinked(part)))
        words.append(_spoken(part))
    return " ".join(words)


def _joint(before: Math, part: Math) -> str:
    """The word between two parts side by side: σ *of* z, ½ *times* a − y."""
    body = unlinked(part.base) if isinstance(part, Script) else part
    opens = isinstance(body, Bracketed | Fraction | Root)
    if not opens or isinstance(before, Operator) or is_sum(before) or _ends_with_partial(before):
        return ""
    return "of" if isinstance(body, Bracketed) and is_function(before) else "times"


def _ends_with_partial(tree: Math) -> bool:
    return isinstance(tree, Symbol) and tree.text.endswith("∂")


def _spoken_fraction(tree: Fraction) -> str:
    top, bottom = without_partial(tree.top), without_partial(tree.bottom)
    if top is None or bottom is None:
        words = f"{_spoken(tree.top)} over {_spoken(tree.bottom)}"
        simple = _is_short(tree.top) and _is_short(tree.bottom)
        return words if simple else f"the fraction {words}, end of fraction,"
    return f"derivative {'of ' + _spoken(top) if opened(top) else ''} by {_spoken(bottom)}"


def _spoken_script(tree: Script) -> str:
    words = [_spoken(tree.base)]
    if is_sum(tree.base):
        words = [words[0].removesuffix(" of")]
        words += [f"over {_spoken(tree.sub)}"] if tree.sub is not None else []
        words += [f"up to {_spoken(tree.sup)}"] if tree.sup is not None else []
        return " ".join([*words, "of"])
    if tree.sub is not None:
        words.append(_spoken(tree.sub))
    if tree.sup is not None:
        words.append(_spoken_sup(unlinked(tree.sup)))
    return " ".join(words)


def _spoken_sup(sup: Math) -> str:
    """A superscript in brackets counts layers; any other is a power, or a mark such as ′ and ᵀ."""
    if isinstance(sup, Bracketed):
        return f"of layer {_spoken(sup.child)}"
    if isinstance(sup, Symbol) and sup.text in _POWERS:
        return sup.spoken or _POWERS[sup.text]
    return f"to the {_spoken(sup)}" if _is_short(sup) else f"to the power {_spoken(sup)}, end of power,"


def _spoken_bracketed(tree: Bracketed) -> str:
    if tree.left == tree.right == "|":
        return _enclosed("absolute value of", tree.child, "end of absolute value")
    if tree.left == tree.right == "‖":
        return _enclosed("norm of", tree.child, "end of norm")
    words = _spoken(tree.child)
    return words if _is_short(tree.child) else f"open bracket {words} close bracket"


def _spoken_matrix(tree: Matrix) -> str:
    count = len(tree.rows)
    columns = max(map(len, tree.rows), default=0)
    said = [[_spoken(entry) for entry in line] for line in tree.rows]
    commas = any(re.search(r"\d,\d", entry) for line in said for entry in line)
    between = "; " if commas else ", "
    entries = [between.join(line) for line in said]
    if columns <= 1 or count == 1:
        kind = "column" if columns <= 1 else "row"
        return f"{kind} vector {between.join(entries)}, end of vector,"
    lines = between.join(f"row {index}: {line}" for index, line in enumerate(entries, start=1))
    return f"{count} by {columns} matrix, {lines}, end of matrix,"


def _enclosed(opening: str, child: Math, closing: str) -> str:
    words = f"{opening} {_spoken(child)}"
    return words if _is_short(child) and is_atom(child) else f"{words}, {closing},"


def _is_short(tree: Math) -> bool:
    """One thing, or one thing with a sign: no brackets have to be heard."""
    parts = opened(tree)
    if len(parts) > 1 and isinstance(parts[0], Operator):
        parts = parts[1:]
    if len(parts) == 2 and is_function(parts[0]) and isinstance(parts[1], Bracketed):
        return True
    return not any(isinstance(part, Operator | Fraction | Matrix) for part in parts) and len(parts) <= 2
