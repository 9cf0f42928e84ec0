"""What negative controls are made of: guards taken out of services that know nothing of it.

tests/chaos/sabotage/NAME/sitecustomize.py is imported by every Python process that has the folder on its PYTHONPATH.
"""

import os
import sys
from pathlib import Path

from cocite.core.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "sabotage"


def sabotaged(name: str) -> dict[str, str]:
    """Settings of a service of a stage that lacks what sabotage/NAME takes out."""
    folder = FOLDER / name
    assert (folder / "sitecustomize.py").exists()
    return {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}


def setting(**values: str) -> dict[str, str]:
    """Settings, each of which is one."""
    assert values.keys() <= Settings.model_fields.keys()
    return values
