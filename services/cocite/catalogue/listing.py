"""The day a paper is new on, which is what lists of new papers go by.

It is the day of publication where a record tells one; else, of a paper of this year or of unknown year, the day on
which it came; else there is none: it is an old paper that came late. No paper is new on a day to come. Of several days
the first holds, so what is told later never makes a paper new again.
"""

from dataclasses import dataclass, replace
from datetime import date

from cocite.catalogue.records import Fields

NEAR_DAYS = 92  # how far from a day others are looked for that have papers of a field


@dataclass(frozen=True, slots=True)
class ListingDay:
    """A day with the number of its new papers, and the nearest days before and after it that have any."""

    day: date
    total: int
    previous: date | None
    following: date | None


def until(told: Fields, today: date) -> Fields:
    """What a record tells, its day no later than today."""
    ahead = told.published_on is not None and told.published_on > today
    return replace(told, published_on=today) if ahead else told


def of_new(told: Fields, today: date) -> Fields:
    """What a record tells of a paper that it brings, with the day that the paper is new on."""
    recent = told.year is None or told.year >= today.year
    return replace(told, published_on=today) if recent and told.published_on is None else told


def of_known(merged: Fields, told: Fields) -> Fields:
    """What is known of a paper after a record has told more of it.

    A paper that was listed on the day of its coming is listed no longer once it is told to be of an earlier year.
    """
    day = merged.published_on
    older = told.published_on is None and told.year is not None and day is not None and told.year < day.year
    return replace(merged, published_on=None) if older else merged
