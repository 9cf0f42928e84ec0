"""By how many ranks 50 made-up readers move a paper, in a simulated community.

Usage: python tests/load/trending_attack.py [--readers R] [--papers P] [--seed S] [--json FILE]

Every trending paper is pushed alone, in turn: by readers without a past, by browsers without a name, by readers who
have acted on one, three and seven earlier days; and held down by views without an act. The same without the caps.
"""

import argparse
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cocite.catalogue.event_records import EventKind
from cocite.feeds.trending.formula import RULES, Rules, Window
from support.trending_community import MADE_UP, Community, Shape, most, moved

UNCAPPED = Rules(daily_points=math.inf, trusted_days=0, session_share=1.0, newcomers_share=math.inf)
EVERYTHING = (EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE, EventKind.SUBMIT)
ATTACKS = {
    "readers without a past": (0, False, EVERYTHING),
    "browsers without a name": (0, True, EVERYTHING),
    "one earlier day": (1, False, EVERYTHING),
    "three earlier days": (3, False, EVERYTHING),
    "seven earlier days": (7, False, EVERYTHING),
    "views alone": (0, False, (EventKind.VIEW,)),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--papers", type=int, default=600)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    community = Community(Shape(asked.readers, asked.papers, seed=asked.seed))
    events = sum(map(len, community.by_reader))
    print(
        f"{asked.readers} readers, {asked.papers} papers, {events} events, seed {asked.seed}; {MADE_UP} made-up readers"
    )
    results = []
    for window in (Window.DAY, Window.WEEK, Window.MONTH):
        for name, (days, is_session, kinds) in ATTACKS.items():
            for rules, said in ((RULES, "caps"), (UNCAPPED, "no caps")):
                found = moved(community, rules, window, community.pushed(kinds, days, is_session, rules))
                row = {
                    "window": window.name.lower(),
                    "attack": name,
                    "rules": said,
                    "papers": len(found),
                    "most, of the first 20": most(found, 20),
                    "most, of the first 100": most(found, 100),
                    "most": most(found, len(found)),
                }
                results.append(row)
                print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
