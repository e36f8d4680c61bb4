"""This project: a folder with functions and a luigi.cfg, and the tasks up to the responses, shard by shard."""

from __future__ import annotations

import glob
import json
import shutil
import subprocess
import sys
from pathlib import Path

folder, url, seeds, prompt, concurrency = sys.argv[1:]
ROOT = Path(__file__).resolve().parents[2]
code = Path(folder, "code")
code.mkdir(exist_ok=True)
for number in range(int(seeds)):
    name = f"seed_{number:04d}"
    (code / f"{name}.py").write_text(
        f'def {name}(values):\n    """Add {number} to the sum of some values."""\n    return sum(values) + {number}\n'
    )
# The prompt of the second stage is in the exemplar set: its introduction is changed.
exemplars = Path(folder, "exemplars")
shutil.rmtree(exemplars, ignore_errors=True)
shutil.copytree(ROOT / "pipeline" / "demo" / "exemplars", exemplars)
described = json.loads((exemplars / "set.json").read_text())
described["intro"]["responses"] += "" if prompt == "Solve" else f" {prompt}."
(exemplars / "set.json").write_text(json.dumps(described))
Path(folder, "luigi.cfg").write_text(
    f"""[seeds]
sources = code
type_check = false
near_duplicates = 0
[prompts]
exemplars = exemplars
[instructions]
source = snippet
[responses]
samples = 1
[project]
shard_size = 256
[engine]
backend = server
base_url = {url}
concurrency = {concurrency}
"""
)
luigi = [sys.executable, "-m", "luigi", "--module", "pipeline"]
environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": folder, "OPENAI_API_KEY": "none"}
ended = subprocess.run([*luigi, "Seeds"], cwd=folder, env=environment).returncode
shards = sorted(glob.glob(f"{folder}/artifacts/seeds/*/shard-??????.jsonl"))
for shard in range(len(shards)):
    ended = (
        ended or subprocess.run([*luigi, "Responses", "--shard", str(shard)], cwd=folder, env=environment).returncode
    )
if ended == 0:
    newest = max(glob.glob(f"{folder}/artifacts/responses/*"), key=lambda path: Path(path).stat().st_mtime)
    with open(Path(folder, "rows.jsonl"), "w") as rows:
        for shard in sorted(glob.glob(f"{newest}/shard-??????.jsonl")):
            for line in Path(shard).read_text().splitlines():
                record = json.loads(line)
                name = record["code"].partition("(")[0].removeprefix("def ")
                rows.write(json.dumps({"seed": name, "answer": record["response"]}) + "\n")
sys.exit(ended)
