"""Processor time and memory of whole tasks by the local engine: one process a measurement."""

import os
import random

import bench
import data

TASKS = ("summarize", "extract_keywords", "sentiment", "qa", "classify", "extract_cv", "extract_invoice")
WORDS_A_PAGE = 500


def main():
    chosen = bench.arguments(__doc__)
    news = [word for text, _ in data.summaries(chosen.cache, 3) for word in text.split(" ")]
    texts = {f"{count} pages": paged(news, count) for count in (1, 10, 100, 1000)}
    texts |= hostile()
    rows = []
    for name, pages in texts.items():
        for task in TASKS:
            run = once(chosen.quire, task, pages)
            if "there is no task type" in run.get("error", ""):
                continue
            rows.append({
                "text": name, "task": task, "pages": len(pages), "refused": "error" in run,
                "seconds": run["cpu"], "peak": run["peak"],
            })
            print(f"{name:24} {task:18} {rows[-1]['seconds']:8.3f} s {rows[-1]['peak'] / 1e6:6.0f} MB  {'refused' if rows[-1]['refused'] else ''}")
    bench.write(chosen.cache, "speed", {"rows": rows, "words_a_page": WORDS_A_PAGE})


def once(program, task, pages):
    """The answer, with the processor time of the whole process: its start and reading the text included."""
    quire = bench.Quire(program)
    answer = quire.ask(task=task, pages=pages)
    quire.process.stdin.close()
    _, _, usage = os.wait4(quire.process.pid, 0)
    quire.process.returncode = 0
    return answer | {"cpu": usage.ru_utime + usage.ru_stime}


def paged(words, count):
    """So many pages of news; the news begin anew, in another order, when they are used up."""
    drawn, rng = [], random.Random(1)
    while len(drawn) < count * WORDS_A_PAGE:
        sentences = " ".join(words).replace("\n", " ").split(". ")
        if drawn:
            rng.shuffle(sentences)
        drawn += ". ".join(sentences).split(" ")
    return [" ".join(drawn[page * WORDS_A_PAGE:(page + 1) * WORDS_A_PAGE]) for page in range(count)]


def hostile():
    rng = random.Random(1)
    vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(20_000)]
    noise = rng.randbytes(1_000_000)
    return {
        "a million words, no stop": [" ".join(rng.choices(vocabulary, k=1_000_000))],
        "one word a million times": ["word " * 1_000_000],
        "one word of 5 MB": ["x" * 5_000_000],
        "a million stops": [". " * 500_000 + "a. " * 300_000],
        "noise, 1 MB": [noise.decode("latin-1")],
        "noise as UTF-8, 1 MB": [noise.decode("utf-8", "replace")],
        "emoji, 1 MB": ["".join(rng.choices("😀😡👍🏽🇩🇪 ", k=250_000))],
        "Arabic and Hebrew": ["".join(rng.choices("ابتثجحخدذرزسשלוםעברית     .", k=500_000))],
        "brackets and quotes": ["\"( ' « [ apples and pears " * 40_000],
    }


if __name__ == "__main__":
    main()
