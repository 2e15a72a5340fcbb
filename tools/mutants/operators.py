"""Mutation operators that mutmut lacks: without a check, with a check that never or always holds, without a table row.

mutmut 3.8.1 does not change conditions, statements and elements of collections. `install` adds these changes, and
excludes the wording of sentences.
"""

import re
from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_string

_SENTENCE = re.compile(r"\b[a-z]+ [a-z]+ [a-z]+\b")


def install() -> None:
    """Extend the operators that mutmut applies to every node."""
    mutation_operators[:] = [each for each in mutation_operators if each[1] is not operator_string]
    mutation_operators.extend(
        [
            (cst.BaseString, _change_string),
            (cst.Expr, _remove_statement),
            (cst.Raise, _remove_statement),
            (cst.ExceptHandler, _handle_nothing),
            (cst.If, _force_condition),
            (cst.CompIf, _force_condition),
            (cst.BooleanOperation, _keep_one_operand),
            (cst.Return, _return_none),
            (cst.Tuple, _remove_element),
            (cst.List, _remove_element),
            (cst.Set, _remove_element),
            (cst.Dict, _remove_element),
        ]
    )


def _change_string(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """Change a text, but not a sentence: tests check that a message names the fault, not its every word."""
    if not _SENTENCE.search(getattr(node, "value", "")):
        yield from operator_string(node)


def _remove_statement(node: cst.Expr | cst.Raise) -> Iterator[cst.CSTNode]:
    if not m.matches(node, m.Expr(m.SimpleString() | m.ConcatenatedString() | m.Ellipsis())):
        yield cst.Pass()


def _handle_nothing(node: cst.ExceptHandler) -> Iterator[cst.CSTNode]:
    if not m.matches(node.body, m.IndentedBlock([m.SimpleStatementLine([m.Raise(exc=None)])])):
        yield node.with_changes(body=cst.IndentedBlock([cst.SimpleStatementLine([cst.Raise()])]))


def _force_condition(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    if m.matches(node.test, m.Name("TYPE_CHECKING")):
        return
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    for operator, constant in ((cst.And(), "False"), (cst.Or(), "True")):
        yield node.with_changes(test=cst.BooleanOperation(test, operator, cst.Name(constant)))


def _keep_one_operand(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    yield node.left.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.right.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _return_none(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not m.matches(node.value, m.Name("None") | m.Name("False")):
        yield node.with_changes(value=cst.Name("None"), whitespace_after_return=cst.SimpleWhitespace(" "))


def _remove_element(node: cst.Tuple | cst.List | cst.Set | cst.Dict) -> Iterator[cst.CSTNode]:
    for index in range(len(node.elements) if len(node.elements) > 1 else 0):
        rest = [*node.elements[:index], *node.elements[index + 1 :]]
        if len(rest) == 1 and isinstance(node, cst.Tuple):
            rest = [rest[0].with_changes(comma=cst.Comma())]
        yield node.with_changes(elements=rest)
