"""Python without its comments and docstrings, line by line as it was otherwise."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from pipeline.text.normalise import Definition, parse


def uncommented(code: str) -> str:
    """The code without comments and docstrings; as it is where it does not parse or would come to something else."""
    module = parse(code)
    if module is None:
        return code
    lines = code.split("\n")
    try:
        cuts = [*_docstrings(module, lines), *_comments(code)]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return code
    touched = set[int]()
    for first, start, last, end, instead in sorted(cuts, reverse=True):
        rest = lines[last - 1][end:]
        lines[first - 1 : last] = [(lines[first - 1][:start] + instead + rest).rstrip(), *[""] * (last - first)]
        touched.update(range(first, last + 1))
    kept = "\n".join(line for number, line in enumerate(lines, 1) if line.strip() or number not in touched)
    after = parse(kept)
    same = after is not None and ast.dump(_bare(after)) == ast.dump(_bare(module))
    return kept if same else code


Cut = tuple[int, int, int, int, str]  # first line and column, last line and column, what stands there instead


def _comments(code: str) -> Iterator[Cut]:
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield (*token.start, *token.end, "")


def _docstrings(module: ast.Module, lines: list[str]) -> Iterator[Cut]:
    for node in _documented(module):
        first = node.body[0]
        if first.end_lineno is None or first.end_col_offset is None:
            continue
        start = len(lines[first.lineno - 1].encode()[: first.col_offset].decode())
        end = len(lines[first.end_lineno - 1].encode()[: first.end_col_offset].decode())
        only = len(node.body) == 1 and not isinstance(node, ast.Module)
        yield first.lineno, start, first.end_lineno, end, "pass" if only else ""


def _documented(module: ast.Module) -> Iterator[ast.Module | Definition]:
    for node in ast.walk(module):
        if isinstance(node, ast.Module | Definition) and ast.get_docstring(node, clean=False) is not None:
            yield node


def _bare(module: ast.Module) -> ast.Module:
    """The tree without docstrings."""
    for node in _documented(module):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    return module
