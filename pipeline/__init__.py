"""SelfCodeAlign as Luigi tasks: `luigi --module pipeline FinalDataset`."""

from pipeline.comparison import Comparison
from pipeline.concepts import Concepts
from pipeline.decontamination import Decontamination
from pipeline.evaluation import Evaluation
from pipeline.executions import Executions
from pipeline.final import FinalDataset
from pipeline.finetuning import FineTunedModel
from pipeline.instructions import Instructions
from pipeline.project import ROOT
from pipeline.responses import Responses
from pipeline.seeds import Seeds
from pipeline.selection import Selection
from pipeline.self_alignment import SelfAlignment
from pipeline.verifications import Verifications

__all__ = [
    "ROOT",
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
    "Selection",
    "SelfAlignment",
    "Verifications",
]
