"""SelfCodeAlign as Luigi tasks: `luigi --module pipeline FinalDataset`."""

from pipeline.config import location

location.install()

from pipeline.loop.comparison import Comparison  # noqa: E402
from pipeline.loop.evaluation import Evaluation  # noqa: E402
from pipeline.loop.finetuning import FineTunedModel  # noqa: E402
from pipeline.loop.self_alignment import SelfAlignment  # noqa: E402
from pipeline.stages import early_execution  # noqa: E402
from pipeline.stages.chain import Selected  # noqa: E402
from pipeline.stages.concepts import Concepts  # noqa: E402
from pipeline.stages.dataset import FinalDataset  # noqa: E402
from pipeline.stages.decontamination import Decontamination  # noqa: E402
from pipeline.stages.executions import Executions  # noqa: E402
from pipeline.stages.instructions import Instructions  # noqa: E402
from pipeline.stages.responses import Responses  # noqa: E402
from pipeline.stages.seeds import Seeds  # noqa: E402
from pipeline.stages.selection import Selection  # noqa: E402
from pipeline.stages.verifications import Verifications  # noqa: E402

__all__ = [
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
