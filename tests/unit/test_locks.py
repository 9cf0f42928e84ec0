"""The image is built of what is tested: its lock is a part of the lock of development, hash by hash."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def pins(text: str) -> dict[str, str]:
    """Requirements with their hashes, each as one text."""
    joined = text.replace("\\\n", " ")
    return {line.split()[0]: " ".join(line.split()) for line in joined.splitlines() if "==" in line}


def strangers(part: str, whole: str) -> list[str]:
    """Pins of part that whole has not, or otherwise."""
    known = {" ".join(sorted(line.split(" --hash=")[1:])) for line in pins(whole).values()}
    return [name for name, line in pins(part).items() if " ".join(sorted(line.split(" --hash=")[1:])) not in known]


def test_the_image_has_what_is_tested():
    whole = (ROOT / "requirements.lock").read_text()
    for name in ("requirements.lock", "build.lock"):
        part = (ROOT / "image" / name).read_text()
        assert len(pins(part)) > 4
        assert all("--hash=sha256:" in line for line in pins(part).values())
        assert strangers(part, whole) == [], "run make lock"


def test_another_pin_is_noticed():
    whole = (ROOT / "requirements.lock").read_text()
    part = (ROOT / "image" / "build.lock").read_text().replace("--hash=sha256:", "--hash=sha256:0", 1)
    assert len(strangers(part, whole)) == 1
