"""Registers buf/validate/validate.proto, which the generated modules of this package import.

protovalidate 2 ships that file for the protobuf-py runtime only; google.protobuf needs its descriptor in the
default pool before messages that carry rules can be built. This module takes the descriptor from the installed
wheel, so that rules and validator are always of one version.
"""

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2  # noqa: F401  dependencies
from google.protobuf import descriptor_pool as _descriptor_pool
from protovalidate._gen.buf.validate import validate_pb as _validate

DESCRIPTOR = _descriptor_pool.Default().AddSerializedFile(_validate.desc().proto.to_binary())
