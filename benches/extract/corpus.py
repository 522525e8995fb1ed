"""Which documents are measured, and where results are kept."""

import argparse
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "crates/extract/tests/fixtures"


@dataclass(frozen=True)
class Document:
    """A document by the set it belongs to and a name that is short and stays."""

    set: str
    name: str
    path: Path

    def sha256(self):
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def documents(cache, kind, extra=()):
    """The project's own samples, those of the packages, and those of further directories."""
    found = [Document("samples", path.name, path) for path in sorted((FIXTURES / kind).glob(f"*.{kind}"))]
    for path in sorted((cache / kind).glob(f"*/*.{kind}")):
        found.append(Document("packages", f"{path.parent.name}/{path.name}", path))
    for folder in map(Path, extra):
        for path in sorted(folder.rglob(f"*.{kind}")):
            found.append(Document(folder.name, str(path.relative_to(folder)), path))
    return found


def arguments(description, **more):
    """The arguments that the measuring programs share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cache", type=Path, required=True, help="directory of fetch.py; results go to its results/")
    parser.add_argument("--quire", default=str(ROOT / "target/release/quire"), help="the program under measurement")
    for name, settings in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)
    chosen = parser.parse_args()
    chosen.cache = chosen.cache.resolve()
    return chosen


def keep(cache, name, result):
    """Writes a result where report.py finds it."""
    folder = cache / "results"
    folder.mkdir(exist_ok=True)
    partial = folder / f"{name}.{os.getpid()}.partial"
    partial.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.rename(folder / f"{name}.json")
