"""What a run of the importer did, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cocite.catalogue.records import Outcome


@dataclass(slots=True)
class Summary:
    """Counts of records: read == stored + merged + unchanged + rejected, always.

    A record is a line (or entry, or row) that is not empty. stored: made something new; merged: changed something
    known; unchanged: told nothing new; rejected: by reason. warnings count what was wrong but bearable inside records
    that were taken. resumed: whether the run went on from where an earlier one was cut off; the counts then include
    the earlier part. rejects_file: where the rejected records are listed, "" when nowhere.
    """

    read: int = 0
    stored: int = 0
    merged: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    resumed: bool = False
    rejects_file: str = field(default="", compare=False)

    @property
    def rejected_total(self) -> int:
        """Number of rejected records."""
        return self.rejected.total()

    @property
    def ok(self) -> bool:
        """Whether the files held anything usable: a run that read nothing, or rejected all it read, is no success."""
        return self.read > self.rejected_total

    def add(self, outcome: Outcome, warnings: tuple[str, ...] = ()) -> None:
        """Count a record that was taken."""
        self.read += 1
        if outcome is Outcome.STORED:
            self.stored += 1
        elif outcome is Outcome.MERGED:
            self.merged += 1
        else:
            self.unchanged += 1
        self.warnings.update(warnings)

    def reject(self, reason: str) -> None:
        """Count a record that was not."""
        self.read += 1
        self.rejected[reason] += 1

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Summary":
        """From what to_json gave."""
        counters = {name: Counter(value[name]) for name in ("rejected", "warnings")}
        return cls(**{**value, **counters})
