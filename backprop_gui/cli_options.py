"""What may be typed on the command line: commands and options; a wrong one is told in one sentence."""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path
from typing import NoReturn

from backprop_gui.errors import BackpropError

PROGRAM = "backprop-gui"
LARGEST = 10**15 - 1  # number that is taken
COMMANDS = ("open", "presets", "show", "check", "run", "compare", "benchmark", "screenshot", "schema")


class WrongUse(BackpropError):
    """A command that can't be understood."""


class Parser(argparse.ArgumentParser):
    """Tells a wrong use in one line, in place of a page."""

    def error(self, message: str) -> NoReturn:
        raise WrongUse(f"{message}; `{self.prog} --help` tells what is right")


def parser() -> Parser:
    """Commands and options."""
    top = Parser(
        PROGRAM,
        description="Watch, check and do backpropagation, one step at a time, forwards and back.",
        epilog="Without a command the window opens, with the preset or file named or the worked example.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_TellVersion, nargs=0, help="show the version and exit")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, help_text: str, details: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=help_text,
            description=help_text[0].upper() + help_text[1:] + ".",
            epilog=details,
            allow_abbrev=False,
        )
        made.set_defaults(command=name)
        return made

    one = command("open", "open the window with a preset or a file")
    one.add_argument("experiment", nargs="?", metavar="PRESET|FILE")
    one.add_argument(
        "--reset-window", action="store_true", help="forget where the window and its panels were"
    )
    command("presets", "list the experiments that ship with the program")
    command("show", "tell network, parameters, data, training and conventions of an experiment").add_argument(
        "experiment", metavar="PRESET|FILE"
    )
    command(
        "check",
        "check experiment files",
        "Exit code 0 when all are valid, else 2 with a line per fault on standard error: "
        "file: $.where: what is wrong; what would be right.",
    ).add_argument("experiments", nargs="+", metavar="FILE")
    _add_run_options(
        command(
            "run",
            "train an experiment and write its numbers to files",
            "Files are replaced whole, also when training breaks off: then they hold all that was "
            "finished. F may be - for standard output.",
        )
    )
    _add_compare_options(
        command(
            "compare",
            "train several experiments and write their losses as one table",
            "The table has the columns of `run --loss`, and before them the experiment.",
        )
    )
    benchmark = command("benchmark", "measure how fast training is here, beside other programs installed")
    benchmark.add_argument("--rounds", type=_positive_number, metavar="N", default=5, help="default: 5")
    _add_screenshot_options(command("screenshot", "draw the window into a PNG file; needs no display"))
    command("schema", "print the JSON Schema of experiment files")
    return top


def _add_run_options(run: argparse.ArgumentParser) -> None:
    run.add_argument("experiment", metavar="PRESET|FILE")
    run.add_argument(
        "--iterations",
        type=_whole_number,
        metavar="N",
        help="exactly N updates (default: as the experiment says)",
    )
    _add_until(run)
    run.add_argument("--gradients", metavar="F.csv", help="a row per iteration, sample and parameter")
    run.add_argument("--steps", metavar="F.csv", help="a row per operation step, with its arithmetic")
    run.add_argument("--loss", metavar="F.csv", help="the loss before each update, and after the last")
    run.add_argument("--save", metavar="F.json", help="the experiment as it stands at the end, to go on from")
    run.add_argument(
        "--check",
        action="store_true",
        help="compare each gradient of each iteration with finite differences (slow for large networks); "
        "exit code 1 when one is not confirmed",
    )
    run.add_argument("--quiet", action="store_true", help="no progress and no summary")


def _add_until(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--until",
        action="append",
        default=[],
        metavar="CONDITION",
        help='stop at the first iteration where it holds: "loss<0.01", "loss rises 20", "gradient<1e-6", '
        '"w5 changes sign", "a relu dies"; may be given several times; without --iterations at most '
        "1,000,000 updates; exit code 1 when it is never met",
    )


def _add_compare_options(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("experiments", nargs="+", metavar="PRESET|FILE")
    compare.add_argument(
        "--iterations", type=_whole_number, metavar="N", help="of each (default: as each experiment says)"
    )
    _add_until(compare)
    compare.add_argument("--loss", metavar="F.csv", default="-", help="where to (default: standard output)")
    compare.add_argument("--quiet", action="store_true", help="no progress")


def _add_screenshot_options(screenshot: argparse.ArgumentParser) -> None:
    screenshot.add_argument("experiment", metavar="PRESET|FILE")
    screenshot.add_argument("-o", "--output", required=True, metavar="F.png", type=_png_file)
    screenshot.add_argument(
        "--step", type=_whole_number, metavar="P", help="how many steps are uncovered (default: all)"
    )
    screenshot.add_argument("--iteration", type=_whole_number, metavar="K", default=0)
    screenshot.add_argument("--theme", choices=("light", "dark"), default="light")
    screenshot.add_argument("--view", choices=("network", "graph"), default="network", help="what is drawn")
    screenshot.add_argument(
        "--size", type=_size, metavar="WxH", default=(1440, 900), help="default: 1440x900"
    )
    screenshot.add_argument(
        "--focus", metavar="w5", default="", help="a weight, a bias or a neuron such as h1[2]"
    )


def _whole_number(text: str, least: int = 0) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,100}", text) else -1
    if not least <= number <= LARGEST:
        most = f" to {LARGEST:,}" if number > LARGEST else ""
        raise argparse.ArgumentTypeError(f"'{text}' is not right; a whole number from {least}{most} would be")
    return number


def _positive_number(text: str) -> int:
    return _whole_number(text, 1)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text.lower())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(200 <= length <= 16_000 for length in size):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size; two numbers from 200 to 16000 such as 1440x900 would be"
        )
    return size


def _png_file(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"'{text}' does not end in .png")
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"'{text}' can't be written: it needs the name of a file in a folder that exists"
        )
    return path


class _TellVersion(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than the rest of the parser."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        told = "(not installed)"
        with contextlib.suppress(PackageNotFoundError):
            told = version(PROGRAM)
        print(f"{PROGRAM} {told}")
        parser.exit()
