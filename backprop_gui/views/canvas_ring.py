"""The keyboard ring of the canvas: on which item the keyboard is, and what the hint says of it."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_gui.views.canvas_scene import CanvasScene

WHILE_EDITING = "Enter takes the number · Tab goes to the next · Esc leaves it"


class Ring:
    """One item has it at most; it is seen while the keyboard moves it, not while the mouse is used."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self.identity = ""
        self.seen = False

    def keep_to(self, identities: Sequence[str]) -> None:
        """Another network: stay where there still is something."""
        if self.identity not in identities:
            self.identity = ""

    def put(self, identity: str) -> None:
        """Go to an item."""
        before = self._scene.item_of(self.identity)
        if before is not None:
            before.show_focus(False)
        self.identity = identity

    def move(self, identities: Sequence[str], by: int) -> bool:
        """Go `by` items on among those that are shown; False at the end, or where there are none."""
        shown = [name for name in identities if self._scene.shows(name)]
        if not shown:
            return False
        start = shown.index(self.identity) if self.identity in shown else (-1 if by > 0 else len(shown))
        place = start + by
        self.put(shown[min(max(place, 0), len(shown) - 1)])
        return 0 <= place < len(shown)

    def show(self, on: bool) -> None:
        """Paint it, or not."""
        item = self._scene.item_of(self.identity)
        if item is not None:
            item.show_focus(on and self.seen)

    def hint(self, title: str, editable: bool) -> str:
        """What the keys do with the item that has the ring."""
        if editable:
            return f"*{title}* · Enter edits it · Shift+Enter shows its paths · Tab or ↓ the next"
        return f"*{title}* · Enter shows its paths · Tab or ↓ the next"
