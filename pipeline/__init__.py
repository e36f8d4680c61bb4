"""SelfCodeAlign as Luigi tasks: `luigi --module pipeline FinalDataset`."""

from pipeline.concepts import Concepts
from pipeline.executions import Executions
from pipeline.final import FinalDataset
from pipeline.instructions import Instructions
from pipeline.project import ROOT
from pipeline.responses import Responses
from pipeline.seeds import Seeds
from pipeline.selection import Selection

__all__ = [
    "ROOT",
    "Concepts",
    "Executions",
    "FinalDataset",
    "Instructions",
    "Responses",
    "Seeds",
    "Selection",
]
