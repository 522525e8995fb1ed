"""Splitting PDFs: Quire against qpdf.

Every document with several pages is split into three parts, and into single pages if it has few. For
each part: its text is that of its pages (both by pdftotext), and `qpdf --check` is content wherever it
is with the source. Sizes, processor time and memory are set beside those of `qpdf --split-pages`. Then
a PDF of 300 MB, made for this. Writes results/split.json.
"""

import random
import re
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import corpus
import process
import quire

# Up to so many pages, a document is split into single pages too.
FEW_PAGES = 12
BIG_PAGES = 300
BIG_IMAGE = 590  # pixels each way: 1.04 MB of colour


def main():
    chosen = corpus.arguments(
        __doc__,
        split={"default": str(corpus.ROOT / "target/release/examples/split"), "help": "that example, built"},
        jobs={"type": int, "default": 2},
        extra={"action": "append", "default": [], "help": "a directory of further PDFs; may be given again"},
        only={"help": "measure only documents whose name contains this"})
    documents = [d for d in corpus.documents(chosen.cache, "pdf", chosen.extra) if not chosen.only or chosen.only in d.name]
    tasks = [(document, every) for document in documents for every in plans(document.path)]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        rows = list(pool.map(measure, tasks, [chosen.split] * len(tasks)))
    both = [row for row in rows if row["quire"]["parts"] and row["qpdf"]["parts"]]
    result = {
        "splits": len(rows), "both": len(both),
        "parts": sum(row["quire"]["parts"] for row in rows),
        "text_differs": [[row["name"], row["every"], row["text_differs"]] for row in rows if row["text_differs"]],
        "check_fails": [[row["name"], row["every"], row["check_fails"]] for row in rows if row["check_fails"]],
        "refused": [row for row in rows if not row["quire"]["parts"]],
        "size": sum(row["quire"]["bytes"] for row in both) / max(1, sum(row["qpdf"]["bytes"] for row in both)),
        "size_median": statistics.median(row["quire"]["bytes"] / row["qpdf"]["bytes"] for row in both) if both else None,
        "larger": [[row["name"], row["every"], row["quire"]["bytes"] / row["qpdf"]["bytes"]]
                   for row in both if row["quire"]["bytes"] > 1.1 * row["qpdf"]["bytes"]],
        "cpu": {who: sum(row[who]["cpu"] for row in both) for who in ("quire", "qpdf")},
        "rss": {who: max((row[who]["rss"] for row in both), default=0) for who in ("quire", "qpdf")},
        "rows": rows,
    }
    if not chosen.only:
        result["big"] = measure_big(chosen.cache, chosen.split)
        corpus.keep(chosen.cache, "split", result)
    show(result)


def plans(path):
    shown = process.run(["pdfinfo", path]).stdout.decode(errors="replace")
    pages = next((int(line.split()[1]) for line in shown.splitlines() if line.startswith("Pages:")), 0)
    if pages < 2:
        return []
    third = -(-pages // 3)
    return [third, 1] if 1 < third and pages <= FEW_PAGES else [third]


def measure(task, program):
    document, every = task
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        ours.mkdir()
        theirs.mkdir()
        ran = process.run(quire.split(program, document.path, ours, every))
        reference = process.run(["qpdf", "--warning-exit-0", f"--split-pages={every}", document.path, theirs / "part.pdf"])
        parts = in_order(ours)
        clean = is_clean(document.path)
        return {
            "set": document.set, "name": document.name, "every": every, "clean": clean,
            "quire": cost(ran, parts), "qpdf": cost(reference, in_order(theirs)),
            "text_differs": text_differs(document.path, parts, every),
            "check_fails": [number for number, part in enumerate(parts, 1) if clean and not is_clean(part)],
            "said": ran.stderr.decode(errors="replace").strip().removeprefix(f"{document.path}: ")[-200:],
        }


def in_order(folder):
    """The parts by the numbers in their names."""
    return sorted(folder.glob("*.pdf"), key=lambda path: [int(number) for number in re.findall(r"\d+", path.stem)])


def cost(ran, parts):
    return {"parts": len(parts) if ran.exit == 0 else 0, "bytes": sum(part.stat().st_size for part in parts),
            "cpu": ran.cpu, "wall": ran.wall, "rss": ran.rss}


def is_clean(path):
    return process.run(["qpdf", "--check", path]).exit == 0


def text_differs(path, parts, every):
    """The numbers of the parts whose text is not that of their pages."""
    return [number for number, part in enumerate(parts, 1)
            if text(part) != text(path, "-f", (number - 1) * every + 1, "-l", number * every)]


def text(path, *pages):
    return process.run(["pdftotext", "-q", *pages, path, "-"]).stdout


def measure_big(cache, program):
    """A PDF of 300 MB into three parts."""
    path = cache / "big.pdf"
    if not path.exists():
        write_big(path)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        ran = process.run(quire.split(program, path, folder, BIG_PAGES // 3), wall=600)
        big = {"size": path.stat().st_size, "exit": ran.exit, "quire": cost(ran, in_order(Path(folder))),
               "said": ran.stderr.decode(errors="replace").strip().removeprefix(f"{path}: ")[-200:]}
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        reference = process.run(["qpdf", f"--split-pages={BIG_PAGES // 3}", path, Path(folder) / "part.pdf"], wall=600)
        return big | {"qpdf": cost(reference, in_order(Path(folder)))}


def write_big(path):
    """Pages with a picture of noise each, which nothing compresses."""
    noise = random.Random(1)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        offsets = []

        def add(body, data=None):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\n" % (len(offsets), body))
            if data is not None:
                out.write(b"stream\n%s\nendstream\n" % data)
            out.write(b"endobj\n")

        out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        add(b"<</Type/Catalog/Pages 2 0 R>>")
        kids = b" ".join(b"%d 0 R" % (4 + 3 * page) for page in range(BIG_PAGES))
        add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (BIG_PAGES, kids))
        add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
        for page in range(BIG_PAGES):
            content = b"BT /F 12 Tf 72 750 Td (page %d) Tj ET 500 0 0 500 50 50 cm /X Do" % page
            add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
                b"/Resources<</Font<</F 3 0 R>>/XObject<</X %d 0 R>>>>>>" % (5 + 3 * page, 6 + 3 * page))
            add(b"<</Length %d>>" % len(content), content)
            data = noise.randbytes(3 * BIG_IMAGE * BIG_IMAGE)
            add(b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceRGB/Length %d>>"
                % (BIG_IMAGE, BIG_IMAGE, len(data)), data)
        xref = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, xref))
    partial.rename(path)


def show(result):
    for row in result["refused"]:
        print(f"not split: {row['name']} by {row['every']}: {row['said']}")
    for what in ("text_differs", "check_fails", "larger"):
        for name, every, detail in result[what]:
            print(f"{what}: {name} by {every}: {detail}")
    print(f"{result['splits']} splits, {result['parts']} parts; size {result['size']:.3f} of qpdf's "
          f"(median {result['size_median'] or 0:.3f}); CPU s {result['cpu']['quire']:.1f}, qpdf {result['cpu']['qpdf']:.1f}; "
          f"MB {result['rss']['quire'] / 1e6:.0f}, qpdf {result['rss']['qpdf'] / 1e6:.0f}")
    if "big" in result:
        for who in ("quire", "qpdf"):
            cost_of = result["big"][who]
            print(f"{result['big']['size'] / 1e6:.0f} MB: {who} {cost_of['parts']} parts, {cost_of['cpu']:.1f} CPU s, "
                  f"{cost_of['rss'] / 1e6:.0f} MB {result['big']['said'] if who == 'quire' else ''}")


if __name__ == "__main__":
    sys.exit(main())
