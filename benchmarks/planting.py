"""Rows that hide a benchmark task, more deeply from kind to kind: the material of decontamination.py.

`renamed` gives a task's code with all names of its own replaced and another layout. `paraphrased` words the
instruction anew (synonyms, other sentence order and openings, no examples) and rewrites the code (loops and
comprehensions exchanged, comparisons turned round, branches swapped, results named first, literals in
another order). Everything derives from the seed of the `random.Random` that is passed.

This file shares no word list with pipeline/text: a detector must not be tested with its own dictionary.
"""

from __future__ import annotations

import ast
import random
import re

_WORDS = """
    alpha bravo chart delta ember fable grove haven inlet joule karma lemon mango noble opera pearl
    quill river solar tempo umber vivid wheat xenon yield_ zephyr acorn birch cedar dune eagle frost
    gamma hazel iris jade kelp lotus maple nectar olive plume quartz raven sable thyme ultra velvet
    willow
    """
_NAMES = tuple(_WORDS.split())
_THESAURUS = {
    "list": "array|sequence|collection", "array": "list|sequence", "string": "text|piece of text",
    "strings": "texts|pieces of text", "lists": "arrays|sequences", "number": "value|figure",
    "numbers": "values|figures", "integer": "whole number|int", "integers": "whole numbers|ints",
    "return": "give back|produce|yield|report", "returns": "gives back|produces|yields",
    "find": "determine|locate|work out", "check": "test|verify|determine", "checks": "tests|verifies",
    "given": "supplied|provided", "element": "item|entry|member", "elements": "items|entries|members",
    "largest": "biggest|greatest|maximum", "smallest": "least|minimum|lowest", "sum": "total",
    "count": "tally|number", "remove": "drop|strip out|delete", "calculate": "compute|work out",
    "compute": "calculate|derive", "words": "terms", "word": "term", "letters": "characters|symbols",
    "letter": "character", "characters": "letters|symbols", "character": "symbol", "function": "routine|helper",
    "starts": "begins", "start": "begin", "ends": "finishes", "end": "finish", "ordered": "arranged",
    "order": "arrangement", "sorted": "ordered|arranged", "sort": "arrange|put in order", "equal": "identical",
    "closest": "nearest", "closer": "nearer", "between": "amid", "empty": "blank|without content",
    "otherwise": "in all other cases|if not", "create": "build|develop|make", "implement": "build|develop",
    "takes": "receives|accepts|expects", "contains": "holds|has|includes", "consists": "is made up",
    "positive": "above-zero", "appears": "occurs|shows up", "valid": "legal|well-formed", "replace":
    "substitute|swap out", "convert": "turn|transform", "determine": "decide|work out", "whether": "if",
    "digits": "figures", "first": "initial|leading", "last": "final|closing", "different": "distinct",
    "unique": "distinct|non-repeated", "task": "job|goal", "input": "argument", "output": "answer",
    "reverse": "invert|flip", "greater": "larger|bigger|higher", "less": "smaller|lower", "maximum": "highest",
    "minimum": "lowest", "every": "each", "each": "every", "all": "every one of the", "same": "identical",
    "pair": "couple", "space": "blank", "spaces": "blanks", "consecutive": "successive", "lowercase":
    "small-letter", "uppercase": "capital", "split": "break up|cut", "multiple": "several", "true": "True",
    "length": "size", "represents": "stands for", "representing": "standing for", "example": "instance",
}  # fmt: skip
_OPENINGS = (
    "I need a Python helper for this:", "Build the following in Python.", "Solve this exercise:",
    "Here is a small programming exercise.", "Could you write Python for the following?",
    "Develop a routine as described.", "Implement what is described below.", "",
)  # fmt: skip
_CLOSINGS = (
    "Keep the code short and readable.", "Handle edge cases sensibly.", "Use plain Python only.",
    "Explain your approach briefly.", "", "",
)  # fmt: skip
_EXAMPLES = re.compile(r"(?im)^\s*(?:>>>|(?:for )?examples?\b|for instance|\[?input\b|note\b.*:$|e\.g\.)")


def statement(docstring: str) -> str:
    """A task's prose before its examples."""
    cut = _EXAMPLES.split(docstring, maxsplit=1)[0].strip()
    return cut if len(cut.split()) > 3 else docstring.split(">>>")[0].strip() or docstring


def rewrapped(text: str, chance: random.Random) -> str:
    """The same words in other lines and another case."""
    width = chance.choice((24, 40, 100, 1000))
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line.strip())
            line = ""
        line += word + chance.choice((" ", " ", "  "))
    lines.append(line.strip())
    return getattr("\n".join(lines), chance.choice(("upper", "lower", "title")))()


def renamed(code: str, chance: random.Random) -> tuple[str, dict[str, str]]:
    """The code with its own names replaced, laid out anew, without docstring, comments and annotations;
    and what became of each name."""
    tree = ast.parse(code)
    rename = _Rename(chance, tree)
    tree = rename.visit(tree)
    return _laid_out(ast.unparse(ast.fix_missing_locations(tree)), chance), rename.names


def paraphrased(docstring: str, code: str, chance: random.Random) -> tuple[str, str]:
    """Another wording of the instruction and another program that does the same."""
    tree = ast.parse(code)
    rewrite = _Rewrite(chance)
    tree = ast.fix_missing_locations(rewrite.visit(tree))
    rename = _Rename(chance, tree)
    tree = rename.visit(tree)
    text = reworded(statement(docstring), rename.names, chance)
    return text, _laid_out(ast.unparse(ast.fix_missing_locations(tree)), chance)


def reworded(text: str, names: dict[str, str], chance: random.Random) -> str:
    """The text with synonyms, other names, sentences in another order, an opening and a closing."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n\s*\n", " ".join(text.split(" ")))]
    sentences = [" ".join(s.split()) for s in sentences if s.split()]
    if len(sentences) > 2 and chance.random() < 0.7:
        first = sentences.pop(0)
        sentences.insert(chance.randrange(len(sentences) + 1), first)
    said = []
    for sentence in sentences:
        if chance.random() < 0.5:
            sentence = re.sub(r"\s*\([^()]{0,80}\)", "", sentence)
        said.append(" ".join(_synonym(word, names, chance) for word in sentence.split()))
    return " ".join([chance.choice(_OPENINGS), *said, chance.choice(_CLOSINGS)]).strip()


def _synonym(word: str, names: dict[str, str], chance: random.Random) -> str:
    bare = word.strip(".,;:!?'\"`()")
    if bare in names and (len(bare) > 1 or bare not in "aI"):
        return word.replace(bare, names[bare])
    choices = _THESAURUS.get(bare.lower())
    if choices is None or chance.random() < 0.35:
        return word
    new = chance.choice(choices.split("|"))
    return word.replace(bare, new.capitalize() if bare[:1].isupper() else new)


def _laid_out(code: str, chance: random.Random) -> str:
    """The code indented and quoted otherwise, with blank lines and comments between statements."""
    step = chance.choice(("  ", "   ", "        ", "\t"))
    lines = []
    for line in code.split("\n"):
        depth = (len(line) - len(line.lstrip(" "))) // 4
        if chance.random() < 0.15 and line.strip():
            lines.append(step * depth + chance.choice(("# next step", "# see above", "")))
        lines.append(step * depth + line.lstrip(" "))
    return "\n".join(lines) + "\n"


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Rename(ast.NodeTransformer):
    """Every name that the code itself binds gets another; docstrings and annotations go."""

    def __init__(self, chance: random.Random, tree: ast.AST) -> None:
        self._pool = list(_NAMES)
        chance.shuffle(self._pool)
        self.names: dict[str, str] = {}
        self._imported = {
            (alias.asname or alias.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self._new(node.name)
            elif isinstance(node, ast.arg):
                self._new(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._new(node.id)

    def _new(self, name: str) -> None:
        if name not in self.names and name not in self._imported and not name.startswith("__"):
            number = len(self.names)
            word = self._pool[number % len(self._pool)]
            self.names[name] = word if number < len(self._pool) else f"{word}{number}"

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.body = [statement for statement in node.body if not _is_text(statement)] or [ast.Pass()]
        self.generic_visit(node)
        node.name = self.names.get(node.name, node.name)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        self.generic_visit(node)
        return node


_MIRROR = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq}
_CONTRARY = {ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.GtE: ast.Lt, ast.Eq: ast.NotEq}


class _Rewrite(ast.NodeTransformer):
    """Equivalent forms, each taken with a probability of 0.6."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0

    def _may(self) -> bool:
        return self._chance.random() < 0.6

    def _name(self) -> str:
        self._number += 1
        return f"made_{self._number}"

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = _MIRROR.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if turned and self._may():
            return ast.Compare(node.comparators[0], [turned()], [node.left])
        if isinstance(node.ops[0], ast.In) and isinstance(node.comparators[0], ast.List | ast.Tuple):
            elements = node.comparators[0].elts
            self._chance.shuffle(elements)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        plain = isinstance(node.left, ast.Name | ast.Constant) and isinstance(node.right, ast.Constant)
        numeric = plain and isinstance(node.right.value, int)  # type: ignore[attr-defined]
        if isinstance(node.op, ast.Mult) and numeric and self._may():
            return ast.BinOp(node.right, node.op, node.left)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and self._may():
            read = ast.Name(node.target.id, ast.Load())
            return ast.Assign([node.target], ast.BinOp(read, node.op, node.value), lineno=1)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        contrary = _CONTRARY.get(type(test.ops[0])) if isinstance(test, ast.Compare) else None
        if node.orelse and contrary and len(test.ops) == 1 and self._may():  # type: ignore[attr-defined]
            turned = ast.Compare(test.left, [contrary()], test.comparators)  # type: ignore[attr-defined]
            return ast.If(turned, node.orelse, node.body)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        value = node.value
        if isinstance(value, ast.ListComp) and len(value.generators) == 1 and self._may():
            return self._spelled_out(value)
        if isinstance(value, ast.Call | ast.BinOp | ast.Compare) and self._may():
            name = self._name()
            stored = ast.Assign([ast.Name(name, ast.Store())], value, lineno=1)
            return [stored, ast.Return(ast.Name(name, ast.Load()))]
        return node

    def _spelled_out(self, value: ast.ListComp) -> list[ast.stmt]:
        name, generator = self._name(), value.generators[0]
        method = ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load())
        body: list[ast.stmt] = [ast.Expr(ast.Call(method, [value.elt], []))]
        for test in reversed(generator.ifs):
            body = [ast.If(test, body, [])]
        return [
            ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()), lineno=1),
            ast.For(generator.target, generator.iter, body, [], lineno=1),
            ast.Return(ast.Name(name, ast.Load())),
        ]

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return self._gathered(node) or self._counted(node) or node

    def _gathered(self, node: ast.For) -> ast.AST | None:
        """`for x in xs: r.append(f(x))` as `r += [f(x) for x in xs]`."""
        body, tests = node.body, []
        while len(body) == 1 and isinstance(body[0], ast.If) and not body[0].orelse:
            tests.append(body[0].test)
            body = body[0].body
        match body:
            case [ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"), [value]))]:
                if not node.orelse and self._may():
                    loop = ast.comprehension(node.target, node.iter, tests, 0)
                    return ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.ListComp(value, [loop]))
        return None

    def _counted(self, node: ast.For) -> list[ast.stmt] | None:
        """`for i in range(n)` as a while loop, where nothing jumps."""
        jumps = any(isinstance(inner, ast.Continue) for inner in ast.walk(node))
        match node.iter:
            case ast.Call(ast.Name("range"), [limit], []) if isinstance(node.target, ast.Name):
                if not jumps and not node.orelse and self._may():
                    name = node.target.id
                    one = ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1))
                    test = ast.Compare(ast.Name(name, ast.Load()), [ast.Lt()], [limit])
                    zero = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(0), lineno=1)
                    return [zero, ast.While(test, [*node.body, one], [])]
        return None
