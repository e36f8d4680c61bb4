"""How quick the report of a large dataset is: to write, to open from disk, to search, in a headless browser.

    python -m benchmarks.report [--rows 100000] [--json]

In: a dataset of generated rows, about 1.5 kB each, in a temporary folder. Out: seconds to write the report and its
size; seconds from the start of the page's loading to its first paint, to the first listed rows, to the last row
loaded; seconds from a keystroke to the drawn result, for words that are rare, common or nowhere, for a filter, and
for the deep search that reads all responses and tests. Median and worst of five loadings, of three searches.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

from pipeline.report import write_report
from tests.pipeline.report.test_browser import start_browser
from tests.support.datasets import write_dataset

LOADINGS, SEARCHES = 5, 3
_WORDS = [f"{head}{tail}" for head in ("lo", "ma", "ri", "sen", "tu", "ker", "pol", "vi")
          for tail in ("na", "tor", "mic", "da", "ple", "ban", "go", "s", "rest", "lin")]  # fmt: skip
_LENGTHS = {"instruction": 35, "response": 90, "tests": 60}
_OBSERVE = """
window.stamps = {};
new MutationObserver(() => {
  if (!stamps.rows && document.querySelector("#list .item")) stamps.rows = performance.now();
  if (!stamps.all && document.querySelector("#rows[data-ready]")) stamps.all = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
_STAMPS = """
const paint = performance.getEntriesByName("first-contentful-paint")[0];
return stamps.all && paint ? {paint: paint.startTime, rows: stamps.rows, all: stamps.all} : null;
"""
_SEARCH = """
const [words, category, deep, done] = arguments;
const found = document.getElementById("found"), query = document.getElementById("query");
document.getElementById("deep").checked = deep;
document.getElementById("category").value = category;
found.textContent = "";
const began = performance.now();
const observer = new MutationObserver(() => {
  if (!found.textContent || found.textContent.includes("searching")) return;
  if (deep && found.textContent.startsWith("0 ")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => done([performance.now() - began, found.textContent])));
});
observer.observe(found, {childList: true, characterData: true, subtree: true});
query.value = words;
query.dispatchEvent(new Event("input"));
"""


def texts(number: int, field: str) -> str:
    """Pseudo-random prose and code; `needle123` stands in row 123's instruction, `hidden123` in its tests."""
    draw = random.Random(f"{number} {field}")
    if field in _LENGTHS:
        words = " ".join(draw.choices(_WORDS, k=_LENGTHS[field]))
        if field == "response":
            return f"{words}\n\n```python\ndef f_{number}(value):\n    return {words!r}\n```"
        return f"needle{number} {words}" if field == "instruction" else f"assert hidden{number} == {words!r}"
    kinds = {"difficulty": 3, "category": 10, "concept": 200, "path": 2000}.get(field, 5)
    return f"{field} {draw.randrange(kinds)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.rows)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:34} {value}")


def measure(artifacts: Path, rows: int) -> dict[str, Any]:
    """All figures, in seconds and megabytes."""
    folder = write_dataset(artifacts, range(rows), texts)
    began = time.monotonic()
    write_report(artifacts, folder, None)
    found: dict[str, Any] = {"rows": rows, "write": round(time.monotonic() - began, 1)}
    sizes = [path.stat().st_size for path in folder.rglob("*.js")]
    found["train.jsonl MB"] = round((folder / "train.jsonl").stat().st_size / 1e6, 1)
    found["files of rows MB"] = round(sum(sizes) / 1e6, 1)
    found["report.html MB"] = round((folder / "report.html").stat().st_size / 1e6, 2)
    driver = start_browser()
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _OBSERVE})
        loads = [_load(driver, folder) for _ in range(LOADINGS)]
        for key, name in (
            ("paint", "first paint"),
            ("rows", "first rows listed"),
            ("all", "all rows loaded"),
        ):
            found[name] = _seconds([load[key] for load in loads])
        middle = rows // 2
        for name, words, category, deep in (
            ("search, rare word", f"needle{middle}", "", False),
            ("search, common words", "lona viban", "", False),
            ("search, word that is nowhere", "zzz", "", False),
            ("search with filter", "lona", "category 3", False),
            ("deep search of all texts", f"hidden{middle}", "", True),
        ):
            found[name] = _seconds([_search(driver, words, category, deep) for _ in range(SEARCHES)])
    finally:
        driver.quit()
    return found


def _load(driver: Chrome, folder: Path) -> dict[str, float]:
    driver.get("about:blank")
    driver.get((folder / "report.html").as_uri())
    return dict(_until(driver, lambda: driver.execute_script(_STAMPS)))


def _search(driver: Chrome, *arguments: Any) -> float:
    driver.set_script_timeout(120)
    taken, _ = driver.execute_async_script(_SEARCH, *arguments)
    return float(taken)


def _until(driver: Chrome, condition: Callable[[], Any]) -> Any:
    return WebDriverWait(driver, 120, 0.05).until(lambda _: condition())


def _seconds(milliseconds: list[float]) -> str:
    median, worst = statistics.median(milliseconds), max(milliseconds)
    return f"{median / 1000:.2f} (worst {worst / 1000:.2f})"


if __name__ == "__main__":
    main()
