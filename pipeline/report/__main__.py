"""`python -m pipeline.report ARTIFACTS FOLDER [PREVIOUS]`: writes the report of a dataset."""

import sys
from pathlib import Path

from pipeline.report import write_report

artifacts, folder, *previous = map(Path, sys.argv[1:])
write_report(artifacts, folder, previous[0] if previous else None)
