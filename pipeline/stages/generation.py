"""Generating stages: each unit of work is one prompt, one completion, one outcome."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

from pipeline.engine import Completion, EarlyEnd, Engine, Request, Sampling, reasoning
from pipeline.prompts import conversation, render
from pipeline.prompts.plan import GenerationPlan, exemplars_digest
from pipeline.records import Rejection, Rules
from pipeline.run.progress import Tokens
from pipeline.stages.base import PipelineTask
from pipeline.stages.stage import Outcome, Outcomes, ShardTask
from pipeline.stages.unanswered import Unanswered, rejection
from pipeline.text.hashing import number

# A completion that ends for another reason than a stop is rejected under that reason.
COMPLETION_RULES: Rules = {
    "length": "The completion reached max_tokens before a stop.",
    "repetition": "The completion repeated one passage, as it was or counting on, and was ended early.",
    "window": "The prompt and max_tokens do not fit into the model's window; nothing was generated.",
    "crash": "The request ended the engine's process twice while it ran alone.",
    "error": "The server refused the request and took others; or it failed on it, and [engine] unanswered = drop.",
}


_SIMPLER = (
    "the model does not keep to the form: [prompts] exemplars = short, more shots, or a stronger base model may help"
)
COMPLETION_HINTS: Rules = {
    "length": f"raise [STAGE] max_tokens, or {_SIMPLER}",
    "repetition": _SIMPLER,
    "window": "lower [STAGE] shots or max_tokens, or use a model with a longer window",
    "error": "see the server's log; `selfcodealign retry --only error` runs the records again",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One completion to be made: its id, the record it is made from, the sample's index."""

    id: str
    record: dict[str, Any]
    sample: int = 0


class GenerationTask(ShardTask):
    """A shard of a generating stage. `section` is the section of luigi.cfg that configures it."""

    section: ClassVar[str]
    hints: ClassVar[Rules] = COMPLETION_HINTS

    @classmethod
    def hint(cls, rule: str) -> str:
        return cls.hints.get(rule, _SIMPLER).replace("[STAGE]", f"[{cls.section}]")

    @property
    @abstractmethod
    def form(self) -> str:
        """The form of its prompts (pipeline/prompts/render.py)."""

    @property
    def plan(self) -> GenerationPlan:
        """Its settings, resolved: lengths, shots, sampling."""
        return self.project.plan(self.stage, self.form, self.section)

    def ingredients(self) -> dict[str, Any]:
        plan, exemplars = self.plan, self.project.exemplars
        model = self.project.backend(self.section).model
        return {
            "model": model.identity,
            **({"api": "chat"} if self.is_chat else {}),
            "cache": model.cache_types(self.project.settings.engine),
            "prompt": {
                "exemplars": exemplars.name,
                "exemplars_sha256": exemplars_digest(plan.form, exemplars),
                "shots": plan.shots,
                "shots_wanted": plan.wanted_shots,
                "fewshot_contexts": self.project.settings.prompts.fewshot_contexts,
                "stops": list(self.stops),
            },
            "sampling": {
                "temperature": plan.temperature,
                "top_k": plan.top_k,
                "top_p": plan.top_p,
                "min_p": plan.min_p,
            },
        }

    def limits(self) -> dict[str, Any]:
        section = getattr(self.project.settings, self.section)
        return {
            "max_tokens": self.plan.max_tokens,
            "window": self.plan.window,
            "attempt": section.attempt,
        }

    @property
    def is_chat(self) -> bool:
        """Whether the model gets its prompts as conversations."""
        return bool(getattr(self.project.settings, self.section).api == "chat")

    @property
    def has_special_tokens(self) -> bool:
        """Whether the names of special tokens in prompts stand for the tokens."""
        return False

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts at which every completion ends."""
        return render.stops(self.project.exemplars, self.plan.form)

    def stops_of(self, unit: Unit) -> tuple[str, ...]:
        """The texts at which the unit's completion ends."""
        return self.stops

    @property
    def early_end(self) -> EarlyEnd | None:
        """What ends completions of which more tokens cannot matter."""
        return None

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine that generates, which outlives the task."""
        backend = self.project.backend(self.section)
        announce_exemplars(self)
        if backend is self.project.base:
            self.reporter.say_once(f"loading {backend.model.name} ({backend.place})")
        yield backend.engine

    @abstractmethod
    def units(self) -> Iterable[Unit]:
        """What is to be generated for this shard, in a fixed order."""

    def context(self, unit: Unit) -> str:
        """The part of the unit's prompt that it shares with other units."""
        return self.few_shot(self.context_key(unit))

    @cached_property
    def few_shot(self) -> Callable[[str], str]:
        """The few-shot context of a key."""
        return cache(lambda key: render.context(self.project.exemplars, self.plan.form, self.plan.shots, key))

    def refuse(self, unit: Unit) -> Rejection | None:
        """Why a unit is dropped before the model is called, if it is."""
        return None

    @abstractmethod
    def tail(self, unit: Unit) -> str:
        """The unit's own part of the prompt."""

    @abstractmethod
    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        """The record that a finished completion holds, or the rule that it breaks."""

    def with_thoughts(self, record: dict[str, Any], thoughts: str) -> dict[str, Any]:
        """The record with what a chat model wrote before its answer: without it, where a stage does not keep it."""
        return record

    def prompt(self, unit: Unit) -> tuple[str, str]:
        """The unit's prompt as it is sent: context and tail."""
        return self.context(unit), self.tail(unit)

    def outcomes(self, done: Set[str]) -> Outcomes:
        yield from self.generated(unit for unit in self.units() if unit.id not in done)

    def generated(self, units: Iterable[Unit]) -> Outcomes:
        """The outcome of each of these units."""
        pending = []
        for unit in units:
            if (rejection := self.refuse(unit)) is not None:
                yield Outcome(unit.id, rejection)
            else:
                pending.append(unit)
        if not pending:
            return  # A shard may be finished but for its publication: no engine is loaded for that.
        by_id = {unit.id: unit for unit in pending}
        with self.engine() as engine:
            self.reporter.watch(_tokens_so_far(engine))
            unanswered = Unanswered(self.project.settings.engine)
            for completion in engine.generate(self._requests(pending)):
                if not unanswered.holds(completion):
                    yield self._outcome(by_id[completion.id], completion)
            unanswered.end()

    def _requests(self, pending: Sequence[Unit]) -> Iterator[Request]:
        """Requests in an order that lets the engine share: by context, then by prompt, samples together."""
        plan, kin = self.plan, self.recipe.kin
        sampling = Sampling(plan.temperature, plan.top_k, plan.top_p, plan.min_p)
        for unit in sorted(pending, key=self.context_key):
            context, tail = self.prompt(unit)
            yield Request(
                id=unit.id,
                context=context,
                tail=tail,
                max_tokens=plan.max_tokens,
                stops=self.stops_of(unit),
                seed=number(kin, unit.record["id"], str(unit.sample)) % 2**32,
                sampling=sampling,
                turns=conversation.turns(context, tail) if self.is_chat else (),
                chat=self.has_special_tokens,
                early_end=self.early_end,
            )

    def context_key(self, unit: Unit) -> str:
        """The key of a unit's few-shot context, from its record's id alone: all samples get the same."""
        contexts = self.project.settings.prompts.fewshot_contexts
        if contexts == "per_record":
            return str(unit.record["id"])
        index = number("context", unit.record["id"]) % int(contexts)
        return f"shard {self.shard} context {index}"

    def _outcome(self, unit: Unit, completion: Completion) -> Outcome:
        spent = {
            "completions": 1,
            "prompt_tokens": completion.prompt_tokens,
            "computed_prompt_tokens": completion.computed_prompt_tokens,
            "new_tokens": completion.new_tokens,
        }
        result: dict[str, Any] | Rejection
        if completion.reason == "stop":
            thoughts, text = reasoning.split(completion.text) if self.is_chat else ("", completion.text)
            result = self.parse(unit, text)
            if isinstance(result, dict):
                result = self.with_thoughts(result, thoughts)
        else:
            result = rejection(completion, completion.detail or completion.text[-200:])
        return Outcome(unit.id, result, spent, completion.text)


def _tokens_so_far(engine: Engine) -> Callable[[], Tokens]:
    """How many tokens an engine reads and writes from now on; none where it does not state them."""
    before = engine.stats()

    def so_far() -> Tokens:
        now = engine.stats()
        return Tokens(now.tokens_read - before.tokens_read, now.tokens_drawn - before.tokens_drawn)

    return so_far


def announce_exemplars(task: PipelineTask) -> None:
    """Say once in a run which exemplar set `auto` stands for."""
    chosen = task.project.exemplars_choice
    if chosen.why and not task.project.model.is_demo:
        task.reporter.say_once(f"exemplars: {chosen.name}, as {chosen.why} ([prompts] exemplars = auto)")


def draw(options: list[str], *key: str) -> str:
    """One of the options, uniformly by hash of the key: the same on every machine and at every run."""
    return options[number(*key) % len(options)]
