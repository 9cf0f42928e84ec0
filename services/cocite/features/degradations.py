"""What an answer of this service may fall short in."""

from cocite.v1 import degradation_pb2

CACHE_UNAVAILABLE = degradation_pb2.Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_CACHE_UNAVAILABLE, detail="Redis does not answer or refuses to store"
)
CATALOGUE_UNAVAILABLE = degradation_pb2.Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE,
    detail="the catalogue does not answer; ids that are neither found nor missing could not be looked up",
)
