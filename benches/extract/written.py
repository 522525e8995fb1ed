"""Words of PDFs whose words are known: pages of written/, printed by Chromium and by WeasyPrint.

Here nobody's reading is the reference: what was written is. So pdftotext is one of the readers. Needs
`chromium`; what it cannot print is left out. Writes results/written.json.
"""

import html.parser
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import corpus
import peers
import process
import quire
import words

WRITTEN = Path(__file__).resolve().with_name("written")
READERS = ["pdftotext", "pypdf", "PyMuPDF", "pdf_oxide"]


def main():
    chosen = corpus.arguments(__doc__)
    versions = {name: peers.version(name) for name in READERS}
    rows = []
    for producer, print_page in PRODUCERS.items():
        for page in sorted(WRITTEN.glob("*.html")):
            printed = chosen.cache / "written" / f"{page.stem}-{producer}.pdf"
            if not printed.exists():
                printed.parent.mkdir(exist_ok=True)
                print_page(page, printed)
            if printed.exists():
                rows.append(measure(printed, page, chosen.quire))
            else:
                print(f"written: {producer} did not print {page.name}", file=sys.stderr)
    readers = ["quire", *READERS]
    means = {name: {what: statistics.fmean(row[what][name] for row in rows) for what in ("f1", "order")} for name in readers}
    corpus.keep(chosen.cache, "written", {"versions": versions, "rows": rows, "means": means})
    print("F1 / order".ljust(36), *(name.rjust(15) for name in readers))
    for row in [*rows, {"name": "mean", **{what: {name: means[name][what] for name in readers} for what in ("f1", "order")}}]:
        print(row["name"].ljust(36), *(f"{row['f1'][name]:8.3f} {row['order'][name]:.3f} " for name in readers))


def measure(printed, page, program):
    expected = words.words(text_of(page.read_text(encoding="utf-8")))
    row = {"name": printed.stem, "words": len(expected), "f1": {}, "order": {}}
    for name in ["quire", *READERS]:
        command = quire.read(program, printed) if name == "quire" else peers.command(name, printed)
        ran = process.run(command)
        text = "\n".join(quire.pages(ran.stdout) or []) if name == "quire" else ran.stdout.decode("utf-8", "replace")
        # A hyphen at the end of a line that a reader leaves there divides a word of one document: a reader
        # that joins the parts is right.
        found = words.words(text)
        row["f1"][name] = words.overlap(found, expected)
        row["order"][name] = words.in_order([found], [expected])
    return row


class Text(html.parser.HTMLParser):
    """The text of a page, in the order in which it is written."""

    # What stands apart on the page, and so apart in its text.
    BLOCKS = {"p", "h1", "div", "td", "th", "tr", "li", "br", "sup", "sub"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.pieces, self.hidden = [], False

    def handle_starttag(self, tag, _attributes):
        self.hidden = self.hidden or tag == "style"
        self.pieces.append(" " if tag in self.BLOCKS - {"sup", "sub"} else "")

    def handle_endtag(self, tag):
        self.hidden = self.hidden and tag != "style"
        self.pieces.append(" " if tag in self.BLOCKS - {"sup", "sub"} else "")

    def handle_data(self, data):
        self.pieces.append("" if self.hidden else data)


def text_of(markup):
    parser = Text()
    parser.feed(markup)
    return re.sub(r"\s+", " ", "".join(parser.pieces)).strip()


def by_chromium(page, printed):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run([
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={profile}",
            "--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri(),
        ], check=False, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def by_weasyprint(page, printed):
    import weasyprint

    weasyprint.HTML(filename=str(page)).write_pdf(str(printed), full_fonts=False)


PRODUCERS = {"chromium": by_chromium, "weasyprint": by_weasyprint}

if __name__ == "__main__":
    main()
