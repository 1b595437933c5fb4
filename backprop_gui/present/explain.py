"""The explain panel's page for a moment: question, rule, numbers, result, meaning."""

from __future__ import annotations

from msgspec.structs import replace

from backprop_gui.engine.expressions import Expression, Product, Ref, Slope, Sum, children
from backprop_gui.present.focus import focused_quantity
from backprop_gui.present.formulas import BECOMES, EQUALS, function_name
from backprop_gui.present.long_sums import long_terms, strongest_block
from backprop_gui.present.math_text import plain
from backprop_gui.present.math_tree import Bracketed, Link, Math, Operator, row
from backprop_gui.present.numbers import spoken_number
from backprop_gui.present.pictures import Block, ExplainPage, Phase
from backprop_gui.present.scene import Scene
from backprop_gui.present.sentences import PHASE_WORDS, loss_change, meaning, question, reason, slanted
from backprop_gui.present.summaries import given_page, group_page
from backprop_gui.present.unfolding import unfold_blocks
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity
from backprop_gui.steps.terms import number_of


def explain_page(scene: Scene) -> ExplainPage:
    """The page for the newest step, the focus, or the question that is asked first."""
    frame = scene.frame
    if scene.asking and frame.position < frame.plan.total:
        return _asking_page(scene)
    if scene.focus:
        quantity = scene.asked or focused_quantity(frame, scene.focus)
        if quantity is not None:
            return (
                _quantity_page(scene, quantity) if frame.knows(quantity) else _unknown_page(scene, quantity)
            )
    if frame.position == 0:
        return finished(scene, given_page(scene))
    if len(frame.new) == 1:
        return _quantity_page(scene, frame.plan.quantity(frame.position))
    return finished(scene, group_page(scene))


def training_page() -> ExplainPage:
    """While training runs no step stands still long enough to be explained."""
    question, why = "Where does training lead?", "The curve and the canvas show it. T or Esc stops it."
    return ExplainPage("given", "Training", question, why, text=f"Training\n{question}\n{why}")


def kicker(scene: Scene, step: int | None) -> str:
    """`Backward · step 19`, with the sample where there are several."""
    if step is None or step == 0:
        return "Given"
    stretch = scene.frame.plan.stretch(step)
    text = f"{PHASE_WORDS[stretch.phase]} · step {scene.count(step)}"
    if scene.frame.record.samples > 1 and stretch.phase != "update":
        text += (
            f" · {scene.batch_word}"
            if stretch.sample is None
            else f" · {_sample_word(scene, stretch.sample)}"
        )
    return text


def _sample_word(scene: Scene, sample: int) -> str:
    """A sample by its data row, where that is not its place in the batch; the timeline tells both."""
    row = scene.data_row(sample)
    return f"data row {row}" if row else f"sample {scene.count(sample + 1)}"


def _asking_page(scene: Scene) -> ExplainPage:
    step = scene.frame.position + 1
    asked = scene.frame.plan.quantity(step)
    page = ExplainPage(
        scene.frame.plan.stretch(step).phase, kicker(scene, step), question(scene, asked), asking=True
    )
    return finished(scene, page, "Work it out on paper, then step on.")


def _unknown_page(scene: Scene, quantity: Quantity) -> ExplainPage:
    """A focused quantity that is not uncovered yet: what it waits for."""
    step = scene.frame.plan.step_of(quantity)
    given = Quantity(quantity.node, quantity.element)
    blocks: tuple[Block, ...] = ()
    if scene.is_parameter(quantity):
        blocks = (Block("Its value now", (row(scene.naming.symbol(given), EQUALS, _shown(scene, given)),)),)
    waits = (
        f"It is uncovered in step {step}; you are at step {scene.frame.position}."
        if step is not None
        else "It does not reach the loss, so it has no gradient."
    )
    phase: Phase = scene.frame.plan.stretch(step).phase if step else "given"
    return finished(scene, ExplainPage(phase, kicker(scene, step), question(scene, quantity), waits, blocks))


def _quantity_page(scene: Scene, quantity: Quantity) -> ExplainPage:
    step = scene.frame.plan.step_of(quantity) or 0
    phase: Phase = scene.frame.plan.stretch(step).phase if step else "given"
    if step == 0:
        return _given_quantity_page(scene, quantity)
    can_unfold = quantity.aspect == GRADIENT and (
        quantity.sample is not None and scene.terms.gradient(quantity) != []
    )
    blocks = [*_formula_blocks(scene, quantity)]
    if can_unfold and scene.unfolded:
        blocks += unfold_blocks(scene, quantity)
    if scene.rule is not None:
        blocks += rule_blocks(scene, scene.rule)
    blocks.append(_result_block(scene, quantity))
    remark = scene.format.localised(scene.terms.remark(quantity))
    told = " ".join(part for part in (meaning(scene, quantity), remark) if part)
    if phase == "update" and step == scene.frame.plan.total:
        told += " " + loss_change(scene)
    page = ExplainPage(
        phase,
        kicker(scene, step),
        question(scene, quantity),
        scene.format.localised(reason(scene, quantity)),
        tuple(blocks),
        told.strip(),
        ("unfolded" if scene.unfolded else "folded") if can_unfold else "none",
    )
    said = f"{spoken_name(scene, quantity)} {_about(scene, quantity)} {_said_number(scene, quantity)}."
    return finished(scene, page, said)


def _given_quantity_page(scene: Scene, quantity: Quantity) -> ExplainPage:
    """A number that no step of this iteration makes: where it comes from instead."""
    asked = f"What is {slanted(scene, quantity)}?"
    if scene.is_parameter(quantity) and quantity.aspect != VALUE:
        asked = question(scene, replace(quantity, aspect=quantity.aspect.removesuffix(".before")))
        told = "The update before this one has left it."
        if scene.frame.record.before.updates == 0:
            told = "This optimiser has done no update yet: it begins at 0."
    elif scene.is_parameter(quantity):
        before = scene.frame.iteration - 1
        kind = "frozen" if scene.model.frozen[scene.place(quantity)] else "trained"
        told = f"It is one of the parameters that are {kind}. "
        told += (
            f"The update of iteration {scene.count(before)} made it."
            if before >= 0
            else "Its first value is given."
        )
    else:
        told = f"It is given with the data: sample {_row(scene, quantity)} of {scene.model.batches.rows}."
    block = Block(
        "Its value now", (row(scene.naming.symbol(quantity), EQUALS, _shown(scene, quantity)),), "", True
    )
    page = ExplainPage("given", "Given", asked, told, (block,))
    return finished(scene, page)


def _formula_blocks(scene: Scene, quantity: Quantity) -> list[Block]:
    """The rule in symbols and the same with this step's numbers."""
    formulas, expression = scene.formulas, scene.expression(quantity)
    lit = _telling_part(scene, quantity, expression)
    symbol = scene.naming.symbol(quantity)
    arrow = BECOMES if scene.is_replaced(quantity) else formulas.sign_for_names(expression)
    written = row(symbol, arrow, *_shorthand(scene, quantity), formulas.symbols(expression, lit))
    caption = "The rule in symbols"
    if quantity.aspect == GRADIENT:
        caption = (
            "Upstream × local"
            if quantity.node in _with_upstream(scene, quantity)
            else f"The {scene.batch_word} over the samples"
            if _is_mean(scene, quantity)
            else "The slope of the loss"
        )
    rows: list[Math] = [row(formulas.sign_for(expression), formulas.values(expression, lit))]
    blocks = [Block(caption, (written,))]
    terms = long_terms(expression)
    if terms:
        blocks.append(Block("With this step’s numbers", tuple(rows)))
        return [*blocks, strongest_block(scene, terms)]
    if quantity.aspect == GRADIENT and isinstance(expression, Sum) and _with_upstream(scene, quantity):
        values = [number_of(term, scene.frame.numbers) for term in expression.terms]
        parts: list[Math] = [formulas.equals(*values)]
        for place, value in enumerate(values):
            shown = formulas.number(value)
            parts += [Operator("+")] if place else []
            parts.append(Bracketed(shown) if value < 0 and place else shown)
        rows.append(row(*parts))
    return [*blocks, Block("With this step’s numbers", tuple(rows))]


def _with_upstream(scene: Scene, quantity: Quantity) -> tuple[int, ...]:
    """The quantity's own node when an upstream gradient takes part."""
    if _is_mean(scene, quantity):
        return ()
    return (quantity.node,) if any(t.upstream is not None for t in scene.terms.gradient(quantity)) else ()


def _is_mean(scene: Scene, quantity: Quantity) -> bool:
    return scene.is_parameter(quantity) and quantity.sample is None and scene.frame.record.samples > 1


def _shorthand(scene: Scene, quantity: Quantity) -> tuple[Math, ...]:
    """`σ(z) =` before an activation is written out."""
    operation = scene.graph.nodes[quantity.node].operation
    if quantity.aspect != VALUE or operation is None or not operation.elementwise:
        return ()
    before = Quantity(scene.graph.nodes[quantity.node].operands[0], quantity.element, VALUE, quantity.sample)
    inner = Link(scene.naming.symbol(before), before, scene.full(before))
    if operation.name in ("identity", "tanh"):
        return ()
    return (row(function_name(operation.name), Bracketed(inner)), EQUALS)


def _telling_part(scene: Scene, quantity: Quantity, expression: Expression) -> Expression | None:
    """The part to be lit: in a gradient the local factor, which is what this step adds."""
    if scene.marked is not None and scene.marked in _parts(expression):
        return scene.marked
    if quantity.aspect == GRADIENT and isinstance(expression, Product):
        return expression.factors[-1]
    if quantity.aspect not in (VALUE, GRADIENT):
        return next((t for t in _parts(expression) if isinstance(t, Ref) and _is_gradient(t.key)), None)
    return None


def _parts(expression: Expression) -> list[Expression]:
    found: list[Expression] = []
    stack = [expression]
    while stack:
        found.append(stack.pop())
        stack.extend(children(found[-1]))
    return found


def _is_gradient(key: object) -> bool:
    return isinstance(key, Quantity) and key.aspect == GRADIENT


def rule_blocks(scene: Scene, rule: Slope) -> list[Block]:
    """The opened rule of a slope: σ′(z) = a(1 − a), and with numbers."""
    formulas = scene.formulas
    return [
        Block(
            "The slope’s own rule",
            (
                row(formulas.symbols(rule), EQUALS, formulas.symbols(rule.rule)),
                row(formulas.sign_for(rule.rule), formulas.values(rule.rule)),
                row(formulas.equals(number_of(rule, scene.frame.numbers)), formulas.values(rule)),
            ),
            opened=True,
        )
    ]


def _result_block(scene: Scene, quantity: Quantity) -> Block:
    value = scene.frame.numbers(quantity)
    arrow = scene.formulas.equals(value)
    return Block(
        "Result",
        (row(Link(scene.naming.inline(quantity), quantity), arrow, scene.formulas.number(value)),),
        stamp=_stamp(scene, quantity),
        result=True,
    )


def _stamp(scene: Scene, quantity: Quantity) -> str:
    """What verifies the result: a finite difference, or a printed number."""
    for printed in scene.experiment.expected:
        asked = (printed.iteration, printed.sample, printed.quantity)
        here = (scene.frame.iteration, _row(scene, quantity), scene.name_of(quantity))
        close = abs(scene.frame.numbers(quantity) - printed.value) <= printed.tolerance
        if asked == here and close and not scene.experiment.edits:
            derived = printed.printed_in == "the note" and not printed.printed
            return (
                "as the note derives it"
                if derived
                else f"matches the printed {scene.format.localised(printed.printed or repr(printed.value))}"
            )
    whole = quantity.sample is None or scene.frame.record.samples == 1
    if scene.is_parameter(quantity) and quantity.aspect == GRADIENT and whole:
        return "finite difference" if scene.is_checked(scene.place(quantity)) else ""
    return ""


def _row(scene: Scene, quantity: Quantity) -> int:
    """The data row, from 1, that a quantity's sample stands for."""
    return int(scene.frame.record.rows[quantity.sample or 0]) + 1


def _shown(scene: Scene, quantity: Quantity) -> Math:
    return scene.formulas.number(scene.frame.numbers(quantity))


def spoken_name(scene: Scene, quantity: Quantity) -> str:
    """The quantity's name as it begins a spoken sentence."""
    said = scene.naming.spoken(quantity)
    return said[:1].upper() + said[1:]


def _about(scene: Scene, quantity: Quantity) -> str:
    return "is" if scene.format.is_exact(scene.frame.numbers(quantity)) else "is about"


def _said_number(scene: Scene, quantity: Quantity) -> str:
    return spoken_number(scene.text(quantity))


def finished(scene: Scene, page: ExplainPage, said: str = "") -> ExplainPage:
    """The page with its whole text in words and what is announced."""
    frame = scene.frame
    step = f"Step {frame.position} of {frame.plan.total}, {PHASE_WORDS[frame.phase].lower()}."
    lines = [page.kicker, page.question.replace("*", ""), page.why.replace("*", "")]
    for block in page.blocks:
        lines.append(f"{block.caption}: " + "; ".join(plain(each) for each in block.rows))
        lines.append(f"Verified: {block.stamp}." if block.stamp else "")
    lines.append(page.meaning.replace("*", ""))
    text = "\n".join(line for line in lines if line)
    announcement = f"{step} {said or page.question.replace('*', '')}"
    return replace(page, text=text, announcement=announcement)
