"""Generate the page's messages and services, web/src/generated, from protos/.

Usage: python web/tools/generate.py

A browser has no use for rules and routes: they are stripped, and with them the imports that only they need.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, MethodOptions

WEB = Path(__file__).resolve().parents[1]
PLUGIN = WEB / "node_modules" / ".bin" / "protoc-gen-es"
OUT = WEB / "src" / "generated"
STRIPPED = ("buf/", "google/api/")

sys.path.insert(0, str(WEB.parent / "protos"))
import generate as python_messages  # noqa: E402  the module that knows where the rules and routes are described


def bare(file: FileDescriptorProto) -> FileDescriptorProto:
    """The file without rules and routes."""
    kept = [name for name in file.dependency if not name.startswith(STRIPPED)]
    del file.dependency[:]
    file.dependency.extend(kept)
    for message in file.message_type:
        message.ClearField("options")
        for field in message.field:
            field.ClearField("options")
    for service in file.service:
        for method in service.method:
            method.options.CopyFrom(MethodOptions(idempotency_level=method.options.idempotency_level))
    return file


def main() -> None:
    """Write the TypeScript anew."""
    if not PLUGIN.exists():
        sys.exit(f"{PLUGIN.name} is missing: run npm ci in {WEB}")
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        python_messages.generate(Path(scratch) / "python", image)
        described = FileDescriptorSet.FromString(image.read_bytes())
        files = [bare(file) for file in described.file if not file.name.startswith(STRIPPED)]
        image.write_bytes(FileDescriptorSet(file=files).SerializeToString())
        shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True)
        ours = [file.name for file in files if file.name.startswith("cocite/")]
        python_messages.run_protoc(
            [
                f"--descriptor_set_in={image}",
                f"--plugin=protoc-gen-es={PLUGIN}",
                f"--es_out={OUT}",
                "--es_opt=target=ts,import_extension=js",
                *ours,
            ]
        )


if __name__ == "__main__":
    main()
