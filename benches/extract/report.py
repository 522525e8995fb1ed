"""Writes what was measured into docs/EXTRACTION.md, between its markers.

    <!-- begin NAME --> ... <!-- end NAME -->

Each section below is made of one result of the measuring programs; a section whose result is missing is
left as it is. What only a person knows, why a document scores low, is in reasons.json.
"""

import argparse
import datetime
import json
import math
import platform
import re
import subprocess
from pathlib import Path

import corpus

DOCUMENT = corpus.ROOT / "docs/EXTRACTION.md"
READERS = ["quire", "pypdf", "PyMuPDF", "pdf_oxide"]
# Documents below this are listed with their pages.
LOW = 0.95


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--fuzzing", type=Path, help="results of fuzz/run.sh")
    chosen = parser.parse_args()
    results = {path.stem: read(path) for path in (chosen.cache / "results").glob("*.json")}
    if chosen.fuzzing and (targets := [read(path) for path in sorted(chosen.fuzzing.glob("*.json"))]):
        results["fuzzing"] = {"rows": targets}
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, (needs, make) in SECTIONS.items():
        if all(need in results for need in needs):
            text = replaced(text, name, make(*(results[need] for need in needs)))
    text = replaced(text, "goals", goals(results))
    DOCUMENT.write_text(text, encoding="utf-8")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def replaced(text, name, content):
    pattern = re.compile(f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"report: {DOCUMENT.name} has no section {name}")
    return pattern.sub(lambda found: f"{found[1]}\n{content.strip()}\n\n{found[2]}", text)


def table(head, rows, numbers_from=1, text_from=99):
    """A Markdown table; the columns from `numbers_from` up to `text_from` are numbers, set to the right."""
    marks = ["---:" if numbers_from <= column < text_from else "---" for column in range(len(head))]
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value, digits=3):
    return "–" if value is None or (isinstance(value, float) and math.isnan(value)) else f"{value:.{digits}f}"


def megabytes(size):
    return f"{size / 1e6:.0f}"


# Sections


def machine(pdf):
    versions = ", ".join(f"{name} {version}" for name, version in pdf["versions"].items())
    commit = subprocess.run(["git", "-C", corpus.ROOT, "describe", "--always", "--dirty"], capture_output=True,
                            text=True, check=False).stdout.strip()
    return (f"Measured on {datetime.date.today().isoformat()} at {commit or 'an unknown commit'}, on {cores()}, "
            f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}; {versions}. "
            "Times are processor time, since other work shares the machine.")


def cores():
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    names = re.findall(r"model name\s*: (.*)", info)
    return f"{len(names)} cores ({names[0].strip()})" if names else platform.processor()


SET_NAMES = {"goal": "samples and packages", "wider": "further packages"}


def words_of_pdfs(pdf):
    parts = []
    for name, subsets in pdf["sets"].items():
        rows = []
        for subset, means in subsets.items():
            if subset != "all" and means["n"] == subsets["all"]["n"]:
                continue
            for what, digits in (("f1", 3), ("order", 3)):
                values = [means[reader][what] if reader in means else None for reader in READERS]
                best = max(round(value, digits) for value in values if value is not None)
                rows.append([f"{subset}, {means['n']} documents" if what == "f1" else "", "F1" if what == "f1" else "order",
                             *(f"**{number(value, digits)}**" if value is not None and round(value, digits) == best else number(value, digits)
                               for value in values)])
            rows.append(["", "≥ 0.9 / < 0.5 / not read", *(
                f"{means[reader]['good']} / {means[reader]['bad']} / {means[reader]['failed']}" if reader in means else "–"
                for reader in READERS)])
        parts.append(f"**{SET_NAMES.get(name, name)}**\n\n" + table(["documents", "", *READERS], rows, 2))
    return "\n\n".join(parts)


def low(pdf):
    rows = []
    for row in pdf["rows"]:
        if row["f1"]["quire"] < LOW:
            pages = ", ".join(f"{page[0]} ({page[1]:.2f})" for page in sorted(row["poor_pages"], key=lambda page: page[1])[:6])
            more = len(row["poor_pages"]) - 6
            rows.append([f"`{row['name']}`", number(row["f1"]["quire"]), *(number(row["f1"].get(name)) for name in READERS[1:]),
                         row["words"], pages + (f" and {more} more" if more > 0 else ""), reason(row)])
    return table(["document", "F1", *READERS[1:], "words", "pages below 0.9 (F1)", "why"], rows, 1, 6) if rows else "None."


def reason(row):
    known = corpus.REASONS.get(row["name"])
    if known:
        return ("**pdftotext is wrong.** " if known.get("reference_wrong") else "") + known["why"]
    return f"Quire says: {row['said']}" if row.get("said") else ""


def every_pdf(pdf):
    rows = [[f"`{row['name']}`", row["pages"], row["words"], number(row["f1"]["quire"]), number(row["order"]["quire"]),
             *(number(row["f1"].get(name)) for name in READERS[1:])]
            for row in sorted(pdf["rows"], key=lambda row: row["name"]) if row["set"] in ("samples", "packages")]
    return table(["document", "pages", "words", "F1", "order", *(f"F1 {name}" for name in READERS[1:])], rows)


def written(result):
    readers = ["quire", *result["versions"]]
    rows = [[f"`{row['name']}`", *(f"{number(row['f1'].get(name))} / {number(row['order'].get(name))}" for name in readers)]
            for row in result["rows"]]
    means = result["means"]
    rows.append(["**mean**", *(f"**{number(means[name]['f1'])} / {number(means[name]['order'])}**" for name in readers)])
    return table(["document: F1 / order", *readers], rows)


def speed(result):
    rows = []
    for row in result["rows"]:
        pdftotext = row["readers"]["pdftotext"]["cpu"]
        for name, cost in row["readers"].items():
            label = f"{row['document']}, {row['pages']} pages" if name == "quire" else ""
            rows.append([label, name, number(cost["cpu"], 2), number(pdftotext / cost["cpu"], 1) if cost["cpu"] else "–",
                         number(cost["wall"], 2), megabytes(cost["rss"]), cost["runs"]])
    return table(["document", "reader", "CPU s", "times as fast as pdftotext", "s", "MB", "runs"], rows, 2)


def docx(result):
    head = (f"{result['documents']} files, {result['scored']} with three words or more that python-docx opens: "
            f"mean F1 {number(result['f1'], 4)}, order {number(result['order'], 4)}, {result['at_least_99']} at 0.99 or above.")
    rows = [[f"`{row['name']}`", number(row["f1"]), row["words"], row["found"], reason(row)]
            for row in result["rows"] if row["f1"] < 0.99]
    return head + ("\n\n" + table(["below 0.99", "F1", "words", "found", "why"], rows, 1, 4) if rows else "")


def split(result):
    big = result.get("big")
    rows = [
        ["CPU s, all", number(result["cpu"]["quire"], 2), number(result["cpu"]["qpdf"], 2)],
        ["MB, largest", megabytes(result["rss"]["quire"]), megabytes(result["rss"]["qpdf"])],
    ]
    if big:
        rows += [[f"{big['size'] / 1e6:.0f} MB into three: parts", big["quire"]["parts"], big["qpdf"]["parts"]],
                 ["CPU s", number(big["quire"]["cpu"], 2), number(big["qpdf"]["cpu"], 2)],
                 ["MB", megabytes(big["quire"]["rss"]), megabytes(big["qpdf"]["rss"])]]
    lines = [f"{result['splits']} splits into {result['parts']} parts. All parts together are {number(result['size'], 2)} "
             f"times as large as qpdf's (median {number(result['size_median'], 2)}).", table(["", "quire", "qpdf"], rows)]
    for what, title in [("text_differs", "Text differs from that of the pages"), ("check_fails", "`qpdf --check` objects"),
                        ("larger", "More than a tenth larger than qpdf's")]:
        if result[what]:
            named = ", ".join(f"`{name}` by {every} ({detail if isinstance(detail, list) else number(detail, 2)})"
                              for name, every, detail in result[what])
            lines.append(f"{title}: {named}.")
    if result["refused"]:
        lines.append("Not split: " + "; ".join(f"`{row['name']}` ({row['said']})" for row in result["refused"]) + ".")
    return "\n\n".join(lines)


def thumbnails(result):
    rows = [[f"`{row['name']}`", *(number(value, 2) for value in (row["difference"], row["finer"]["quire"], row["finer"]["pdftoppm"]))]
            for row in result["rows"] if row["difference"] > 1]
    nearer = result["finer"]
    lines = [f"{result['compared']} first pages: grey difference median {number(result['median'], 2)}, 90th percentile "
             f"{number(result['p90'], 1)}; {result['visible']} over 10. Quire took {number(result['cpu']['quire'], 1)} CPU s and at "
             f"most {megabytes(result['rss']['quire'])} MB, pdftoppm {number(result['cpu']['pdftoppm'], 1)} and "
             f"{megabytes(result['rss']['pdftoppm'])}."]
    lines.append(f"Against pdftoppm at four times the size: median {number(nearer['quire'], 2)}, and {number(nearer['pdftoppm'], 2)} for "
                 f"pdftoppm at the size of the thumbnail. Quire is the nearer one on {nearer['quire_nearer']} pages, "
                 f"pdftoppm on {nearer['pdftoppm_nearer']}.")
    lines.append(table(["first pages over 1", "Quire to pdftoppm", "Quire to four times the size", "pdftoppm to it"], rows))
    if result["only_reference"]:
        lines.append("Drawn by pdftoppm alone: " + "; ".join(f"`{row['name']}` ({row['said']})" for row in result["only_reference"]) + ".")
    if result["only_quire"]:
        lines.append("Drawn by Quire alone: " + ", ".join(f"`{name}`" for name in result["only_quire"]) + ".")
    return "\n\n".join(lines)


def hostile(result):
    rows = [[f"`{row['name']}`", row["what"] or "a sample of its own", kilobytes(row["size"]), row["verdict"],
             number(row["cpu"], 2), megabytes(row["rss"]), *drawn(row)] for row in result["rows"]]
    held = ", ".join(f"{size / 1e6:.1f}" for size in result["rounds"])
    return (f"One process read all {len(rows)} again and again. It held, in MB, {held} after the rounds.\n\n"
            + table(["document", "what it does", "kB", "verdict", "CPU s", "MB", "drawn: CPU s", "MB"], rows, 2))


def drawn(row):
    picture = row["drawn"]
    return [number(picture["cpu"], 2), megabytes(picture["rss"])] if picture else ["", ""]


def kilobytes(size):
    return f"{size / 1e3:.1f}" if size < 1e4 else f"{size / 1e3:.0f}"


def fuzzing(result):
    rows = [[row["target"], row["seconds"], row["runs"], row["edges"], row["crashes"], row["slow"]] for row in result["rows"]]
    return table(["target", "s", "runs", "edges", "crashes", "over time or memory"], rows)


SECTIONS = {
    "machine": (["pdf"], machine),
    "words": (["pdf"], words_of_pdfs),
    "low": (["pdf"], low),
    "every": (["pdf"], every_pdf),
    "written": (["written"], written),
    "speed": (["speed"], speed),
    "docx": (["docx"], docx),
    "split": (["split"], split),
    "thumbnails": (["thumbnails"], thumbnails),
    "hostile": (["hostile"], hostile),
    "fuzzing": (["fuzzing"], fuzzing),
}


# Goals


def goals(results):
    rows = []
    for needs, make in GOALS:
        if needs in results:
            rows += [[what, goal, measured, "met" if met else "**missed**"] for what, goal, measured, met in make(results[needs])]
    return table(["what", "goal", "measured", ""], rows, 4)


def goals_of_words(pdf):
    goal = pdf["sets"]["goal"]
    mean, order = goal["all"]["quire"]["f1"], goal["all"]["quire"]["order"]
    yield f"words of PDFs against pdftotext, mean F1 of {goal['all']['n']}", "≥ 0.95", number(mean), mean >= 0.95
    for subset, least in (("CJK", 0.97), ("right-to-left", 0.80)):
        # Too few in the samples and packages to tell: all sets together.
        rows = [row for row in pdf["rows"]
                if row["cjk" if subset == "CJK" else "rtl"] and not row["reference_wrong"]]
        if rows:
            mean = sum(row["f1"]["quire"] for row in rows) / len(rows)
            yield f"{subset}, all {len(rows)} documents", f"≥ {least:.2f}", number(mean), mean >= least
    bad = [row for row in pdf["rows"] if row["f1"]["quire"] < 0.5 and row["set"] in ("samples", "packages")]
    unexplained = [row["name"] for row in bad if row["name"] not in corpus.REASONS]
    yield "documents below 0.5 without a reason", "none", f"{len(unexplained)} of {len(bad)} below 0.5", not unexplained
    yield "order of words", "≥ 0.86", number(order), order >= 0.86
    for reader in READERS[1:]:
        theirs = goal["all"][reader]["f1"]
        yield f"mean F1 beside {reader}", "above", f"{number(goal['all']['quire']['f1'])} to {number(theirs)}", \
            goal["all"]["quire"]["f1"] > theirs


def goals_of_written(result):
    means = result["means"]
    for what, title in (("f1", "words that are known, mean F1"), ("order", "their order")):
        best = max(result["versions"], key=lambda name: means[name][what])
        yield (f"{title} beside {best}, the best of the others", "above",
               f"{number(means['quire'][what])} to {number(means[best][what])}", means["quire"][what] > means[best][what])


def goals_of_speed(result):
    for row in result["rows"]:
        if row["pages"] > 100:
            costs = row["readers"]
            ratio = costs["pdftotext"]["cpu"] / costs["quire"]["cpu"]
            yield f"CPU time, {row['document']}, {row['pages']} pages", "4 times pdftotext", f"{ratio:.1f} times", ratio >= 4
            peak = costs["quire"]["rss"]
            yield "its peak memory", "< 100 MB", f"{megabytes(peak)} MB", peak < 100e6


def goals_of_docx(result):
    yield f"words of DOCX, mean F1 of {result['scored']}", "≥ 0.99", number(result["f1"], 4), result["f1"] >= 0.99


def goals_of_split(result):
    yield "split: parts whose text differs", "none", len(result["text_differs"]), not result["text_differs"]
    yield "split: parts that `qpdf --check` objects to", "none", len(result["check_fails"]), not result["check_fails"]
    yield "split: size beside qpdf's", "≤ 1.10", number(result["size"], 2), result["size"] <= 1.1
    ours, theirs = result["cpu"]["quire"], result["cpu"]["qpdf"]
    yield "split: CPU time beside qpdf's", "no more", f"{number(ours, 1)} s to {number(theirs, 1)} s", ours <= theirs
    if "big" in result:
        cost = result["big"]["quire"]
        yield "split: 300 MB, memory", "512 MB", f"{megabytes(cost['rss'])} MB", cost["parts"] == 3 and cost["rss"] <= 512e6


def goals_of_thumbnails(result):
    yield "thumbnails: median grey difference", "≤ 1", number(result["median"], 2), result["median"] <= 1
    finer = result["finer"]["quire"]
    yield "thumbnails: the same to pdftoppm at four times the size", "≤ 1", number(finer, 2), finer <= 1


def goals_of_hostile(result):
    rows, bad = result["rows"], result["bad"]
    yield f"hostile documents without a verdict, of {len(rows)}", "none", len(bad), not bad
    grown = result["growth"]
    yield ("hostile: memory of the process that stays, last round after the one before", "flat",
           f"{grown / 1e6:+.1f} MB" if result["complete"] else "it ended", result["complete"] and grown < 4e6)
    peak = max((row["rss"] for row in rows if row["name"].endswith(".docx")), default=0)
    yield "hostile DOCX: peak memory of the child", "≤ 128 MB", f"{megabytes(peak)} MB", peak <= 128e6


def goals_of_fuzzing(result):
    crashes = sum(row["crashes"] for row in result["rows"])
    yield f"fuzzing: crashes in {len(result['rows'])} targets", "none", crashes, crashes == 0


GOALS = [("pdf", goals_of_words), ("written", goals_of_written), ("speed", goals_of_speed), ("docx", goals_of_docx), ("split", goals_of_split),
         ("thumbnails", goals_of_thumbnails), ("hostile", goals_of_hostile), ("fuzzing", goals_of_fuzzing)]

if __name__ == "__main__":
    main()
