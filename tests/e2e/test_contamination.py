"""A model that has a benchmark by heart: its solutions, planted as answers, do not get into the dataset.

The model is a script behind a completions server: what it answers must be known. All else is real.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline import demo

PACK = [
    ('def running_product(numbers):\n    """Return the running products of the numbers: at every position the product of all\n'
     '    numbers up to there.\n    >>> running_product([2, 3, 4])\n    [2, 6, 24]\n    """\n',
     "    products = []\n    so_far = 1\n    for number in numbers:\n        so_far *= number\n"
     "        products.append(so_far)\n    return products\n",
     "    assert candidate([2, 3, 4]) == [2, 6, 24]\n    assert candidate([]) == []\n"),
    ('def vowel_runs(text):\n    """Count the longest possible runs of vowels that stand together in a text.\n    """\n',
     "    runs = 0\n    inside = False\n    for letter in text.lower():\n        if letter in 'aeiou':\n"
     "            if not inside:\n                runs += 1\n            inside = True\n        else:\n"
     "            inside = False\n    return runs\n",
     "    assert candidate('queue aid') == 2\n    assert candidate('xyz') == 0\n"),
    ('def rotations_to_sort(values):\n    """How many rotations to the left bring a list into ascending order? Return -1 if none\n'
     '    do.\n    """\n',
     "    for turns in range(len(values)):\n        rotated = values[turns:] + values[:turns]\n"
     "        if rotated == sorted(values):\n            return turns\n    return -1\n",
     "    assert candidate([3, 1, 2]) == 1\n    assert candidate([2, 1, 3]) == -1\n"),
    ('def digit_sum_steps(number):\n    """How often must the digits of a number be summed until a single digit is left?\n    """\n',
     "    steps = 0\n    while number > 9:\n        number = sum(int(digit) for digit in str(number))\n"
     "        steps += 1\n    return steps\n",
     "    assert candidate(999) == 2\n    assert candidate(7) == 0\n"),
]  # fmt: skip

# What the model answers where the seed has this name: instruction, code, tests.
ANSWERS = {
    "verbatim": (
        "Return the running products of the numbers: at every position the product of all numbers up to there.",
        PACK[0][0] + PACK[0][1], "assert running_product([1, 2, 5]) == [1, 2, 10]"),
    "renamed": (
        "Write the helper that the report page needs for its heading.",
        "def heading_score(line):\n  n = 0\n  on = False\n  for c in line.lower():\n    if c in 'aeiou':\n"
        "      if not on:\n        n += 1\n      on = True\n    else:\n      on = False\n  return n\n",
        "assert heading_score('queue aid') == 2"),
    "paraphrased": (
        "Determine the number of left rotations after which an array is sorted from small to large, or -1 where "
        "there is no such number.",
        "def turns_until_ordered(items):\n    target = sorted(items)\n    for shift in range(0, len(items)):\n"
        "        turned = items[shift:] + items[:shift]\n        if target == turned:\n            return shift\n"
        "    return -1\n",
        "assert turns_until_ordered([3, 1, 2]) == 1"),
    "solved_otherwise": (
        "Take an integer and add up its digits, then those of the outcome, and so on. Report the number of steps "
        "before one digit remains.",
        "def shrink(value):\n    if value < 10:\n        return 0\n    total = 0\n    while value:\n"
        "        value, last = divmod(value, 10)\n        total += last\n    return 1 + shrink(total)\n",
        "assert shrink(999) == 2"),
    "innocent": (
        "Build a dictionary from file endings to the names of the files that have them, names in the order given.",
        "def by_ending(names):\n    found = {}\n    for name in names:\n        found.setdefault(name.rpartition('.')[2], [])"
        ".append(name)\n    return found\n",
        "assert by_ending(['a.py', 'b.md', 'c.py']) == {'py': ['a.py', 'c.py'], 'md': ['b.md']}"),
    "harmless": (
        "Write a class for a thermostat that switches a heater on below a temperature and off above another.",
        "class Thermostat:\n    def __init__(self, low, high):\n        self.low, self.high = low, high\n"
        "        self.heating = False\n\n    def feel(self, degrees):\n        if degrees < self.low:\n"
        "            self.heating = True\n        elif degrees > self.high:\n            self.heating = False\n"
        "        return self.heating\n",
        "t = Thermostat(18, 21)\nassert t.feel(17) is True\nassert t.feel(19) is True\nassert t.feel(22) is False"),
}  # fmt: skip
LAYERS = {"verbatim": "substring", "renamed": "code", "paraphrased": "execution",
          "solved_otherwise": "execution"}  # fmt: skip


def answer(prompt: str) -> str:
    """The script's completion of a prompt."""
    tail = prompt.rpartition("## Example")[2]
    if tail.endswith("### Concepts\n"):
        return re.findall(r"def (\w+)\(", tail)[-1].replace("_", " ")
    if tail.endswith("### Instruction\n"):
        return ANSWERS[re.findall(r"concepts: (.+)", tail)[-1].replace(" ", "_")][0]
    for instruction, code, tests in ANSWERS.values():
        if f"\n{instruction}\n" in tail:
            return f"So:\n\n```python\n{code}```\n\n### Tests\n```python\n{tests}\n```\n"
    return "hm"


class Model(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        model = {"id": "script", "object": "model", "owned_by": "nobody", "max_model_len": 4096}
        self.reply({"object": "list", "data": [model]})

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["content-length"])))["prompt"]
        text = answer(prompt)
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(text.split())}
        self.reply(
            {
                "id": "1", "object": "text_completion", "created": 0, "model": "script",
                "choices": [{"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}],
                "usage": {**usage, "total_tokens": sum(usage.values())},
            }
        )  # fmt: skip

    def reply(self, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def finished(shared_project):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = shared_project.root
    (root / "code").mkdir()
    # A seed that is a task itself: nothing is generated from it.
    (root / "code" / "task.py").write_text(PACK[2][0] + PACK[2][1])
    for number, name in enumerate(ANSWERS):
        (root / "code" / f"{name}.py").write_text(
            f'def {name}(x):\n    """Seed {name}, {number} of them."""\n    return [x] * {number}\n'
        )
    (root / "packs").mkdir()
    tasks = [
        {
            "task_id": f"Planted/{number}", "prompt": prompt, "canonical_solution": body,
            "entry_point": prompt.split("(")[0].removeprefix("def "),
            "test": f"def check(candidate):\n{checks}",
        }
        for number, (prompt, body, checks) in enumerate(PACK)
    ]  # fmt: skip
    content = "".join(json.dumps(task) + "\n" for task in tasks)
    (root / "packs" / "heart.jsonl").write_text(content)
    shared_project.configure(
        seeds={"sources": "code", "near_duplicates": 0},
        prompts={"exemplars": demo.EXEMPLARS},
        responses={"samples": 1},
        selection={"near_duplicates": 1},
        engine={
            "backend": "server",
            "base_url": f"http://127.0.0.1:{server.server_port}/v1",
            "n_ctx": 4096,
        },
    )
    code, output = shared_project.run()
    assert code == 0, output
    yield shared_project
    server.shutdown()
    server.server_close()


def test_only_what_is_in_no_benchmark_becomes_a_row(finished):
    assert {row["seed"]["name"] for row in finished.rows()} == {"innocent", "harmless"}


def test_a_seed_that_is_a_task_is_left_out_before_anything_is_generated_from_it(finished):
    assert finished.manifest()["funnel"]["seeds"]["rules"]["benchmark_task"] == 1
    assert "rotations_to_sort" not in {seed["name"] for seed in finished.records("seeds").values()}


@pytest.mark.parametrize("name", LAYERS)
def test_each_way_of_planting_is_found_by_its_layer_with_evidence(finished, name):
    (seed,) = (id for id, seed in finished.records("seeds").items() if seed["name"] == name)
    (record,) = (r for r in finished.rejected("decontamination") if r["id"].startswith(seed))
    task = f"heart:Planted/{list(LAYERS).index(name)}"
    assert record["rule"] == "contaminated"
    assert f"{task} by {LAYERS[name]}" in record["evidence"]
    code, life = finished.ask("explain", record["id"])
    assert code == 0
    assert "rejected by contaminated" in life and task in life


def test_manifest_card_and_report_say_what_was_found_by_layer(finished):
    (pack,) = finished.manifest()["decontamination"]["packs"]
    assert (pack["name"], pack["layout"], pack["tasks"]) == ("heart", "HumanEval", 4)
    assert finished.manifest()["decontamination"]["removed"] == 4
    assert all(pack["found"][layer] >= 1 for layer in LAYERS.values())
    assert pack["found"]["execution"] == 2
    assert pack["not_confirmable"] == {}
    latest = finished.artifacts / "latest"
    found = " | ".join(str(count) for count in pack["found"].values())
    row = f"| heart | HumanEval | 4 | packs | `{pack['revision']}` | {found} |"
    assert row in (latest / "README.md").read_text()
    assert pack["revision"] in (latest / "report.html").read_text()
