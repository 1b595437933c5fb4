"""Canvas pictures made by hand, for the tests: networks of any size and the worked example."""

from __future__ import annotations

from msgspec.structs import replace

from backprop_gui.present.pictures import (
    CanvasPicture,
    CanvasShape,
    Card,
    CardShape,
    Cell,
    Chip,
    EdgeShape,
)

LOWER = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
UPPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def network(*sizes: int, number_width: int = 9, activation: str = "σ") -> CanvasShape:
    """The shape of a fully connected network with a loss behind it."""
    cards: list[CardShape] = []
    edges: list[EdgeShape] = []
    layers: list[list[str]] = []
    for column, size in enumerate(sizes):
        layers.append([])
        for i in range(1, size + 1):
            last = column == len(sizes) - 1
            name = f"x[{i}]" if column == 0 else f"out[{i}]" if last else f"h{column}[{i}]"
            layers[-1].append(name)
            cards.append(_card(name, column, i, size, last, sum(sizes[1:column]) + i, activation))
        for target in layers[-1] if column else ():
            for source in layers[-2]:
                weight = f"w{len(edges) + 1}"
                spoken = f"weight {len(edges) + 1}"
                edges.append(
                    EdgeShape(f"e{len(edges) + 1}", source, target, weight, f"layer{column}", spoken)
                )
    cards.append(CardShape("loss", "loss", "L", "loss", len(sizes), 0, ("",), (), "", "loss"))
    edges += [EdgeShape(f"link{name}", name, "loss", "", "loss") for name in layers[-1]]
    return CanvasShape(tuple(cards), tuple(edges), number_width)


def _card(name: str, column: int, i: int, size: int, last: bool, number: int, activation: str) -> CardShape:
    if column == 0:
        return CardShape(name, "input", f"x{i}".translate(LOWER), "x", 0, i, ("",), (), "", f"input {i}")
    title = ("out" if last else "h") + (str(i).translate(LOWER) if size > 1 or not last else "")
    if not last:
        title += f"⁽{column}⁾".translate(UPPER)
    labels = ("z = Σ", f"a = {activation}(z)")
    return CardShape(
        name, "neuron", title, f"h{column}", column, i, labels, ("∂z", "∂a"), f"b{number}", f"neuron {name}"
    )


def residual(number_width: int = 9) -> CanvasShape:
    """x → h1 → h2 → s = h2 + x → out, with links that skip two columns and one skipping weight."""
    base = network(2, 2, 2, 2, 1, number_width=number_width)
    skips = (
        EdgeShape("skip1", "x[1]", "h3[1]", "", "skip"),
        EdgeShape("skip2", "x[2]", "h3[2]", "", "skip"),
        EdgeShape("skip3", "h1[1]", "out[1]", "w99", "skip", "weight 99"),
    )
    return replace(base, edges=base.edges + skips)


def squared(number_width: int = 9) -> CanvasShape:
    """Two links and two weights between the same two cards: a·a."""
    base = network(1, 1, 1, number_width=number_width)
    twins = (
        EdgeShape("twin1", "x[1]", "h1[1]", "w7", "layer1", "weight 7"),
        EdgeShape("twin2", "h1[1]", "out[1]", "w8", "layer2", "weight 8"),
        EdgeShape("twin3", "h1[1]", "out[1]", "", "layer2"),
    )
    return replace(base, edges=base.edges + twins)


def picture_of(shape: CanvasShape) -> CanvasPicture:
    """A picture of any shape with plausible numbers, everything forward known."""
    cards = []
    for number, card in enumerate(shape.cards):
        values = tuple(
            Cell(label, f"{0.1 + number % 9 * 0.07:.4g}", "0.1234567890123456", ("value", card.identity, k))
            for k, label in enumerate(card.value_labels)
        )
        if card.kind == "input":
            values = (replace(values[0], edit=card.identity),)
        gradients = tuple(Cell(label, "–") for label in card.gradient_labels)
        cards.append(Card(card.identity, values, gradients))
    weights = dict.fromkeys(edge.weight for edge in shape.edges if edge.weight)
    biases = dict.fromkeys(card.bias for card in shape.cards if card.bias)
    chips = [_chip(name, 0.9 - number * 0.37 % 1.7) for number, name in enumerate([*weights, *biases])]
    return CanvasPicture(shape, tuple(cards), tuple(chips), phase="forward")


def _chip(name: str, value: float, gradient: str = "–") -> Chip:
    title = name[0] + name[1:].translate(LOWER)
    text = f"{value:.4g}".replace("-", "−")
    return Chip(
        name,
        title,
        Cell("", text, repr(value), ("value", name), edit=name),
        Cell("∂", gradient, gradient, ("gradient", name)),
        value,
    )


def worked_example() -> CanvasPicture:
    """Step 19 of the worked example, ∂L/∂w₅, with everything off its path dimmed."""
    shape = network(2, 2, 2, 1)
    values = {
        "x[1]": ("0.4",),
        "x[2]": ("0.1",),
        "h1[1]": ("0.41", "0.6011"),
        "h1[2]": ("0.29", "0.572"),
        "h2[1]": ("1.213", "0.7708"),
        "h2[2]": ("1.075", "0.7455"),
        "out[1]": ("1.738", "0.8505"),
        "loss": ("0.3617",),
    }
    gradients = {"h2[1]": ("0.01529", "0.08652"), "out[1]": ("0.1081", "0.8505")}
    dim = {"x[1]", "x[2]", "h1[2]", "h2[2]"}
    cards = []
    for card in shape.cards:
        name = card.identity
        cells = tuple(
            Cell(
                label, text, text + "0000000001", ("value", name, label), name == "h1[1]" and text == "0.6011"
            )
            for label, text in zip(card.value_labels, values[name], strict=True)
        )
        if card.kind == "input":
            cells = (replace(cells[0], edit=name),)
        rows = tuple(
            Cell(label, text, text + "0000000001", ("gradient", name, label))
            for label, text in zip(card.gradient_labels, gradients.get(name, ("–", "–")), strict=False)
        )
        emphasis = "lit" if name == "h2[1]" else "dim" if name in dim else "plain"
        mark = "complete" if name in ("out[1]", "loss") else "complete" if name == "h2[1]" else "none"
        caption = "target *y* = 0" if name == "loss" else ""
        cards.append(Card(name, cells, rows, emphasis, mark, caption, "y[1]" if caption else ""))
    numbers = (0.5, 0.1, 0.1, 0.5, 0.9, 0.3, 0.1, 0.9, 0.8, 0.7)
    known = {"w5": "0.009189", "w9": "0.08335", "w10": "0.08062"}
    chips = []
    for i, number in enumerate(numbers, start=1):
        emphasis = "lit" if i == 5 else "plain" if i == 9 else "dim"
        chip = replace(_chip(f"w{i}", number, known.get(f"w{i}", "–")), emphasis=emphasis)
        chips.append(replace(chip, gradient=replace(chip.gradient, lit=i == 5)))
    for i, number in enumerate((0.2, 0.2, 0.5, 0.5, 0.6), start=1):
        chip = _chip(f"b{i}", number, "0.1081" if i == 5 else "–")
        chips.append(replace(chip, emphasis="dim" if i in (1, 2, 4) else "plain"))
    edges = {f"e{i}": "dim" for i in range(1, 11) if i not in (5, 9)} | {"e5": "lit"}
    hint = "Showing every path from *w₅* to *L* · Esc shows all · double-click a weight to edit it"
    return CanvasPicture(shape, tuple(cards), tuple(chips), edges, "backward", ("e5",), hint)
