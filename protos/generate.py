"""Generate services/cocite/v1 and the gateway's OpenAPI document from protos/, and the descriptor image that buf reads.

Usage: python protos/generate.py [--out DIR] [--image FILE]

The rules in the protos import buf/validate/validate.proto, which the protovalidate wheel carries as a
descriptor only. It is handed to protoc as a descriptor set, and the generated import of its Python module is
pointed at cocite.v1.validate_rules, which registers that same descriptor at run time.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import google.api
import openapi
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, field_mask_pb2, timestamp_pb2  # noqa: F401  registers the files
from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
ROOT = PROTOS.parent
GOOGLE_APIS = [Path(place).parents[1] for place in google.api.__path__]  # of googleapis-common-protos
OPENAPI = Path("cocite/gateway/openapi.json")
GENERATED_IMPORT = "from buf.validate import validate_pb2 as"
OUR_IMPORT = "from cocite.v1 import validate_rules as"


def write_validate_descriptors(path: Path) -> None:
    """Write validate.proto and its imports to path as a serialized FileDescriptorSet."""
    sys.path.insert(0, str(ROOT / "services"))
    from cocite.v1.validate_rules import DESCRIPTOR

    pool = descriptor_pool.Default()
    files = descriptor_pb2.FileDescriptorSet()
    for name in [d.name for d in DESCRIPTOR.dependencies] + [DESCRIPTOR.name]:
        pool.FindFileByName(name).CopyToProto(files.file.add())
    path.write_bytes(files.SerializeToString())


def run_protoc(arguments: list[str]) -> None:
    """Run protoc; exit with its status when it fails."""
    status = protoc.main(["protoc", *arguments])
    if status:
        sys.exit(status)


def generate(out: Path, image: Path | None) -> None:
    """Write the modules and the document below out and, if asked, the image."""
    sources = sorted(str(p) for p in PROTOS.glob("cocite/v1/*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        rules = Path(scratch) / "validate.binpb"
        write_validate_descriptors(rules)
        common = [f"--descriptor_set_in={rules}", f"-I{PROTOS}", *(f"-I{place}" for place in GOOGLE_APIS)]
        image = image or Path(scratch) / "image.binpb"
        run_protoc([*common, "--include_imports", "--include_source_info", f"-o{image}", *sources])
        openapi.write(image, out / OPENAPI)
        out.mkdir(parents=True, exist_ok=True)
        run_protoc([*common, f"--python_out={out}", f"--pyi_out={out}", *sources])
        services = [s for s in sources if s.endswith("_service.proto")]
        run_protoc([*common, f"--grpc_python_out={out}", *services])
    for module in out.glob("cocite/v1/*_pb2*.py*"):
        text = module.read_text()
        module.write_text(text.replace(GENERATED_IMPORT, OUR_IMPORT))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "services")
    parser.add_argument("--image", type=Path)
    options = parser.parse_args()
    generate(options.out, options.image)
