"""Days and weeks that a digest is about."""

from dataclasses import dataclass
from datetime import date, timedelta

from cocite.catalogue.subscription_records import Period
from cocite.core.errors import InvalidArgument

OLDEST = timedelta(days=60)  # mails are remembered for longer, so none is sent twice


@dataclass(frozen=True, slots=True)
class Occasion:
    """A period of which each subscriber gets one mail. days are those whose new papers it holds, first to last."""

    period: Period
    days: tuple[date, ...]

    @property
    def name(self) -> str:
        """As the catalogue keeps it: "daily:2026-11-23", "weekly:2026-W48"; earlier ones of a period sort first."""
        first = self.days[0]
        if self.period is Period.DAILY:
            return f"daily:{first.isoformat()}"
        year, week, _ = first.isocalendar()
        return f"weekly:{year}-W{week:02d}"

    @property
    def title(self) -> str:
        """In words."""
        first, last = self.days[0], self.days[-1]
        if first == last:
            return f"{first:%A}, {first.day} {first:%B %Y}"
        return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"


def occasion_of(period: Period, day: date | None, today: date) -> Occasion:
    """The digest about a day, or about the ISO week that it is in; about the last that is over when day is None.

    Raises InvalidArgument for one that is not over, or too long ago for what was sent then to be remembered.
    """
    if period is Period.DAILY:
        days: tuple[date, ...] = (day or today - timedelta(days=1),)
    else:
        within = day or today - timedelta(days=7)
        monday = within - timedelta(days=within.weekday())
        days = tuple(monday + timedelta(days=n) for n in range(7))
    if days[-1] >= today:
        raise InvalidArgument(f"{days[-1]} is not over", hint="days are those of UTC", field="date")
    if today - days[-1] > OLDEST:
        raise InvalidArgument(f"{days[-1]} is over for more than {OLDEST.days} days", field="date")
    return Occasion(period, days)


def occasion_named(name: str) -> Occasion:
    """The occasion of this name."""
    period, _, when = name.partition(":")
    if period == "daily":
        return Occasion(Period.DAILY, (date.fromisoformat(when),))
    monday = date.fromisoformat(f"{when}-1")
    return Occasion(Period.WEEKLY, tuple(monday + timedelta(days=n) for n in range(7)))
