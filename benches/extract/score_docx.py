"""Words of DOCX files: Quire against the parts that python-docx opens.

The reference is a walk over the XML of the body, headers, footers, notes and comments: text, tabs
and breaks, without what was deleted or moved away and without the fallback of an alternative.
Files that python-docx refuses are only read, not scored. Writes results/docx.json.
"""

import statistics
from concurrent.futures import ProcessPoolExecutor

import corpus
import process
import quire
import words

# python-docx and most files; the other is the strict variant of ISO/IEC 29500-4.
MAIN_NAMESPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
SKIPPED = {"del", "moveFrom"}
BREAKS = {"p", "tc", "tr", "br", "cr", "tab"}
PARTS = ("document", "header", "footer", "footnotes", "endnotes", "comments")
MIN_WORDS = 3


def main():
    chosen = corpus.arguments(__doc__, jobs={"type": int, "default": 2},
                              extra={"action": "append", "default": [], "help": "a directory of further DOCX files"})
    documents = corpus.documents(chosen.cache, "docx", chosen.extra)
    with ProcessPoolExecutor(chosen.jobs) as pool:
        rows = list(pool.map(measure, documents, [chosen.quire] * len(documents)))
    scored = sorted((row for row in rows if row["f1"] is not None), key=lambda row: row["f1"])
    result = {
        "documents": len(rows), "scored": len(scored),
        "f1": statistics.fmean(row["f1"] for row in scored),
        "order": statistics.fmean(row["order"] for row in scored),
        "at_least_99": sum(row["f1"] >= 0.99 for row in scored),
        "rows": scored, "failed": [row for row in rows if row["exit"] != 0],
    }
    corpus.keep(chosen.cache, "docx", result)
    for row in scored:
        if row["f1"] < 0.99:
            print(f"{row['f1']:.3f} {row['order']:.3f} {row['words']:6}  {row['set']}: {row['name']} {row['said']}")
    for row in result["failed"]:
        print(f"not read: {row['set']}: {row['name']}: {row['said']}")
    print(f"{len(rows)} files, {len(scored)} scored: F1 {result['f1']:.4f}, order {result['order']:.4f}, "
          f">= 0.99: {result['at_least_99']}")


def measure(document, program):
    expected = reference(document.path)
    ran = process.run(quire.read(program, document.path))
    found = words.words("\n".join(quire.pages(ran.stdout) or []))
    scores = expected is not None and len(expected) >= MIN_WORDS
    return {
        "set": document.set, "name": document.name, "exit": ran.exit,
        "said": ran.stderr.decode(errors="replace").strip().removeprefix(f"{document.path}: ")[-200:],
        "words": len(expected or []), "found": len(found),
        "f1": words.overlap(found, expected) if scores else None,
        "order": words.in_order([found], [expected]) if scores else None,
    }


def reference(path):
    """The words of a DOCX file; `None` if python-docx does not open it."""
    import docx

    try:
        package = docx.Document(path).part.package
    except Exception:  # noqa: BLE001 - it raises whatever its parsers raise
        return None
    text = []
    for part in package.iter_parts():
        if any(part.partname.rsplit("/", 1)[-1].startswith(name) for name in PARTS):
            text.extend(part_text(part.blob))
    return words.words("".join(text))


def part_text(blob):
    from lxml import etree

    root = etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            yield node
            continue
        if not isinstance(node.tag, str) or node.tag == FALLBACK:
            continue
        namespace, _, name = node.tag.rpartition("}")
        of_word = f"{namespace}}}" in MAIN_NAMESPACES
        if of_word and name in SKIPPED:
            continue
        if of_word and name in BREAKS:
            pending.append("\n")
        if of_word and name == "t":
            yield node.text or ""
            continue
        pending.extend(reversed(node))


if __name__ == "__main__":
    main()
