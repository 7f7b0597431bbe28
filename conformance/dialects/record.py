"""Record an original's answers, in an environment that has it: ``python -m unifocal.conformance.dialects.record tfa``."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from ..frameworks import framework as framework_named
from . import Original, module_of, plain_signature, run_case


def record(dialect: str) -> Path:
    """Run every case of a dialect on its original, and write the answers beside this module."""
    module = module_of(dialect)
    original: Original = module.ORIGINAL
    run = framework_named(original.framework)
    answers = {}
    for case in module.CASES:
        answer = run_case(run, original.find(case.function), case)
        answers[str(case)] = {"value": answer.value.tolist(), "gradient": answer.gradient.tolist()}
    document = {
        "versions": {package: version(package) for package in original.packages} | dict(original.versions),
        "signatures": {name: plain_signature(original.find(name)) for name in sorted({case.function for case in module.CASES})},
        "answers": answers,
    }
    path = Path(__file__).parent / "recorded" / f"{dialect}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    print(record(sys.argv[1]))
