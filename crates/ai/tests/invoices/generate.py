#!/usr/bin/env python3
"""Makes pages.json, the texts that Quire reads from the sample invoices.

Usage: generate.py path/to/quire

Each source is printed by Chromium (`chromium`), and for a scan drawn by `pdftoppm`, turned a little first,
and read by tesseract. Only the texts are kept.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def read(quire, file, languages):
    command = [quire, "read", "--json", "--ocr", languages, str(file)]
    read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return [page["text"] for page in read["pages"]]


def printed(source, folder):
    pdf = folder / "document.pdf"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
         f"--print-to-pdf={pdf}", str(source)],
        check=True, capture_output=True,
    )
    return pdf


def turned(source, folder):
    """The page as it lies on the glass of a scanner: not quite straight."""
    page = folder / "turned.html"
    page.write_text(source.read_text().replace("<body>", '<body style="transform: rotate(0.7deg)">'))
    return page


def scanned(source, folder):
    pdf = printed(turned(source, folder), folder)
    subprocess.run(
        ["pdftoppm", "-r", "200", "-gray", "-png", "-singlefile", str(pdf), str(folder / "scan")], check=True
    )
    return folder / "scan.png"


def main(quire):
    samples = json.loads((HERE / "labels.json").read_text())
    pages = {}
    for name, sample in samples.items():
        source = HERE / "sources" / sample["source"]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            make = scanned if sample["scan"] else printed
            file = make(source, folder) if source.suffix == ".html" else source
            pages[name] = read(quire, file, "deu+eng")
    (HERE / "pages.json").write_text(json.dumps(pages, ensure_ascii=False, indent=1) + "\n")


main(sys.argv[1])
