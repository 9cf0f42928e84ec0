"""The dashboards that are committed are what their source writes, and Grafana can lay them out."""

import json
from importlib.util import module_from_spec, spec_from_file_location

from support.queries import FOLDER


def source():
    spec = spec_from_file_location("dashboards", FOLDER / "dashboards.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_files_are_what_the_source_writes():
    written = source().files()
    assert {path.name: path.read_text() for path in (FOLDER / "dashboards").glob("*.json")} == written


def test_panels_have_names_of_their_own_and_lie_side_by_side():
    for content in source().files().values():
        panels = json.loads(content)["panels"]
        assert len({panel["title"] for panel in panels}) == len(panels)
        places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
        assert len(places) == len(panels)
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
