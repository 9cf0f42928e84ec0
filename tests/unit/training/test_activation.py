import json
import os
import subprocess
import sys
from pathlib import Path

from cocite.training.model import Model
from cocite.training.publish import publish

HEAVY = "lightgbm", "implicit", "sqlalchemy", "onnxruntime", "tokenizers", "threadpoolctl", "grpc"
CALLS = """
import sys
from cocite.cli.app import app

def loaded():
    return print(*({name.partition(".")[0] for name in sys.modules} & set(sys.argv[2:])))

for command in ["list", "--json"], ["activate", sys.argv[1]], ["rollback"]:
    app(["model", *command], standalone_mode=False)
loaded()
import cocite.training.publish
loaded()
"""


def test_choosing_a_model_loads_no_trainer(tmp_path: Path, model: Model):
    one, two = (publish(tmp_path, model, kept=5).model_version for _ in range(2))
    done = subprocess.run(
        [sys.executable, "-c", CALLS, one, *HEAVY],
        env={**os.environ, "COCITE_BUNDLES_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    listed, activated, rolled_back, by_choosing, by_publishing = done.stdout.rsplit("\n", 5)[:-1]
    assert [each["model_version"] for each in json.loads(listed)] == [one, two]
    assert (activated, rolled_back) == (one, two)
    assert by_choosing == ""
    assert "threadpoolctl" in by_publishing, "the control: what trains does load them"
