"""SelfCodeAlign as Luigi tasks: `luigi --module pipeline FinalDataset`."""

import pipeline.config  # noqa: F401  # first: it decides which luigi.cfg Luigi reads, before Luigi is imported
from pipeline.loop.comparison import Comparison
from pipeline.loop.evaluation import Evaluation
from pipeline.loop.finetuning import FineTunedModel
from pipeline.loop.self_alignment import SelfAlignment
from pipeline.run import local_scheduler, luigi_options, unknown_task
from pipeline.stages import early_execution
from pipeline.stages.chain import Selected
from pipeline.stages.concepts import Concepts
from pipeline.stages.dataset import FinalDataset
from pipeline.stages.decontamination import Decontamination
from pipeline.stages.executions import Executions
from pipeline.stages.instructions import Instructions
from pipeline.stages.responses import Responses
from pipeline.stages.seeds import Seeds
from pipeline.stages.selection import Selection
from pipeline.stages.verifications import Verifications

# What can be asked for on the command line.
TASKS = [task.__name__ for task in (
    Comparison, Concepts, Decontamination, Evaluation, Executions, FinalDataset, FineTunedModel, Instructions,
    Responses, Seeds, Selected, Selection, SelfAlignment, Verifications,
)]  # fmt: skip

__all__ = [
    "TASKS",
    "Comparison",
    "Concepts",
    "Decontamination",
    "Evaluation",
    "Executions",
    "FinalDataset",
    "FineTunedModel",
    "Instructions",
    "Responses",
    "Seeds",
    "Selected",
    "Selection",
    "SelfAlignment",
    "Verifications",
    "early_execution",
]

local_scheduler.use()
unknown_task.explain(TASKS)
luigi_options.explain(TASKS)
