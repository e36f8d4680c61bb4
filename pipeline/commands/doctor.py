"""`doctor`: what a run needs, each as PASS, CAUTION (it works, with less) or FAIL, with the remedy.

Changes nothing of the project: no lock, no file below `artifacts/`, no download. The live test of the sandbox
may stage the sandbox's own files first, once in some seconds. The model is looked at, not hashed: a damaged
file that still reads as a model is found by the run, which compares [model] sha256.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict

import orjson
from rich.text import Text

from pipeline import config, demo, sources
from pipeline.commands import console, print_json
from pipeline.commands.status import gpus
from pipeline.config import Settings
from pipeline.config.location import ROOT
from pipeline.engine import EngineError, ModelFacts, NoLlamaCpp, inspect_model
from pipeline.engine.sizing import free_host_memory
from pipeline.errors import ConfigError, MachineError, PipelineError
from pipeline.project import model
from pipeline.project.engines import open_server
from pipeline.text.lists import as_list
from sandbox import check
from sandbox.check import CAUTION, FAIL, PASS, Finding

HELP = "check what a run needs: model, llama.cpp, sandbox, memory, disk, sources, hub"

TESTED_PYTHONS = ((3, 10), (3, 13))
HUB_SECONDS = 2.0
# Beside the weights: caches and buffers.
MEMORY_FACTOR = 1.2
DISK_COMFORTABLE, DISK_NEEDED = 2_000_000_000, 200_000_000

_STYLES = {PASS: "green", CAUTION: "yellow", FAIL: "bold red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON array of findings")


def run(arguments: argparse.Namespace) -> int:
    findings = []
    for finding in examine():
        findings.append(finding)
        if not arguments.json:
            _show(finding)
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    return MachineError.exit_code if any(item.level == FAIL for item in findings) else 0


def examine() -> Iterator[Finding]:
    """All findings in a fixed order; what takes long runs side by side."""
    yield _python()
    try:
        settings = config.load()
    except ConfigError as error:
        yield Finding(FAIL, "configuration", error.problem, error.remedy)
        settings = None
    else:
        yield Finding(PASS, "configuration", f"{len(config.SECTIONS)} sections, project {ROOT}")
    checks: list[Callable[[], list[Finding]]] = [_sandbox]
    if settings is not None:
        checks = [
            lambda: _model(settings),
            _sandbox,
            lambda: _sources(settings),
            lambda: _disk(settings),
            lambda: _hub(settings),
        ]
    with ThreadPoolExecutor(len(checks)) as pool:
        for result in [pool.submit(item) for item in checks]:
            yield from result.result()


def _python() -> Finding:
    text = f"{platform.python_version()}, {sys.executable}"
    oldest, newest = TESTED_PYTHONS
    if oldest <= sys.version_info[:2] <= newest:
        return Finding(PASS, "Python", text)
    return Finding(CAUTION, "Python", f"{text}: not tested", "use Python 3.10 to 3.13")


def _model(settings: Settings) -> list[Finding]:
    if settings.engine.backend == "server":
        return [_served(settings)]
    found = []
    path = demo.MODEL
    try:
        path = model.locate(settings.model, ROOT, fetch=False)
    except PipelineError as error:
        level = CAUTION if settings.model.repo_id else FAIL
        found.append(Finding(level, "model", error.problem, error.remedy))
    try:
        facts = inspect_model(str(path))
    except NoLlamaCpp as error:
        return [*found, Finding(FAIL, "llama.cpp", str(error), model.NO_LLAMA_CPP)]
    except EngineError as error:
        return [*found, Finding(FAIL, "model", str(error), "correct [model] path in luigi.cfg")]
    if not found:
        found.append(judge_model(facts, is_demo=path == demo.MODEL))
        found.append(_memory(facts))
    return [judge_llama_cpp(facts, [card["name"] for card in gpus()]), *found]


def _served(settings: Settings) -> Finding:
    try:
        with open_server(settings.engine) as engine:
            found = model.ask(engine, settings.engine.n_ctx)
    except PipelineError as error:
        return Finding(FAIL, "server", error.problem, error.remedy)
    where = settings.engine.base_url
    return Finding(PASS, "server", f"{found.served}, window {found.window}, at {where}")


def judge_model(facts: ModelFacts, is_demo: bool) -> Finding:
    """A base model continues documents; an instruct model answers, and is worse at continuing."""
    text = (
        f"{facts.name}: {facts.architecture}, {facts.n_params / 1e6:,.0f}M parameters, "
        f"{facts.quantization}, window {facts.n_ctx_train}, vocabulary {facts.n_vocab}"
    )
    if is_demo:
        return Finding(PASS, "model", f"{text} (the demo model: it shows that the machine works)")
    words = set(facts.name.lower().replace("_", "-").replace(" ", "-").split("-"))
    if words & {"instruct", "chat", "it"}:
        return Finding(
            CAUTION, "model", f"{text}: an instruct model by its name", "take the base model"
        )
    if facts.has_chat_template:
        return Finding(
            CAUTION,
            "model",
            f"{text}: it has a chat template, as instruct models do (some base models do as well)",
            "make sure that it is the base model: the prompts are documents to be continued",
        )
    return Finding(PASS, "model", f"{text}, a base model")


def judge_llama_cpp(facts: ModelFacts, cards: Sequence[str]) -> Finding:
    """What llama.cpp was built for, against the cards that are there."""
    version = ", ".join(facts.llama_cpp.split(", ")[:2])
    backends = [name for name in re.findall(r"(\w+) : ", facts.llama_cpp) if name != "CPU"]
    if facts.gpu_offload:
        devices = ", ".join(facts.devices) or "no device"
        level = PASS if facts.devices else CAUTION
        return Finding(level, "llama.cpp", f"{version}, built for a GPU: {devices}")
    if backends:
        text = f"{version}, built for {', '.join(backends)}, but no card answers: the CPU is used"
        return Finding(CAUTION, "llama.cpp", text, "see whether `nvidia-smi` lists the card")
    text = f"{version}, built for the CPU"
    if cards:
        text += f", but this machine has {', '.join(cards)}"
        return Finding(CAUTION, "llama.cpp", text, "run `make cuda`")
    return Finding(PASS, "llama.cpp", f"{text}, {len(os.sched_getaffinity(0))} cores")


def _memory(facts: ModelFacts) -> Finding:
    where, free = "memory", free_host_memory()
    cards = gpus() if facts.gpu_offload else []
    if cards:
        where = "GPU memory"
        free = sum(card["memory_total_mib"] - card["memory_used_mib"] for card in cards) * 2**20
    needed = int(facts.size_bytes * MEMORY_FACTOR)
    text = f"{_size(free)} free, the model needs about {_size(needed)}"
    if free >= needed:
        return Finding(PASS, where, text)
    remedy = "use a smaller quantization or model; with a GPU, [engine] n_gpu_layers lower"
    return Finding(FAIL if free < facts.size_bytes else CAUTION, where, text, remedy)


def _sandbox() -> list[Finding]:
    findings = list(check.examine())
    bad = [finding for finding in findings if finding.level != PASS]
    summary = Finding(
        PASS, "sandbox", f"{findings[0].text}; {len(findings) - len(bad)} checks pass"
    )
    return [*([] if any(item.level == FAIL for item in bad) else [summary]), *bad]


def _sources(settings: Settings) -> list[Finding]:
    found = []
    for label in as_list(settings.seeds.sources):
        try:
            source = sources.resolve(label, ROOT, settings.seeds)
        except PipelineError as error:
            found.append(Finding(FAIL, "seeds", error.problem, error.remedy))
        else:
            found.append(Finding(PASS, "seeds", f"{label}: {source.where}"))
    return found


def _disk(settings: Settings) -> list[Finding]:
    folder = (ROOT / settings.project.artifacts).resolve()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        return [Finding(FAIL, "disk", f"{there} cannot be written", "set [project] artifacts")]
    free, needed, known = shutil.disk_usage(there).free, DISK_NEEDED, "at the least"
    with suppress(FileNotFoundError):
        planned = orjson.loads((folder / "pilot" / "plan.json").read_bytes())
        needed, known = max(needed, planned["disk_bytes"]), "by the last plan"
    text = f"{folder}: {_size(free)} free, {_size(needed)} needed {known}"
    if free < needed:
        return [Finding(FAIL, "disk", text, "free the disk, or `clean` what is not reached")]
    if free < max(2 * needed, DISK_COMFORTABLE):
        return [Finding(CAUTION, "disk", text, "`plan` says what the whole run needs")]
    return [Finding(PASS, "disk", text)]


def _hub(settings: Settings) -> list[Finding]:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import RepositoryNotFoundError

    wanted = settings.model.repo_id
    if not wanted and constants.HF_HUB_OFFLINE:
        return [Finding(PASS, "hub", "offline by HF_HUB_OFFLINE, and not needed")]
    api = HfApi()
    try:
        if wanted:
            api.model_info(wanted, revision=settings.model.revision, timeout=HUB_SECONDS)
            return [Finding(PASS, "hub", f"{constants.ENDPOINT} has {wanted}")]
        found = _reachable(constants.ENDPOINT)
    except RepositoryNotFoundError:
        text = f"{constants.ENDPOINT} has no model {wanted} that this account may see"
        return [Finding(FAIL, "hub", text, "correct [model] repo_id, or log in: `hf auth login`")]
    except Exception as error:  # of the client's transport, another one by version
        found = type(error).__name__
    if not found:
        who = "with a token" if api.token or _has_token() else "without a token"
        return [Finding(PASS, "hub", f"{constants.ENDPOINT} answers, {who}")]
    text = f"{constants.ENDPOINT} does not answer ({found})"
    remedy = "needed for [model] repo_id and `export --push` only; check the network or HF_ENDPOINT"
    if not wanted:
        return [Finding(CAUTION, "hub", text, remedy)]
    try:
        model.locate(settings.model, ROOT, fetch=False)
    except PipelineError:
        return [Finding(FAIL, "hub", f"{text}, and {wanted} is not fetched yet", remedy)]
    return [Finding(PASS, "hub", f"{text}, but {wanted} is in the local cache")]


def _has_token() -> bool:
    from huggingface_hub import get_token

    return get_token() is not None


def _reachable(endpoint: str) -> str:
    """Empty when something answers there, else what stood in the way."""
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(
            urllib.request.Request(endpoint, method="HEAD"), timeout=HUB_SECONDS
        ).close()
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        return str(getattr(error, "reason", error))
    return ""


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _show(finding: Finding) -> None:
    out = console()
    line = Text(f"{finding.level:8}", style=_STYLES[finding.level])
    line.append(f"{finding.name}: {finding.text}", "default")
    out.print(line, soft_wrap=True)
    if finding.remedy:
        out.print(Text(f"        -> {finding.remedy}"), soft_wrap=True)
