"""Lays out seeds for the fuzz targets: the sample documents, and what is in fuzz/seeds/TARGET/.

    python3 fuzz/seeds.py DIRECTORY

makes DIRECTORY/TARGET/ for every target: files that its reader takes as they are, and the XML parts of
packages, which the targets put into a package again.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
FIXTURES = FUZZ.parent / "crates/extract/tests/fixtures"
# Larger inputs make each run slow, and what they hold is found in smaller ones too.
MAX_SIZE = 200_000
PICTURES = {"png", "jpg", "jpeg", "gif", "webp", "bmp", "tiff", "tif"}
MEDIA = {"wav", "mp3", "mp4", "m4a", "mov", "mkv", "webm", "avi", "ogg", "opus", "flac", "aac"}
OFFICE = {"xlsx", "pptx", "odt", "ods", "odp"}
# The extensions of the files that a target begins with; `None` for any.
SEEDS = {
    "pdf": {"pdf"}, "render": {"pdf"} | PICTURES, "split": {"pdf"}, "image": PICTURES,
    "docx": {"docx"}, "office": OFFICE, "html": {"html", "htm", "xhtml"}, "rtf": {"rtf"},
    "mail": {"eml"}, "text": {"txt", "csv", "tsv", "md", "json"}, "xml": {"xml", "svg"}, "media": MEDIA,
    "media_type": None,
}
# The parts of packages that readers walk through.
PARTS = ("document.xml", "header", "footer", "notes", "comments", "numbering", "styles", "sheet", "workbook",
         "sharedStrings", "slide", "content.xml", "core.xml", "app.xml", "meta.xml")


def main(folder):
    files = [path for path in sorted(FIXTURES.rglob("*")) if path.is_file() and path.stat().st_size <= MAX_SIZE]
    for target, extensions in SEEDS.items():
        seeds = folder / target
        seeds.mkdir(parents=True, exist_ok=True)
        for path in sorted((FUZZ / "seeds" / target).glob("*")):
            save(seeds, path.read_bytes())
        for path in files:
            extension = path.suffix[1:].lower()
            if extensions is None:
                save(seeds, f"{path.name}\n".encode() + path.read_bytes()[:4096])
            elif extension in extensions:
                save(seeds, path.read_bytes())
                if target in ("docx", "office"):
                    for part in parts(path):
                        save(seeds, part)


def parts(path):
    """The XML that can be read out of a package."""
    try:
        with zipfile.ZipFile(path) as package:
            for entry in package.infolist():
                name = entry.filename.rsplit("/", 1)[-1]
                if name.startswith(PARTS) and entry.file_size <= MAX_SIZE:
                    yield package.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return


def save(folder, content):
    """Under the name that libFuzzer would give it."""
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
