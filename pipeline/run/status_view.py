"""Renders a status document with rich: for the live view of a run, and for `status`.

Texts of models and source files are rendered as text only, never as markup or terminal control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.text.display import counted, duration, printable

_STYLES = {"running": "bold green", "finished": "bold green", "failed": "bold red"}


def view(document: Mapping[str, Any], details: bool = False) -> RenderableType:
    """The stages as rows; with `details` also the rejections by rule and the last ones of them."""
    parts: list[RenderableType] = [headline(document), stages_table(document["stages"])]
    if run := [stage for stage, counts in document["stages"].items() if counts["passed"] is not None]:
        parts.append(Text(f"of {', '.join(run)}: what passed, and what failed", style="dim"))
    if document.get("last_error"):
        error = document["last_error"]
        parts.append(Text(f"error: {printable(error['problem'])}", style="red"))
        if error["remedy"]:
            parts.append(Text(f"  {printable(error['remedy'])}"))
    for gpu in document.get("gpus", ()):
        parts.append(
            Text(
                f"{gpu['name']}: {gpu['used_percent']}% busy, {gpu['memory_used_mib']} of {gpu['memory_total_mib']} MiB"
            )
        )
    if details:
        parts += _rejections(document)
    return Group(*parts)


def headline(document: Mapping[str, Any]) -> Text:
    """State, stage and shard at work, elapsed time and time left, on one line."""
    state = document["state"]
    line = Text(state, style=_STYLES.get(state, "bold yellow"))
    if state == "running" and document["stage"]:
        shard = "" if document["shard"] is None else f" {document['shard']:06d}"
        line.append(f" {document['stage']}{shard}", style="bold")
    if document.get("doing"):
        line.append(f" ({document['doing']})", "default")
    line.append(f"  {duration(document['elapsed_seconds'])} since {document['started']}", "default")
    if document["eta_seconds"] and state == "running":
        line.append(f", about {duration(document['eta_seconds'])} left")
    if document["rows"] is not None:
        line.append(f", {counted(document['rows'], 'row')}")
        written = sum(counts["new_tokens"] for counts in document["stages"].values())
        if document["rows"] and written:
            line.append(f", {counted(round(written / document['rows']), 'new token')} each")
    return line


def stages_table(stages: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row a stage: bar, counts, rates, pass rate, time left."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("stage", no_wrap=True)
    # The bar alone gives way on a narrow terminal.
    table.add_column("", max_width=20)
    for name in ("done", "of", "kept", "rejected", "/s", "tok/s", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    for stage, counts in stages.items():
        rate, missing = counts["per_second"], counts["expected"] - counts["done"]
        table.add_row(
            stage,
            ProgressBar(total=max(counts["expected"], 1), completed=counts["done"]),
            str(counts["done"]),
            str(counts["expected"]),
            *_fates(counts),
            "" if rate is None else f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}",
            f"{counts['tokens_per_second']:.0f}" if counts["tokens_per_second"] else "",
            duration(missing / rate) if rate and missing > 0 else "",
        )
    return table


def _rejections(document: Mapping[str, Any]) -> Iterable[RenderableType]:
    rules = Table(box=None, pad_edge=False, header_style="dim")
    rules.add_column("rejected in")
    rules.add_column("by rule")
    rules.add_column("", justify="right")
    for stage, counts in document["stages"].items():
        for rule, count in counts["rules"].items():
            rules.add_row(stage, rule, str(count))
    if rules.rows:
        yield Text()
        yield rules
    if document["recent_rejections"]:
        yield Text("\nlast rejections", style="dim")
    for item in document["recent_rejections"]:
        evidence = printable(" ".join(item["evidence"].split()))
        yield Text(
            f"{item['stage']} {printable(item['id'])} {item['rule']}: {evidence}",
            no_wrap=True,
            overflow="ellipsis",
        )


def _fates(counts: Mapping[str, Any]) -> tuple[str, str]:
    """What was kept and rejected; of programs, what passed and what failed: a failed one is kept for the report."""
    passed = counts["passed"]
    if passed is None:
        return str(counts["kept"]), str(counts["rejected"])
    return str(passed), str(counts["kept"] - passed)
