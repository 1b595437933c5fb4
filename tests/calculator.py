"""A pocket calculator for the arithmetic in CSV files: numbers, + - * / and brackets, nothing else."""

from __future__ import annotations

import ast
import operator

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def calculated(text):
    """The value, and Σ|term|."""

    def walk(node):
        match node:
            case ast.Constant(value):
                return value, abs(value)
            case ast.UnaryOp(ast.USub(), operand):
                value, size = walk(operand)
                return -value, size
            case ast.BinOp(left, sign, right):
                (a, size_a), (b, size_b) = walk(left), walk(right)
                adds = isinstance(sign, ast.Add | ast.Sub)
                value = OPERATORS[type(sign)](a, b)
                return value, size_a + size_b if adds else abs(OPERATORS[type(sign)](size_a, size_b))
        raise AssertionError(f"{text} holds {node}")

    return walk(ast.parse(text, mode="eval").body)
