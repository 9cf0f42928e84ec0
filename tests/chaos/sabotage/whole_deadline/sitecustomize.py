"""What others are asked may take all of a caller's time and more, instead of a share of what is left."""

from cocite.serving.deadline import Deadline

Deadline.share = lambda self, fraction, at_most_s: 10.0
