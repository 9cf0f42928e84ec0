"""The demo, up, for tests in browsers: prints where it is as JSON, and ends when its input does.

Usage: python stack.py DIRECTORY; needs tests/ on the path.
"""

import json
import sys
import time
from pathlib import Path

import cocite
from support.stack import Home, Stack

# A title that would run, were it ever taken for markup. The importers take tags that they know out of titles.
MARKUP = {
    "id": "doi:10.5555/markup",
    "title": "<img src=x onerror=\"document.title='run'\"> <script>document.title='run'</script> co-citation & {TeX}",
    "authors": ["Ada <script>document.title='run'</script> Writer"],
    "venue": '=HYPERLINK("https://example.org","venue")',
    "year": 2021,
    "abstract": "Co-citation of markup in titles.",
    "references": ["doi:10.1002/asi.4630240406", "doi:10.1002/asi.4630320302"],
}
WAIT_S = 30.0


def main(directory: Path) -> None:
    """Run until stdin ends."""
    home = Home(directory)
    paper = directory / "markup.jsonl"
    paper.write_text(json.dumps(MARKUP) + "\n")
    with Stack(home) as stack:
        home.of_demo().run("ingest", "jsonl", str(paper), check=True)
        with cocite.Client(stack.targets["recommender"], timeout_s=20) as client:
            until = time.monotonic() + WAIT_S
            while not client.resolve(MARKUP["id"]).results[0].in_model:
                if time.monotonic() > until:
                    sys.exit("the paper that was brought in does not arrive at the recommender")
                time.sleep(0.2)
        told = {
            "gateway": f"http://{stack.targets['gateway']}",
            "markup": MARKUP,
            # of a gateway of one's own before the same services
            "environment": {
                **{name: value for name, value in home.environment.items() if name.startswith("COCITE_")},
                "COCITE_HOME": str(home.of_demo().path),
                **{f"COCITE_{name.upper()}_TARGET": target for name, target in stack.targets.items()},
            },
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
