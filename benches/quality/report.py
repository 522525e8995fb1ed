"""Writes what was measured into docs/QUALITY.md, between its markers.

    <!-- begin NAME --> ... <!-- end NAME -->

A section whose result is missing is left as it is.
"""

import argparse
import datetime
import json
import math
import platform
import re
import subprocess
from pathlib import Path

from data import SOURCES

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs/QUALITY.md"
# What the languages of the golden rules are summed up to: those that are promised, and the others.
PROMISED = ("en", "de", "fr", "es", "it", "pt", "nl")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    results = {path.stem: json.loads(path.read_text()) for path in (parser.parse_args().cache / "results").glob("*.json")}
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, make in SECTIONS.items():
        if name in results:
            text = replaced(text, name, make(results[name]))
    # The goals are those of all measurements: with some missing, the old ones stay.
    if all(name in results for name in COMPARED):
        for name, make in {"machine": machine, "goals": goals}.items():
            text = replaced(text, name, make(results))
    text = replaced(text, "sources", sources(results))
    DOCUMENT.write_text(text, encoding="utf-8")


def replaced(text, name, content):
    pattern = re.compile(f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"report: {DOCUMENT.name} has no section {name}")
    return pattern.sub(lambda found: f"{found[1]}\n{content.strip()}\n\n{found[2]}", text)


def table(head, rows, texts=1):
    """A Markdown table; the columns after the first `texts` hold numbers, set to the right."""
    marks = ["---" if column < texts else "---:" for column in range(len(head))]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in [head, marks, *rows])


def number(value, digits=3):
    return "–" if value is None or (isinstance(value, float) and math.isnan(value)) else f"{value:.{digits}f}"


def machine(results):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    peers = sorted(set(re.findall(r'"((?:yake|sumy|vaderSentiment|langdetect|py3langid|pysbd) [\d.]+)"', json.dumps(results))))
    return (f"Measured on {datetime.date.today()} at {commit.stdout.strip()}, on 2 cores ({model[1] if model else 'unknown'}) "
            f"that other work shared, {platform.system()} {platform.release()}, Python {platform.python_version()}; {', '.join(peers)}.")


def goals(results):
    rows = []

    def goal(what, ours, theirs, digits=3):
        # A goal is met or missed in the digits that are shown.
        met = round(ours, digits) >= round(theirs, digits)
        rows.append([what, number(theirs, digits), number(ours, digits), "met" if met else "**missed**"])

    for row in results.get("keywords", {}).get("rows", []):
        goal(f"keywords, F1, {row['set']}: at least yake's", row["quire"], row["peer"])
    summary = results.get("summary", {}).get("rows", [])
    for kind in ("rouge1", "rouge2", "rougeL") if summary else ():
        best = max(row[kind] for row in summary[1:])
        goal(f"summary, ROUGE-{kind[5:]}: at least the best of sumy's", summary[0][kind], best)
    for row in results.get("sentiment", {}).get("rows", []):
        goal(f"sentiment, accuracy, {row['set']}: at least vaderSentiment's", row["quire"], row["peer"])
    for row in results.get("language", {}).get("rows", []):
        goal(f"language of {row['kind']}: at least langdetect's", row["likely"], next(iter(row["peers"].values()))["right"])
    golden = results.get("sentences", {}).get("rows", [])
    if golden:
        goal("sentences, golden rules: at least pysbd's", sum(row["quire"] for row in golden), sum(row["peer"] for row in golden), 0)
    for row in results.get("speed", {}).get("rows", []):
        if row["text"] == "100 pages":
            met = "met" if row["seconds"] < 1 else "**missed**"
            rows.append([f"{row['task']}, 100 pages: under a second", "1.00 s", f"{row['seconds']:.2f} s", met])
    return table(["what", "goal", "measured", ""], rows)


def sources(_):
    return table(["repository", "what is used of it", "licence"],
                 [[name, source["used"], source["licence"]] for name, source in SOURCES.items()], texts=3)


def keywords(result):
    rows = [[row["set"], row["language"], row["kind"], row["documents"], row["words"], number(row["quire"]), number(row["peer"]),
             number(row["shared"], 2), f"{row['peer_seconds'] / row['quire_seconds']:.0f}"] for row in result["rows"]]
    return table(["set", "language", "texts", "documents", "words", "Quire", "yake", "shared", "times as fast"], rows, 3)


def summary(result):
    rows = [[label(row["method"]), *(number(row[kind]) for kind in ("rouge1", "rouge2", "rougeL")), f"{row['seconds']:.1f} s"]
            for row in result["rows"]]
    head = f"{result['documents']} news of {result['words'] // result['documents']} words in the mean, {result['sentences']} sentences each."
    return head + "\n\n" + table(["", "ROUGE-1", "ROUGE-2", "ROUGE-L", "time"], rows)


def label(method):
    return {"quire": "Quire", "first sentences": "the first five sentences"}.get(method, f"sumy {method}")


def sentiment(result):
    rows = [[row["set"], row["remarks"], number(row["quire"]), number(row["peer"]), number(row["same"]),
             number(row["quire_correlation"]), number(row["peer_correlation"])] for row in result["rows"]]
    rates = [[f"{rate['from']} to {min(rate['below'], 1.0)}", rate["remarks"], number(rate["right"], 2)] for rate in result["hit_rates"]]
    return "\n\n".join([
        table(["set", "remarks", "Quire", "vaderSentiment", "same label", "correlation with raters", "vaderSentiment's"], rows),
        "How often a remark of a given strength has the label that people gave it (all sets but the tweets, which documents"
        " do not resemble):",
        table(["strength", "remarks", "right"], rates),
    ])


def sentences(result):
    groups = {"promised languages": [], "others": []}
    for row in result["rows"]:
        groups["promised languages" if row["language"] in PROMISED else "others"].append(row)
    rows = [[row["language"], row["rules"], row["quire"], row["peer"]] for row in groups["promised languages"]]
    for name, members in groups.items():
        rows.append([f"all {name}", *(sum(row[key] for row in members) for key in ("rules", "quire", "peer"))])
    return table(["language", "rules", "Quire", "pysbd"], rows)


def language(result):
    peers = list(result["rows"][0]["peers"])
    rows = [[row["kind"], row["texts"], number(row["likely"]), *(number(row["peers"][peer]["right"]) for peer in peers),
             number(row["published"]), number(row["published_right"])] for row in result["rows"]]
    weak = [[kind["kind"], ", ".join(f"{code} {number(right, 2)}" for code, right in sorted(kind["by_language"].items(), key=lambda item: item[1])[:6])]
            for kind in result["rows"]]
    return "\n\n".join([
        f"{len(result['languages'])} languages: {', '.join(result['languages'])}.",
        table(["texts", "number", "Quire", *peers, "published", "of these right"], rows),
        table(["texts", "the six least often recognised"], weak, 2),
    ])


def speed(result):
    rows = [[row["text"], row["task"], f"{row['seconds']:.3f} s", f"{row['seconds'] * 1000 / row['pages']:.1f} ms",
             f"{row['peak'] / 1e6:.0f} MB", "refused" if row["refused"] else ""] for row in result["rows"]]
    return table(["text", "task", "processor time", "per page", "peak memory", ""], rows, 2)


def cv(result):
    return "\n".join([*result["table"], "", *(f"- {line}" for line in result["counts"])])


def invoice(result):
    head = ["field", "labels", "precision", "recall", "labels, held out", "precision", "recall"]
    return table(head, result["rows"])


def providers(result):
    def whole(figure):
        return f"{figure:.0f}"

    rows = [[what, whole(pages), whole(calls), whole(again), whole(tokens_in), whole(tokens_out), f"{seconds:.1f} s"]
            for what, pages, _, _, _, calls, again, tokens_in, tokens_out, seconds in result["rows"]]
    _, _, latency, parallel, context, *_ = result["rows"][0]
    head = f"{whole(latency)} ms for an answer, {whole(parallel)} calls at once, {whole(context)} tokens of context; medians of three runs."
    return head + "\n\n" + table(["", "pages", "calls", "made again", "tokens in", "tokens out", "time"], rows)


# What is compared with other programs.
COMPARED = ("keywords", "summary", "sentiment", "sentences", "language", "speed")
SECTIONS = {"keywords": keywords, "summary": summary, "sentiment": sentiment, "sentences": sentences,
            "language": language, "speed": speed, "cv": cv, "invoice": invoice, "providers": providers}

if __name__ == "__main__":
    main()
