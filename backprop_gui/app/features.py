"""The parts of the program beside its core: each keeps its own part of the window up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backprop_gui.app.accuracy import AccuracyPanel
from backprop_gui.app.branches import BranchPanel
from backprop_gui.app.building import Building
from backprop_gui.app.computation import ComputationView
from backprop_gui.app.confusion import ConfusionPanel
from backprop_gui.app.conventions import ConventionCommands
from backprop_gui.app.editing import Editing
from backprop_gui.app.history import HistoryPanel
from backprop_gui.app.ladder import LadderPanel
from backprop_gui.app.ledger import PathPanel
from backprop_gui.app.my_value import MyValue
from backprop_gui.app.network import NetworkPanel
from backprop_gui.app.nudge import NudgeBench
from backprop_gui.app.pasting import Pasting
from backprop_gui.app.race import RaceCommands
from backprop_gui.app.regions import FitPanel, RegionsPanel
from backprop_gui.app.slice import SlicePanel
from backprop_gui.app.stop_when import StopWhen
from backprop_gui.app.together import PlotsTogether
from backprop_gui.app.why import WhyTree
from backprop_gui.session.session import Session
from backprop_gui.views.main_window import MainWindow

# In the order of their tabs. Each is called with the session and the window and lives as long as the window.
FEATURES: tuple[Callable[[Session, MainWindow], Any], ...] = (
    WhyTree,
    PathPanel,
    NudgeBench,
    NetworkPanel,
    Editing,
    Pasting,
    MyValue,
    AccuracyPanel,
    HistoryPanel,
    SlicePanel,
    RegionsPanel,
    FitPanel,
    ConfusionPanel,
    LadderPanel,
    PlotsTogether,
    Building,
    ComputationView,
    StopWhen,
    BranchPanel,
    RaceCommands,
    ConventionCommands,
)


def add_features(session: Session, window: MainWindow) -> dict[str, Any]:
    """Make every feature; by the name of its class."""
    made = [feature(session, window) for feature in FEATURES]
    return {type(feature).__name__: feature for feature in made}
