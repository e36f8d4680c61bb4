"""Checks what a run needs: each finding is PASS, CAUTION (it works, with less) or FAIL, with the remedy.

In: the configuration and the machine. Nothing of the project is changed: no lock, no file below `artifacts/`, no
download. The live test of the sandbox may first stage the sandbox's files, which takes seconds once.
Not promised: that the model file is whole. It is inspected, not hashed: the run compares [model] sha256.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from typing import Any

import orjson
from luigi.task_register import Register

from pipeline import config, demo, sources
from pipeline.config import Settings
from pipeline.config.location import location, root
from pipeline.engine import EngineError, ModelFacts, NoLlamaCpp, inspect_model
from pipeline.engine.sizing import free_host_memory
from pipeline.errors import ConfigError, PipelineError
from pipeline.operations.doctor_settings import check_settings
from pipeline.operations.judge_ability import in_words
from pipeline.operations.plan import plan_file
from pipeline.project import model, model_files
from pipeline.project.engines import lacks, open_server
from pipeline.project.exemplars import choose
from pipeline.project.project import Project
from pipeline.prompts import tuned
from pipeline.prompts.exemplars import ExemplarSet, load_set
from pipeline.prompts.prequery import pre_query, system_message
from pipeline.run.gpus import gpus
from pipeline.stages.chain import Goal
from pipeline.stages.magpie import MAGPIE
from pipeline.text import private
from pipeline.text.display import size
from pipeline.text.lists import as_list
from sandbox import check
from sandbox.check import CAUTION, FAIL, PASS, Finding

TESTED_PYTHONS = ((3, 10), (3, 13))
HUB_SECONDS = 2.0
# Caches and buffers, which need memory beside the weights.
MEMORY_FACTOR = 1.2
DISK_COMFORTABLE, DISK_NEEDED = 2_000_000_000, 200_000_000
HUB_REMEDY = "needed for [model] repo_id and `export --push` only; check the network or HF_ENDPOINT"


def examine(task: str = "") -> Iterator[Finding]:
    """All findings in a fixed order, with those of a goal that is named; the slow checks run in parallel."""
    yield check_python()
    yield check_secrets()
    checks: list[Callable[[], list[Finding]]] = [check_sandbox]
    try:
        settings = config.load()
    except ConfigError as error:
        yield Finding(FAIL, "configuration", error.problem, error.remedy)
    else:
        yield check_project()
        checks = [
            lambda: check_model(settings),
            check_sandbox,
            lambda: check_settings(settings, root()),
            lambda: check_sources(settings),
            lambda: check_disk(settings),
            lambda: check_hub(settings),
            lambda: check_goal(settings, task),
        ]
    with ThreadPoolExecutor(len(checks)) as pool:
        for result in [pool.submit(item) for item in checks]:
            yield from result.result()


def check_goal(settings: Settings, task: str) -> list[Finding]:
    """Whether a goal's own work, after the dataset's, can be done: training needs libraries and a model's file."""
    goal = Register.get_task_cls(task) if task else None
    if goal is None or not issubclass(goal, Goal):
        return []
    try:
        goal(project=Project(settings, root())).require_ready()
    except PipelineError as error:
        return [Finding(FAIL, task, error.problem, error.remedy)]
    return [Finding(PASS, task, "can be made once the dataset is there")]


def check_project() -> Finding:
    """Which project it is; the shipped one is rarely meant outside its folder."""
    text = f"{len(config.SECTIONS)} sections, project {root()}"
    if location().is_fallback:
        remedy = "`selfcodealign init FOLDER` begins a project of your own, -C FOLDER names another"
        return Finding(CAUTION, "configuration", f"{text}: no luigi.cfg here or above", remedy)
    return Finding(PASS, "configuration", text)


def check_python() -> Finding:
    """Whether this version of Python is tested."""
    text = f"{platform.python_version()}, {sys.executable}"
    oldest, newest = TESTED_PYTHONS
    if oldest <= sys.version_info[:2] <= newest:
        return Finding(PASS, "Python", text)
    return Finding(CAUTION, "Python", f"{text}: not tested", "use Python 3.10 to 3.13")


def check_secrets() -> Finding:
    """Whether seeds and rows are searched for secrets."""
    if name := private.detector():
        return Finding(PASS, "secrets", f"found by {name}")
    return Finding(CAUTION, "secrets", "seeds and rows are not searched for them", "pip install detect-secrets")


def check_model(settings: Settings) -> list[Finding]:
    """The model, llama.cpp and the memory for both; or the server, where one is configured."""
    if settings.engine.backend == "server":
        return _check_server(settings)
    findings = []
    path = demo.MODEL  # inspected in place of a missing model: that tests llama.cpp
    try:
        path = model_files.locate(settings.model, root(), fetch=False)
    except PipelineError as error:
        level = CAUTION if settings.model.repo_id else FAIL
        findings.append(Finding(level, "model", error.problem, error.remedy))
    try:
        facts = inspect_model(str(path))
    except NoLlamaCpp as error:
        return [*findings, Finding(FAIL, "llama.cpp", str(error), model.NO_LLAMA_CPP)]
    except EngineError as error:
        return [*findings, Finding(FAIL, "model", str(error), "correct [model] path in luigi.cfg")]
    if not findings:
        is_aligned = settings.instructions.source == MAGPIE
        findings.append(check_aligned_model(facts) if is_aligned else check_base_model(facts, path == demo.MODEL))
        findings.append(check_memory(facts))
        findings += check_exemplars(settings, facts.n_params, is_demo=path == demo.MODEL)
    return [check_llama_cpp(facts, [card["name"] for card in gpus()]), *findings]


def _check_server(settings: Settings) -> list[Finding]:
    try:
        with open_server(settings.engine) as engine:
            served = model.served_by(engine, settings.engine.n_ctx)
            text = f"{served.served}, window {served.window}, at {engine.place}{lacks(engine)}"
            cannot_score = engine.abilities.cannot_score
    except PipelineError as error:
        return [Finding(FAIL, "server", error.problem, error.remedy)]
    if cannot_score and settings.judgements.judge != "off":
        remedy = "set [judgements] judge = off, unless the exemplar set has no judge"
        found = Finding(CAUTION, "server", f"{text}; it {cannot_score}", remedy)
    else:
        found = Finding(PASS, "server", text)
    return [found, *check_exemplars(settings, served.parameters, is_demo=False)]


def check_exemplars(settings: Settings, parameters: int, is_demo: bool) -> list[Finding]:
    """Which exemplar set `auto` stands for; a named one is a matter of the settings alone."""
    if settings.prompts.exemplars != "auto":
        with suppress(PipelineError):  # check_settings reports it
            return check_judge(settings, load_set(choose(settings, root(), parameters, is_demo).folder))
        return []
    chosen = choose(settings, root(), parameters, is_demo)
    named = Finding(PASS, "exemplars", f"{chosen.folder.name if is_demo else chosen.name}, as {chosen.why}")
    return [named, *check_judge(settings, load_set(chosen.folder))]


def check_judge(settings: Settings, exemplars: ExemplarSet) -> list[Finding]:
    """Whether the model can judge seeds, where it does: by the last plan, which measures it."""
    if settings.judgements.judge == "off" or not exemplars.judged:
        return []
    planned: dict[str, Any] = {}
    with suppress(FileNotFoundError):
        planned = orjson.loads(plan_file((root() / settings.project.artifacts).resolve()).read_bytes())
    if not planned.get("judge"):
        remedy = "`selfcodealign plan` measures it"
        return [Finding(CAUTION, "judge", "not known: can this model judge seeds?", remedy)]
    text, _, remedy = in_words(planned["judge"]).partition("; ")
    return [Finding(CAUTION if remedy else PASS, "judge", f"{text} (by the last plan)", remedy)]


def check_aligned_model(facts: ModelFacts) -> Finding:
    """Whether the model can write messages of users, where instructions are those (Magpie)."""
    try:
        pre_query(facts.chat_template, system_message(["lists"]), facts.bos, facts.eos)
    except ConfigError as error:
        return Finding(FAIL, "model", f"{facts.name}: {error.problem}", error.remedy)
    return Finding(PASS, "model", f"{facts.name}: its chat template has a place for a user's message")


def check_base_model(facts: ModelFacts, is_demo: bool) -> Finding:
    """Whether the model is a base model: an instruct model is worse at continuing documents."""
    text = (
        f"{facts.name}: {facts.architecture}, {facts.n_params / 1e6:,.0f}M parameters, "
        f"{facts.quantization}, window {facts.n_ctx_train}, vocabulary {facts.n_vocab}"
    )
    if is_demo:
        return Finding(PASS, "model", f"{text} (the demo model: it shows that the machine works)")
    words = set(facts.name.lower().replace("_", "-").replace(" ", "-").split("-"))
    if words & {"instruct", "chat", "it"}:
        return Finding(CAUTION, "model", f"{text}: an instruct model by its name", "take the base model")
    if facts.has_chat_template and not tuned.is_template(facts.chat_template):
        return Finding(
            CAUTION,
            "model",
            f"{text}: it has a chat template, as instruct models do (some base models do as well)",
            "make sure that it is the base model: the prompts are documents to be continued",
        )
    return Finding(PASS, "model", f"{text}, a base model")


def check_llama_cpp(facts: ModelFacts, cards: Sequence[str]) -> Finding:
    """Whether llama.cpp was built for the machine's cards."""
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


def check_memory(facts: ModelFacts) -> Finding:
    """Whether the model fits into the free memory: of the cards where llama.cpp uses them, else of the host."""
    name, free = "memory", free_host_memory()
    cards = gpus() if facts.gpu_offload else []
    if cards:
        name = "GPU memory"
        free = sum(card["memory_total_mib"] - card["memory_used_mib"] for card in cards) * 2**20
    needed = int(facts.size_bytes * MEMORY_FACTOR)
    text = f"{size(free, 0)} free, the model needs about {size(needed, 0)}"
    if free >= needed:
        return Finding(PASS, name, text)
    remedy = "use a smaller quantization or model; with a GPU, [engine] n_gpu_layers lower"
    return Finding(FAIL if free < facts.size_bytes else CAUTION, name, text, remedy)


def check_sandbox() -> list[Finding]:
    """The findings of the sandbox's checks; those that pass as one finding."""
    findings = list(check.examine())
    problems = [finding for finding in findings if finding.level != PASS]
    if any(finding.level == FAIL for finding in problems):
        return problems
    text = f"{findings[0].text}; {len(findings) - len(problems)} checks pass"
    return [Finding(PASS, "sandbox", text), *problems]


def check_sources(settings: Settings) -> list[Finding]:
    """Whether each configured source exists."""
    findings = []
    for label in as_list(settings.seeds.sources):
        try:
            source = sources.resolve(label, root(), settings.seeds)
        except PipelineError as error:
            findings.append(Finding(FAIL, "seeds", error.problem, error.remedy))
        else:
            findings.append(Finding(PASS, "seeds", f"{label}: {source.where}"))
    return findings


def check_disk(settings: Settings) -> list[Finding]:
    """Whether the disk of the artifacts folder has room for the run that was last planned."""
    folder = (root() / settings.project.artifacts).resolve()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return [Finding(FAIL, "disk", f"{existing} cannot be written", "set [project] artifacts")]
    free, needed, basis = shutil.disk_usage(existing).free, DISK_NEEDED, "at the least"
    with suppress(FileNotFoundError):
        planned = orjson.loads(plan_file(folder).read_bytes())
        needed, basis = max(needed, planned["disk_bytes"]), "by the last plan"
    text = f"{folder}: {size(free, 0)} free, {size(needed, 0)} needed {basis}"
    if free < needed:
        return [Finding(FAIL, "disk", text, "free the disk, or `clean` what is not reached")]
    if free < max(2 * needed, DISK_COMFORTABLE):
        return [Finding(CAUTION, "disk", text, "`plan` says what the whole run needs")]
    return [Finding(PASS, "disk", text)]


def check_hub(settings: Settings) -> list[Finding]:
    """Whether the hub can be reached, and has the model that is configured."""
    from huggingface_hub import constants, get_token

    if settings.model.repo_id:
        return [_check_repository(settings)]
    if constants.HF_HUB_OFFLINE:
        return [Finding(PASS, "hub", "offline by HF_HUB_OFFLINE, and not needed")]
    if obstacle := _connect(constants.ENDPOINT):
        text = f"{constants.ENDPOINT} does not answer ({obstacle})"
        return [Finding(CAUTION, "hub", text, HUB_REMEDY)]
    token = "without a token" if get_token() is None else "with a token"
    return [Finding(PASS, "hub", f"{constants.ENDPOINT} answers, {token}")]


def _check_repository(settings: Settings) -> Finding:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import RepositoryNotFoundError

    repository, revision = settings.model.repo_id, settings.model.revision
    try:
        HfApi().model_info(repository, revision=revision, timeout=HUB_SECONDS)
    except RepositoryNotFoundError:
        text = f"{constants.ENDPOINT} has no model {repository} that this account may see"
        return Finding(FAIL, "hub", text, "correct [model] repo_id, or log in: `hf auth login`")
    except Exception as error:  # noqa: BLE001  of the client's transport, which differs by version
        text = f"{constants.ENDPOINT} does not answer ({type(error).__name__})"
    else:
        return Finding(PASS, "hub", f"{constants.ENDPOINT} has {repository}")
    try:
        model_files.locate(settings.model, root(), fetch=False)
    except PipelineError:
        return Finding(FAIL, "hub", f"{text}, and {repository} is not fetched yet", HUB_REMEDY)
    return Finding(PASS, "hub", f"{text}, but {repository} is in the local cache")


def _connect(endpoint: str) -> str:
    """Empty when a server answers at the endpoint, else the reason that none does."""
    try:
        request = urllib.request.Request(endpoint, method="HEAD")
        urllib.request.urlopen(request, timeout=HUB_SECONDS).close()
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        return str(getattr(error, "reason", error))
    except (HTTPException, ValueError) as error:  # what answers is no HTTP, or this is no URL
        return type(error).__name__
    return ""
