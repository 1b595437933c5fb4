"""What is asked for, and how far it is opened: crumbs, the last of them the root of the tree on screen.

Nothing here is changed in place: every step gives another state. A place in a tree is told by the
ranks that lead to it, () for the root, (0, 2) for the third part of its first part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from backprop_gui.steps.provenance import Provenance, Traced

Path: TypeAlias = tuple[int, ...]

FIRST_PARTS = 40  # of a long sum; the next ones come when they are asked for
NONE_MORE: Mapping[Path, int] = MappingProxyType({})


class Crumb(Struct, frozen=True):
    """A root, the places opened below it, and how many parts are shown where there are many."""

    root: Traced
    opened: frozenset[Path] = frozenset({()})
    shown: Mapping[Path, int] = field(default_factory=lambda: NONE_MORE)


class Place(Struct, frozen=True):
    """A row of the opened tree. `traced` is None for the line that stands for `hidden` further parts."""

    path: Path
    traced: Traced | None
    hidden: int = 0


class WhyState(Struct, frozen=True):
    """Crumbs from the first number that was asked for to the one that is the root now."""

    crumbs: tuple[Crumb, ...] = ()

    @property
    def root(self) -> Traced | None:
        """The number at the root of the tree; None while nothing is asked."""
        return self.crumbs[-1].root if self.crumbs else None

    def asking(self, root: Traced) -> WhyState:
        """Another question: the crumbs begin anew."""
        return WhyState((Crumb(root),))

    def rooted(self, root: Traced) -> WhyState:
        """The same question, from a number below on; its own root changes nothing."""
        return self if root == self.root else WhyState((*self.crumbs, Crumb(root)))

    def back_to(self, place: int) -> WhyState:
        """The tree of an earlier crumb, opened as it was."""
        return WhyState(self.crumbs[: max(place, 0) + 1])

    def opening(self, path: Path) -> WhyState:
        """With the parts of a place shown."""
        return self._changed(opened=self._last.opened | {path})

    def closing(self, path: Path) -> WhyState:
        """Without the parts of a place; what was opened within stays so for the next time."""
        return self._changed(opened=self._last.opened - {path})

    def showing_more(self, path: Path) -> WhyState:
        """With more of the many parts of a place."""
        shown = {**self._last.shown, path: self._last.shown.get(path, FIRST_PARTS) + 5 * FIRST_PARTS}
        return self._changed(shown=MappingProxyType(shown))

    @property
    def _last(self) -> Crumb:
        return self.crumbs[-1]

    def _changed(self, **changes: object) -> WhyState:
        return WhyState((*self.crumbs[:-1], replace(self._last, **changes)))

    def places(self, provenance: Provenance) -> Iterator[Place]:
        """The rows of the opened tree from top to bottom, walked without recursion."""
        if not self.crumbs:
            return
        crumb = self._last
        stack = [Place((), crumb.root)]
        while stack:
            place = stack.pop()
            yield place
            if place.traced is None or place.path not in crumb.opened:
                continue
            parts = provenance.parts(place.traced)
            most = crumb.shown.get(place.path, FIRST_PARTS)
            below = [Place((*place.path, rank), part) for rank, part in enumerate(parts[:most])]
            if len(parts) > most:
                below.append(Place((*place.path, most), None, len(parts) - most))
            stack += reversed(below)
