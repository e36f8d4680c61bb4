"""Benchmarks by name: where each is on the Hugging Face hub, at a commit of its dataset that does not change.

A name in `[decontamination] packs` stands for these datasets: hf:owner/name@revision:pattern.
"""

from __future__ import annotations

CATALOGUE: dict[str, tuple[str, ...]] = {
    "humaneval": ("hf:openai/openai_humaneval@7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544:openai_humaneval/test-*",),
    "humanevalplus": ("hf:evalplus/humanevalplus@d32357cf319e50e9c8d8dab5ea876c72b0fd321b:data/test-*",),
    "mbpp": ("hf:google-research-datasets/mbpp@4bb6404fdc6cacfda99d4ac4205087b89d32030c:*/*.parquet",),
    "mbppplus": ("hf:evalplus/mbppplus@b2d74c91837c3f2a20c1299ae98133cbe7cfa077:data/test-*",),
    # Five sets, 350 MB, most of it inputs. tool_use is the hub's own conversion, difficult the commit before its last.
    "evoeval": (
        "hf:evoeval/EvoEval_difficult@079fffee10a8e6a6c5846501781c29244552c62d:test.jsonl",
        "hf:evoeval/EvoEval_creative@18da99f1c8aad4636fe5d6f8d6a1e9388583015b:test.jsonl",
        "hf:evoeval/EvoEval_subtle@b1d6d9da3220957e7d299b0fc90189babb45ce88:test.jsonl",
        "hf:evoeval/EvoEval_combine@f58d1bc4e17e83125c108b8a1d071b7fbf639990:test.jsonl",
        "hf:evoeval/EvoEval_tool_use@a4c8cacf7be5305c1a541b58ea4bbc81a90f26b6:default/test/*.parquet",
    ),
    "apps": ("hf:codeparrot/apps@21e74ddf8de1a21436da12e3e653065c5213e9d1:test.jsonl",),
    "ds1000": ("hf:xlangai/DS-1000@4416080ac5cb80bdf7576aefb8f9a0b4d5426a44:test.jsonl",),
    # The newest two releases: earlier files hold gigabytes of hidden tests each, which nothing here reads.
    "livecodebench": ("hf:livecodebench/code_generation_lite@0fe84c3912ea0c4d4a78037083943e8f0c4dd505:test[56].jsonl",),
    "classeval": ("hf:FudanSELab/ClassEval@fef204b34e221f207f47904ee660bb920d4c5d1d:data/test-*",),
    "bigcodebench": ("hf:bigcode/bigcodebench@b74c0d0bf70d2c0bc459be537895cca163007f1a:data/v0.1.4-*",),
    "canitedit": ("hf:nuprl/CanItEdit@3c07f38b1f9385f3214fcea94d4664c79df0d36a:data/test-*",),
    "cruxeval": ("hf:cruxeval-org/cruxeval@b96af0450242eb4da433032b90998f25588a5d0f:test.jsonl",),
}
