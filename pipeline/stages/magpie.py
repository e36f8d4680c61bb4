"""Stage 3 where `[instructions] source = magpie`: an aligned model writes the message of a user.

It reads its own chat template up to the place of the user's message, with a seed's concepts in the system message, and
goes on. In: a shard of concepts. Out: records as those of stages/instructions.py. Rejected: not_a_task beside the rules
of any instruction. The model is no base model: the dataset's card states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from pipeline.engine import ModelFacts, inspect_model
from pipeline.errors import ConfigError
from pipeline.prompts import parse
from pipeline.prompts.plan import GenerationPlan
from pipeline.prompts.prequery import PreQuery, pre_query, system_message
from pipeline.records import Rejection, Rules
from pipeline.stages.concepts import Concepts
from pipeline.stages.documented import CATEGORY, DIFFICULTY
from pipeline.stages.generation import COMPLETION_RULES, GenerationTask, Unit
from pipeline.stages.instructions import LANGUAGE

MAGPIE = "magpie"  # [instructions] source
_OF_CODE = re.compile(
    r"\b(?:functions?|class(?:es)?|methods?|code|programs?|scripts?|python|implement\w*|algorithms?|returns?|def)\b",
    re.IGNORECASE,
)


class Magpie(GenerationTask):
    """A shard of the instructions stage, written in the place of the user."""

    stage = section = "instructions"
    form = MAGPIE
    version = 1
    follows = Concepts
    rules: ClassVar[Rules] = {
        **COMPLETION_RULES,
        **parse.RULES["instructions"],
        "not_a_task": "What the model wrote in the place of the user has no word of programming in it.",
    }

    @cached_property
    def plan(self) -> GenerationPlan:  # type: ignore[override]
        settings, model = self.project.settings, self.project.model
        section = settings.instructions
        return GenerationPlan(
            stage=self.stage,
            form=self.form,
            shots=0,
            wanted_shots=0,
            max_tokens=section.max_tokens or self.project.exemplars.max_tokens["instructions"],
            window=settings.engine.n_ctx or model.window,
            temperature=section.temperature,
            top_k=section.top_k,
            top_p=section.top_p,
            min_p=section.min_p,
        )

    @cached_property
    def facts(self) -> ModelFacts:
        """Those of the model's file. Raises ConfigError where a server has it: its template is not accessible."""
        model = self.project.backend(self.section).model
        if model.served:
            raise ConfigError(
                f"[instructions] source = {MAGPIE}: {model.name} is served, and its chat template not accessible",
                "set [engine] backend = llama and [model] path to a GGUF of it, and [instructions] base_url to nothing",
            )
        return inspect_model(str(model.path))

    def _asked(self, concepts: list[str]) -> PreQuery:
        facts = self.facts
        # The engine adds the token that begins a text, where the model's tokenizer does.
        return pre_query(facts.chat_template, system_message(concepts), "" if facts.add_bos else facts.bos, facts.eos)

    def ingredients(self) -> dict[str, Any]:
        plan, model = self.plan, self.project.model
        asked = self._asked(["CONCEPTS"])
        return {
            "source": MAGPIE,
            "model": model.identity,
            "cache": model.cache_types(self.project.settings.engine),
            "prompt": {"text": asked.prompt, "stops": list(asked.stops)},
            "sampling": {
                "temperature": plan.temperature,
                "top_k": plan.top_k,
                "top_p": plan.top_p,
                "min_p": plan.min_p,
            },
        }

    @property
    def has_special_tokens(self) -> bool:
        """The template writes them. Names of concepts cannot: parse.py admits no brackets in them."""
        return True

    @property
    def is_chat(self) -> bool:
        """Never: the conversation is written out here, and its part that is wanted is the user's."""
        return False

    def stops_of(self, unit: Unit) -> tuple[str, ...]:
        return self._asked(unit.record["concepts"]).stops

    def units(self) -> Iterator[Unit]:
        for record in self.before.paths.read():
            yield Unit(record["id"], record)

    def context(self, unit: Unit) -> str:
        return self._asked(unit.record["concepts"]).prompt

    def tail(self, unit: Unit) -> str:
        return ""

    def parse(self, unit: Unit, text: str) -> dict[str, Any] | Rejection:
        instruction = parse.parse_instruction(text)
        if isinstance(instruction, Rejection):
            return instruction
        if not _OF_CODE.search(instruction):
            return Rejection("not_a_task", instruction[:200])
        return {
            "id": unit.id,
            "instruction": instruction,
            "category": CATEGORY,
            "difficulty": DIFFICULTY,
            "language": LANGUAGE,
            "concepts": unit.record["concepts"],
        }
