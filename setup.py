"""Builds the compiled kernel, where there is a C compiler; without one the program is only slower.

Everything else stands in pyproject.toml. The kernel is plain C that engine/kernel.py loads by ctypes: it
needs neither Python's headers nor its library.
"""

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCES = Path("backprop_gui", "engine", "kernel_source")
FLAGS = ["-O3", "-g0", "-std=gnu11", "-fno-math-errno", "-fvisibility=hidden"]


class BuildKernel(build_ext):
    """Builds a shared library that is no Python module."""

    def build_extension(self, extension):
        """With the flags of GCC and Clang; others do not know the vectors it is written in."""
        if self.compiler.compiler_type != "msvc":
            extension.extra_compile_args = FLAGS
            extension.libraries = ["m"]
        super().build_extension(extension)

    def get_export_symbols(self, extension):
        """No `PyInit_…`, which is not there."""
        return []


setup(
    ext_modules=[
        Extension(
            "backprop_gui.engine._kernel",
            sources=sorted(path.as_posix() for path in SOURCES.glob("*.c")),
            depends=sorted(path.as_posix() for path in SOURCES.glob("*.h")),
            optional=True,
        )
    ],
    cmdclass={"build_ext": BuildKernel},
)
