#!/usr/bin/env python3
"""Makes the documents of the sample CVs and reads them: dev/ and held-out/ to pages/.

    tests/cv/make.py [--quire PROGRAM] [--work DIRECTORY] [NAME...]

Each NAME.html or NAME.txt becomes a PDF, a DOCX, a picture of a skewed and noisy scan, or stays as it is,
as `kind` in NAME.json says; `quire read` then gives the pages that the tests work on. A sample of the kind
`given` has pages only. Needs chromium, poppler-utils, Pillow, and tesseract with
English and German.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from xml.sax.saxutils import escape

from PIL import Image, ImageFilter

HERE = pathlib.Path(__file__).resolve().parent
SCAN_DPI = 200
OCR = {"de": "deu+eng", "en": "eng"}


def run(*command: str | pathlib.Path) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_pdf(source: pathlib.Path, target: pathlib.Path) -> None:
    run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
        f"--print-to-pdf={target}", source.as_uri())


def make_scan(source: pathlib.Path, target: pathlib.Path, skew: float) -> None:
    pdf = target.with_suffix(".pdf")
    make_pdf(source, pdf)
    run("pdftoppm", "-r", str(SCAN_DPI), "-gray", "-png", "-singlefile", pdf, target.with_suffix(""))
    with Image.open(target) as image:
        skewed = image.convert("L").rotate(-skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    blurred = skewed.filter(ImageFilter.GaussianBlur(0.7))
    noise = Image.frombytes("L", blurred.size, random.Random(7).randbytes(blurred.width * blurred.height))
    Image.blend(blurred, noise, 0.15).save(target, dpi=(SCAN_DPI, SCAN_DPI))


class Blocks(HTMLParser):
    """Paragraphs and table cells of simple HTML, as the body of a DOCX."""

    STYLES = {"h1": "Heading1", "h2": "Heading2", "li": "ListBullet"}

    def __init__(self) -> None:
        super().__init__()
        self.body, self.text, self.style, self.cell = [], None, None, False

    def handle_starttag(self, tag, _attributes):
        if tag in ("p", "h1", "h2", "li", "td"):
            self.text, self.style = "", self.STYLES.get(tag)
        if tag in ("table", "tr", "td"):
            self.body.append({"table": "<w:tbl>", "tr": "<w:tr>", "td": "<w:tc>"}[tag])

    def handle_endtag(self, tag):
        if tag in ("p", "h1", "h2", "li", "td") and self.text is not None:
            style = f'<w:pPr><w:pStyle w:val="{self.style}"/></w:pPr>' if self.style else ""
            text = escape(" ".join(self.text.split()))
            self.body.append(f'<w:p>{style}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>')
            self.text = None
        if tag in ("table", "tr", "td"):
            self.body.append({"table": "</w:tbl>", "tr": "</w:tr>", "td": "</w:tc>"}[tag])

    def handle_data(self, data):
        if self.text is not None:
            self.text += data


def make_docx(source: pathlib.Path, target: pathlib.Path) -> None:
    blocks = Blocks()
    blocks.feed(source.read_text(encoding="utf-8"))
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{office}"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/officeDocument"/></Relationships>',
        "word/document.xml": '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f'<w:body>{"".join(blocks.body)}</w:body></w:document>',
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')


def make(labels: pathlib.Path, work: pathlib.Path) -> tuple[pathlib.Path, dict] | None:
    about = json.loads(labels.read_text(encoding="utf-8"))
    page = labels.with_suffix(".html")
    match about["kind"]:
        case "given":
            return None
        case "text":
            target = work / f"{labels.stem}.txt"
            shutil.copy(labels.with_suffix(".txt"), target)
        case "pdf":
            make_pdf(page, target := work / f"{labels.stem}.pdf")
        case "scan":
            make_scan(page, target := work / f"{labels.stem}.png", about["skew"])
        case "docx":
            make_docx(page, target := work / f"{labels.stem}.docx")
    return target, about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quire", default="quire", help="the program that reads documents")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/cv"), help="where the documents go")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for labels in sorted(HERE.glob("*/*.json")):
        if labels.parent.name == "pages" or (options.names and labels.stem not in options.names):
            continue
        made = make(labels, options.work.resolve())
        if made is None:
            continue
        document, about = made
        read = subprocess.run(
            [options.quire, "read", "--json", "--ocr", OCR.get(about["language"], "eng"), document],
            check=True, capture_output=True, text=True)
        pages = [page["text"] for page in json.loads(read.stdout)["pages"]]
        text = json.dumps(pages, ensure_ascii=False, indent=1)
        (HERE / "pages" / f"{labels.stem}.json").write_text(text + "\n", encoding="utf-8")
        print(labels.stem, len(pages))


if __name__ == "__main__":
    main()
