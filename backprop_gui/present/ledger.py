"""The ledger of paths as it is shown: by which ways a quantity changes the loss, and what each is worth."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from backprop_gui.engine.expressions import Expression, Ref, Slope, children
from backprop_gui.present.explain import rule_blocks
from backprop_gui.present.formulas import EQUALS
from backprop_gui.present.math_text import plain, spoken
from backprop_gui.present.math_tree import Link, Math, Operator, Row, Symbol, row
from backprop_gui.present.numbers import spoken_number
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import loss_word, slanted
from backprop_gui.steps.path_ledger import Ledger, WeighedPath, ledger, sample_sums
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from backprop_gui.steps.terms import Path, count_paths, paths

MOST_PATHS = 16  # written out; the others are summed
MOST_SAMPLES = 64  # of a batch, listed one by one
MOST_LEAVES = 6  # in a slope that is written out
ARROW = Operator("→")

Choice = Literal["", "sample", "mean"]


class LedgerRow(Struct, frozen=True):
    """One path, one sample's sum, or what is left over.

    `chain` says which way it goes, `factors` the slopes in symbols, `numbers` the same with numbers.
    `share` is its part, from −1 to 1, of what all paths come to without their signs. `quantities`
    are lit on the canvas while the row is pointed at; `rule` is the opened rule of one of its slopes.
    """

    chain: Math
    factors: Math | None = None
    numbers: Math | None = None
    rule: tuple[Math, ...] = ()
    value: str = ""
    full: str = ""
    share: float = 0.0
    share_text: str = ""
    quantities: tuple[Quantity, ...] = ()
    spoken: str = ""


class LedgerPicture(Struct, frozen=True):
    """The panel at one moment. `choice` is what is shown of a batch; empty where there is no choice.

    `total` is the line of the sum, `stamp` what verifies it (shown after a ✓), `note` a word on the
    shares; `text` is the whole page in words, which is also what is copied.
    """

    kicker: str
    question: str
    told: str
    rows: tuple[LedgerRow, ...] = ()
    total: Math | None = None
    stamp: str = ""
    note: str = ""
    choice: Choice = ""
    sample_title: str = ""
    whole_title: str = ""
    text: str = ""


def ledger_picture(scene: Scene, subject: Quantity | None, choice: Choice = "") -> LedgerPicture:
    """The account of the subject's gradient; `choice` decides between one sample and the mean of all."""
    if subject is None:
        told = "Press → for a step, or click a weight or a neuron: here stands how it reaches the loss."
        return _finished(LedgerPicture("Paths", "By which ways does a number change the loss?", told))
    quantity = _asked(scene, subject, choice)
    samples = scene.frame.record.samples
    picture = LedgerPicture("Paths", _question(scene, quantity), "")
    if samples > 1:
        shown = scene.frame.shown_sample if quantity.sample is None else quantity.sample
        title = scene.sample_name(shown).capitalize()
        picture = replace(
            picture, kicker=f"Paths · {scene.batch_word if quantity.sample is None else title.lower()}"
        )
        if scene.is_parameter(quantity):
            chosen: Choice = "mean" if quantity.sample is None else "sample"
            whole = scene.batch_word.capitalize()
            picture = replace(picture, choice=chosen, sample_title=title, whole_title=whole)
    if fixed := _without_paths(scene, quantity):
        return _finished(replace(picture, told=fixed))
    if waits := _waits(scene, quantity):
        return _finished(_covered(scene, picture, quantity, waits))
    if quantity.sample is None:
        return _finished(_mean_account(scene, picture, quantity))
    return _finished(_account(scene, picture, quantity))


def is_uncovered(scene: Scene, quantity: Quantity) -> bool:
    """Whether the gradient is uncovered; one that no step uncovers is, once all it is made of are."""
    if scene.frame.plan.step_of(quantity) is not None:
        return scene.frame.knows(quantity)
    behind = (term.upstream for term in scene.terms.gradient(quantity))
    return scene.frame.phase != "forward" and all(
        scene.frame.position > 0 if upstream is None else is_uncovered(scene, upstream) for upstream in behind
    )


def _asked(scene: Scene, subject: Quantity, choice: Choice) -> Quantity:
    """The gradient that is accounted for."""
    frame, sample = scene.frame, subject.sample
    if frame.record.samples == 1:
        sample = 0
    elif not scene.is_parameter(subject):
        sample = frame.shown_sample if sample is None else sample
    elif choice == "mean":
        sample = None
    elif choice == "sample":
        sample = frame.shown_sample if sample is None else sample
    elif subject.aspect == VALUE:
        sample = frame.sample
    return Quantity(subject.node, subject.element, GRADIENT, sample)


def _question(scene: Scene, quantity: Quantity) -> str:
    return f"By which ways does {slanted(scene, quantity)} change the {loss_word(scene)}?"


def _without_paths(scene: Scene, quantity: Quantity) -> str:
    """Why there is no way at all; empty where there are ways."""
    name, loss = slanted(scene, quantity), loss_word(scene)
    if quantity.node == scene.graph.loss:
        return f"{name} is the {loss} itself: everything is measured by it, and its own slope is 1."
    if scene.graph.nodes[quantity.node].kind == "target":
        return f"{name} is a target. It is given, and no gradient is asked of it."
    if not scene.terms.gradient(replace(quantity, sample=quantity.sample or 0)):
        return f"No way leads from {name} to the {loss}: its gradient is 0."
    return ""


def _waits(scene: Scene, quantity: Quantity) -> str:
    """What a gradient that is not uncovered waits for; empty when it is there."""
    if is_uncovered(scene, quantity):
        return ""
    step = scene.frame.plan.step_of(quantity)
    when = "in the backward phase" if step is None else f"in step {scene.count(step)}"
    return f"What each is worth is uncovered {when}; you are at step {scene.count(scene.frame.position)}."


def _ways(scene: Scene, quantity: Quantity, count: int) -> str:
    name, loss = slanted(scene, quantity), plain(scene.naming.loss)
    if count == 1:
        return f"One way leads from {name} to *{loss}*."
    return f"{scene.count(count)} ways lead from {name} to *{loss}*."


def _covered(scene: Scene, picture: LedgerPicture, quantity: Quantity, waits: str) -> LedgerPicture:
    """The ways alone, in network order: neither a number nor which of them is strong."""
    if quantity.sample is None:
        return replace(picture, told=f"Every sample of the batch has its say. {waits}")
    count = count_paths(scene.terms, quantity)
    found = [_chain_row(scene, path) for path in paths(scene.terms, quantity, MOST_PATHS)]
    if count > len(found):
        found.append(LedgerRow(Symbol(f"… and {scene.count(count - len(found))} further")))
    return replace(picture, told=f"{_ways(scene, quantity, count)} {waits}", rows=tuple(found))


def _chain_row(scene: Scene, path: Path) -> LedgerRow:
    chain = _chain(scene, path, tips=False)
    return LedgerRow(chain, quantities=_lit(scene, path), spoken=spoken(chain))


# --- one sample -----------------------------------------------------------------------------------


def _account(scene: Scene, picture: LedgerPicture, quantity: Quantity) -> LedgerPicture:
    """The paths of one sample, what the others come to, and the sum."""
    account = ledger(scene.terms, scene.frame.numbers, quantity, MOST_PATHS)
    if account is None:
        told = "So many connections lie between it and the loss that its ways are not listed here."
        return replace(picture, told=told)
    rows = [_path_row(scene, account, each) for each in account.shown]
    _with_rule(scene, rows, account.shown)
    if account.further:
        rows.append(_rest_row(scene, account))
    several = account.count > 1
    told = f"{_ways(scene, quantity, account.count)} Along {'each' if several else 'it'} the slopes"
    told += " are multiplied"
    told += "; together the ways are the gradient." if several else "; that is the gradient."
    if account.size == 0:
        told += " Here a slope of 0 blocks every one of them."
    if account.further:
        told += f" The {len(account.shown)} strongest are written out."
    return replace(
        picture,
        told=told,
        rows=tuple(rows),
        total=_total(scene, quantity, account.gradient),
        stamp=_stamp(scene, quantity),
        note=_note(account),
    )


def _path_row(scene: Scene, account: Ledger, each: WeighedPath) -> LedgerRow:
    product = _written(scene, each.path)
    chain = _chain(scene, each.path, tips=True)
    return replace(
        _valued(scene, chain, each.product, account.size),
        factors=scene.formulas.symbols(product),
        numbers=row(scene.formulas.sign_for(product), scene.formulas.values(product)),
        quantities=_lit(scene, each.path),
    )


def _written(scene: Scene, path: Path) -> Expression:
    """The product as it is written: a long slope of the loss by its name, its rule stands at its step."""
    first, last = path.locals[0], path.through[-1]
    if len(_leaves(first)) > MOST_LEAVES and len(scene.terms.gradient(last)) == 1:
        return Path((Ref(last), *path.locals[1:]), path.through).product
    return path.product


def _rest_row(scene: Scene, account: Ledger) -> LedgerRow:
    ways = f"{scene.count(account.further)} further {'path' if account.further == 1 else 'paths'}, together"
    return _valued(scene, Symbol(ways), account.remainder, account.size)


def _valued(scene: Scene, chain: Math, value: float, size: float) -> LedgerRow:
    """A row's name with its number and its share of `size`."""
    sign, share = scene.formulas.equals(value), _share(value, size)
    assert isinstance(sign, Operator)
    text = scene.format.signed(value)
    said = ", ".join(part for part in (spoken_number(text), _percent(share)) if part)
    return LedgerRow(
        chain,
        value=f"{sign.text} {text}",
        full=scene.format.full(value),
        share=share,
        share_text=_percent(share),
        spoken=f"{spoken(chain)}: {said}",
    )


def _with_rule(scene: Scene, rows: list[LedgerRow], shown: tuple[WeighedPath, ...]) -> None:
    """Open the rule of a slope in the first row that has the slope."""
    for place, each in enumerate(shown):
        slopes = {part for local in each.path.locals for part in _leaves(local)}
        if scene.rule is not None and scene.rule in slopes:
            rows[place] = replace(rows[place], rule=rule_blocks(scene, scene.rule)[0].rows)
            return


def _note(account: Ledger) -> str:
    """What the shares are shares of, where they pull in both directions."""
    mixed = abs(account.total) < account.size * (1 - 1e-9)
    return "Shares are of all paths added up without their signs: some raise, some lower." if mixed else ""


def _chain(scene: Scene, path: Path, tips: bool) -> Math:
    """w₅ → z₁⁽²⁾ → a₁⁽²⁾ → … → L; each leads to the step of its gradient."""
    parts: list[Math] = []
    for quantity in path.through:
        symbol = scene.naming.base(quantity.node, quantity.element)
        parts += [Link(symbol, quantity, scene.full(quantity) if tips else ""), ARROW]
    loss = Quantity(scene.graph.loss, (), VALUE, path.through[0].sample)
    return Row((*parts, Link(scene.naming.loss, loss, scene.full(loss) if tips else "")))


def _lit(scene: Scene, path: Path) -> tuple[Quantity, ...]:
    """What lies on the path: its quantities, the parameters it passes through, the loss."""
    found = [replace(quantity, aspect=VALUE) for quantity in path.through]
    for local in path.locals:
        if isinstance(local, Ref) and isinstance(local.key, Quantity) and scene.is_parameter(local.key):
            found.append(local.key)
    loss = Quantity(scene.graph.loss, (), VALUE, path.through[0].sample)
    return tuple(dict.fromkeys((*found, loss)))


def _leaves(expression: Expression) -> list[Expression]:
    """The numbers and slopes a factor is written with."""
    inner = () if isinstance(expression, Slope) else children(expression)
    return [leaf for child in inner for leaf in _leaves(child)] if inner else [expression]


# --- several samples ------------------------------------------------------------------------------


def _mean_account(scene: Scene, picture: LedgerPicture, quantity: Quantity) -> LedgerPicture:
    """What the paths of each sample come to, and their average."""
    sums = sample_sums(scene.frame.numbers, quantity)
    size, rows = math.fsum(map(abs, sums.sums)), []
    for sample, value in enumerate(sums.sums[:MOST_SAMPLES]):
        rows.append(_valued(scene, Symbol(scene.sample_name(sample).capitalize()), value, size))
    if len(sums.sums) > MOST_SAMPLES:
        further = f"{scene.count(len(sums.sums) - MOST_SAMPLES)} further samples, together"
        rows.append(_valued(scene, Symbol(further), math.fsum(sums.sums[MOST_SAMPLES:]), size))
    ways = count_paths(scene.terms, replace(quantity, sample=0))
    told = f"Each of the {scene.count(len(sums.sums))} samples has its own paths and their sum. "
    whole = "sum" if scene.frame.record.summed else "average"
    told += f"The gradient of the update is the {whole} of these sums."
    if ways > 1:
        told = f"{_ways(scene, quantity, ways)} {told}"
    mixed = abs(math.fsum(sums.sums)) < size * (1 - 1e-9)
    return replace(
        picture,
        told=told,
        rows=tuple(rows),
        total=_total(scene, quantity, sums.whole),
        stamp=_stamp(scene, quantity),
        note="Shares are of all sums added up without their signs." if mixed else "",
    )


# --- the foot -------------------------------------------------------------------------------------


def _total(scene: Scene, quantity: Quantity, value: float) -> Math:
    """`Sum = ∂L/∂w₅ ≈ 0.009189`."""
    whole = quantity.sample is None and scene.frame.record.samples > 1
    word = scene.batch_word.capitalize() if whole else "Sum"
    equals = scene.formulas.equals(value)
    name = Link(scene.naming.inline(quantity), quantity)
    return row(Symbol(word), EQUALS, name, equals, scene.formulas.number(value))


def _stamp(scene: Scene, quantity: Quantity) -> str:
    """`finite difference` where one confirms the gradient; it is known for the whole batch alone."""
    whole = quantity.sample is None or scene.frame.record.samples == 1
    checked = scene.is_parameter(quantity) and whole and scene.is_checked(scene.place(quantity))
    return "finite difference" if checked else ""


def _share(value: float, size: float) -> float:
    return value / size if size and math.isfinite(value / size) else 0.0


def _percent(share: float) -> str:
    """`71 %`, without sign: the number beside it has one."""
    percent = 100 * abs(share)
    if percent == 0:
        return ""
    if percent < 0.5:
        return "<1 %"
    return f"{min(percent, 99) if percent < 100 * (1 - 1e-9) else 100:.0f} %"


def _finished(picture: LedgerPicture) -> LedgerPicture:
    """The picture with its whole text in words."""
    lines = [picture.kicker, picture.question.replace("*", ""), picture.told.replace("*", "")]
    for each in picture.rows:
        formulas = [plain(tree) for tree in (each.factors, each.numbers) if tree is not None]
        told = " ".join((*formulas, each.value)).strip()
        share = f" ({each.share_text})" if each.share_text else ""
        lines.append(f"{plain(each.chain)}: {told}{share}" if each.value else plain(each.chain))
    if picture.total is not None:
        lines.append(plain(picture.total) + (f"  ✓ {picture.stamp}" if picture.stamp else ""))
    lines.append(picture.note)
    return replace(picture, text="\n".join(line for line in lines if line))
