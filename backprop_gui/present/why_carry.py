"""What becomes of a question when the experiment was edited: asked again, or gone with its number."""

from __future__ import annotations

from msgspec.structs import replace

from backprop_gui.engine.graph import Graph
from backprop_gui.present.why_state import WhyState
from backprop_gui.steps.provenance import Provenance, Traced
from backprop_gui.steps.quantities import GRADIENT, VALUE, Quantity, Setting


def carried(state: WhyState, before: Graph, provenance: Provenance) -> WhyState:
    """The same questions after an edit, as far as their numbers are still there.

    Slopes are parts of formulas that may read otherwise now: they are not carried.
    """
    crumbs = []
    for crumb in state.crumbs:
        root = _again(crumb.root, before, provenance)
        if root is not None:
            crumbs.append(replace(crumb, root=root))
    return WhyState(tuple(crumbs))


def _again(traced: Traced, before: Graph, provenance: Provenance) -> Traced | None:
    """The same number after an edit; None when there is none."""
    iteration, key = traced.iteration, traced.key
    if iteration > provenance.timeline.newest:
        return None
    model = provenance.model(iteration)
    record = provenance.record(iteration)
    if isinstance(key, Setting):
        return traced if key.name in model.settings or key.name in record.shared else None
    if not isinstance(key, Quantity):
        return None
    graph, old = model.graph, before.nodes[key.node]
    node = key.node if graph is before else graph.by_name.get(old.name, -1)
    if node < 0 or graph.nodes[node].kind != old.kind or graph.nodes[node].shape != old.shape:
        return None
    if key.sample is not None and key.sample >= record.samples:
        return None
    if key.aspect not in (VALUE, GRADIENT):
        kept = key.aspect.removesuffix(".before")
        known = model.optimizer.state if kept != key.aspect else model.optimizer.quantities
        if kept not in known:
            return None
    if graph.nodes[node].kind == "parameter":
        place = graph.parameters.place(graph.nodes[node].parameter, key.element)
        if place not in graph.parameters.ranks:
            return None  # a connection that is cut now
    return Traced(iteration, replace(key, node=node))
