"""A folder of named nasty sources."""

from __future__ import annotations

import os
from pathlib import Path

GOOD = '''def {name}(words):
    """Return how many {name} there are.{more}"""
    return sum(1 for word in words if word == "{name}")
'''

# Docstrings that would end a fence, a section or a completion, if anything could.
DOCSTRINGS = {
    "fences": "\n\n    ```python\n    print()\n    ```\n\n```\n````python\n`````\n",
    "tildes": "\n~~~\n",
    "endings": "<|endoftext|><|im_end|></s>[/INST]",
    "indented_headers": "\n\n    ## Example 2\n    ### Concepts\n    ### Tests\n",
    "other_headers": "\n# Tests\n#### Response\n## Examples\n",
    "line_ends": "\x0c### Tests\u2028### Tests\x0b## Example 3\x85### Response\x1c### Tests",
    "directions": "\u202e\u2066### Tests\u200b",
    "commas": "concept, another concept,\n, ,\n",
}
HEADERS = {
    "example": "\n## Example 3\n",
    "section": "\n### Tests\n",
    "section_after_carriage_return": "\r### Response\r",
    "section_in_fence": "\n```\n### Concepts\n```\n",
}


def build(folder: Path, many: int) -> dict[str, str]:
    """Write the folder; returns the rule that each file is rejected by, "" for one that gives a seed."""
    folder.mkdir()
    text = {
        "syntax_error": ("def broken(x:\n    return (\n\n" + good("recovered"), ""),
        "only_errors": ("][ = = 3 (((\n", "syntax_error"),
        "python_two": ("def two(x):\n    'Two.'\n    print x\n    return x\n", "python_2"),
        "nul": ("x = 1\0\n" + good("nul"), "not_python"),
        "empty": ("", "no_definition"),
        "unbalanced": ("(" * 100_000, "syntax_error"),
        "deep": ("def deep(x):\n    'D.'\n    return " + "-" * 10_000 + "x\n", "type_error"),
        "decorated": (
            "import functools\n\n\n@functools.lru_cache(\n    maxsize=None,\n)\n"
            "def decorated(x: int) -> int:\n    '''D.'''\n    @functools.wraps(abs)\n"
            "    def inner(y: int) -> int:\n        '''I.'''\n        return y\n    return inner(x)\n",
            "",
        ),
        "long_name": (good("n" * 3000), ""),
        "surrogate_escapes": (good("escapes").replace("Return", "\\ud800 Return"), ""),
    }
    rules = {}
    for name, (content, rule) in text.items():
        (folder / f"{name}.py").write_text(content)
        rules[f"{name}.py"] = rule
    for name, more in {**DOCSTRINGS, **HEADERS}.items():
        # In binary: a carriage return is to stay one.
        (folder / f"{name}.py").write_bytes(good(name, more).encode())
        rules[f"{name}.py"] = "prompt_structure" if name in HEADERS else ""
    (folder / "utf16.py").write_text(good("utf16"), encoding="utf-16")
    (folder / "latin.py").write_bytes(good("caf\xe9").encode("latin-1"))
    with open(folder / "one_line.py", "w") as file:
        file.write("x = '" + "a" * 50_000_000 + "'\n")
    (folder / "loop").symlink_to(folder)
    (folder / "itself.py").symlink_to(folder / "itself.py")
    (folder / "dangling.py").symlink_to(folder / "nowhere.py")
    (folder / "folder.py").mkdir()
    os.mkfifo(folder / "pipe.py")
    (folder / "many.py").write_text(
        "\n\n".join(f'def f{n}(x):\n    """F."""\n    return x + {n}\n' for n in range(many))
    )
    return {
        **rules,
        "utf16.py": "not_utf8",
        "latin.py": "not_utf8",
        "one_line.py": "file_too_large",
        "loop": "linked_folder",
        "itself.py": "unreadable",
        "dangling.py": "unreadable",
        "pipe.py": "unreadable",
        "many.py": "",
    }


def good(name: str, more: str = "") -> str:
    return GOOD.format(name=name, more=more)
