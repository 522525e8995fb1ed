"""Words of PDFs: Quire and other readers against pdftotext.

Prints a table sorted by F1, the worst first, and writes results/pdf.json. `pdftotext` is a reference
and not the truth; documents in which it finds fewer than ten words are left out, and a document
that a reader cannot read counts as 0. The texts of the other readers are kept in the cache.
"""

import gzip
import json
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor

import corpus
import peers
import process
import quire
import words

REFERENCE = "pdftotext"
MIN_WORDS = 10
# The share of words in a script that puts a document into that script's subset.
MIN_SHARE = 0.1
# Pages are named in the results below this F1.
POOR_PAGE = 0.9


def main():
    chosen = corpus.arguments(
        __doc__,
        jobs={"type": int, "default": 2},
        only={"help": "measure only documents whose name contains this"},
        extra={"action": "append", "default": [], "help": "a directory of further PDFs; may be given again"},
        peers={"default": "pypdf,PyMuPDF,pdf_oxide", "help": "readers beside Quire, divided by commas"},
        verbose={"action": "store_true", "help": "print every document, not only those below 0.95"},
    )
    others = [name for name in chosen.peers.split(",") if name]
    versions = {name: peers.version(name) for name in [REFERENCE, *others]}
    documents = [d for d in corpus.documents(chosen.cache, "pdf", chosen.extra) if not chosen.only or chosen.only in d.name]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        rows = pool.map(measure, documents, [chosen.cache] * len(documents), [chosen.quire] * len(documents),
                        [versions] * len(documents))
        rows = [row for row in rows if row]
    rows.sort(key=lambda row: row["f1"]["quire"])
    result = {"versions": versions, "documents": len(documents), "sets": summaries(rows, ["quire", *others]), "rows": rows}
    if not chosen.only:
        corpus.keep(chosen.cache, "pdf", result)
    show(result, chosen.verbose or bool(chosen.only))


def measure(document, cache, program, versions):
    """The scores of one document; `None` if the reference finds too little in it."""
    content = document.sha256()
    texts = {name: kept_pages(cache, name, version, content, document.path) for name, version in versions.items()}
    reference = texts.pop(REFERENCE)[0] or []
    expected = [words.words(page) for page in reference]
    all_expected = words.flat(expected)
    if len(all_expected) < MIN_WORDS:
        return None
    ran = process.run(quire.read(program, document.path))
    texts["quire"] = [quire.pages(ran.stdout) if ran.exit == 0 else None, ran.exit]
    row = {
        "set": document.set, "name": document.name, "pages": len(expected), "words": len(all_expected),
        "cjk": words.share(words.IS_CJK, all_expected) >= MIN_SHARE,
        "rtl": words.share(words.IS_RIGHT_TO_LEFT, all_expected) >= MIN_SHARE,
        "f1": {}, "order": {}, "failed": {},
    }
    for name, (pages, exit_code) in texts.items():
        found = [words.words(page) for page in pages or []]
        row["f1"][name] = words.overlap(words.flat(found), all_expected)
        row["order"][name] = words.in_order(found, expected)
        if pages is None:
            row["failed"][name] = exit_code
        if name == "quire":
            row["poor_pages"] = poor_pages(found, expected)
    if ran.exit != 0:
        row["said"] = ran.stderr.decode(errors="replace").strip().removeprefix(f"{document.path}: ")[-200:]
    return row


def poor_pages(found, expected):
    """Number, F1, words found and words expected of the pages that differ most."""
    pages = []
    for number, reference in enumerate(expected, 1):
        page = found[number - 1] if number <= len(found) else []
        f1 = words.overlap(page, reference)
        if f1 < POOR_PAGE:
            pages.append([number, round(f1, 3), len(page), len(reference)])
    return pages


def kept_pages(cache, name, version, content, path):
    """The pages of text that a reader finds, and how it ended; from the cache if it was asked before."""
    kept = cache / "texts" / f"{name}-{version}" / f"{content}.json.gz"
    if kept.exists():
        return json.loads(gzip.decompress(kept.read_bytes()))
    ran = process.run(peers.command(name, path), wall=180)
    text = ran.stdout.decode("utf-8", "replace")
    # pdftotext ends each page with a form feed, the others divide pages by it.
    pages = (text.removesuffix("\f") if name == REFERENCE else text).split("\f") if ran.exit == 0 else None
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(gzip.compress(json.dumps([pages, ran.exit]).encode(), 3))
    return [pages, ran.exit]


SUBSETS = {
    "all": lambda row: True,
    "≥ 300 words": lambda row: row["words"] >= 300,
    "CJK": lambda row: row["cjk"],
    "right-to-left": lambda row: row["rtl"],
}


def summaries(rows, readers):
    """Means by set of documents and subset. The samples and the packages are one set, `goal`."""
    names = {row["set"] for row in rows}
    sets = {"goal": {"samples", "packages"}, **{name: {name} for name in sorted(names - {"samples", "packages"})}}
    result = {}
    for set_name, members in sets.items():
        for subset, belongs in SUBSETS.items():
            chosen = [row for row in rows if row["set"] in members and belongs(row)]
            if chosen:
                result.setdefault(set_name, {})[subset] = {"n": len(chosen), **{
                    reader: summary(chosen, reader) for reader in readers}}
    return result


def summary(rows, reader):
    scores = [row["f1"][reader] for row in rows]
    return {
        "f1": statistics.fmean(scores),
        "order": statistics.fmean(row["order"][reader] for row in rows),
        "good": sum(score >= 0.9 for score in scores),
        "bad": sum(score < 0.5 for score in scores),
        "failed": sum(reader in row["failed"] for row in rows),
    }


def show(result, everything):
    readers = ["quire", *[name for name in result["versions"] if name != REFERENCE]]
    print("F1".rjust(6), "order".rjust(6), *(name.rjust(9) for name in readers[1:]), "words".rjust(8), " document")
    for row in result["rows"]:
        if everything or row["f1"]["quire"] < 0.95:
            others = (f"{row['f1'][name]:9.3f}" for name in readers[1:])
            said = row.get("said", "")
            print(f"{row['f1']['quire']:6.3f} {row['order']['quire']:6.3f}", *others, f"{row['words']:8}",
                  f" {row['set']}: {row['name']} {said}")
    for set_name, subsets in result["sets"].items():
        print(f"\n{set_name}")
        for subset, means in subsets.items():
            for reader in readers:
                mean = means[reader]
                print(f"  {subset:14} n {means['n']:4}  {reader:10} F1 {mean['f1']:.4f}  order {mean['order']:.4f}  "
                      f">= 0.9 {mean['good']:4}  < 0.5 {mean['bad']:3}  failed {mean['failed']:3}")


if __name__ == "__main__":
    sys.exit(main())
