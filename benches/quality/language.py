"""The language of documents, of pieces of them, of sentences, pairs of words and single words, beside
`langdetect` and `py3langid`."""

import langdetect
import py3langid

import bench
import data

KINDS = ("documents", "paragraphs", "sentences", "word-pairs", "single-words")
ALIASES = {"zh-cn": "zh", "zh-tw": "zh", "iw": "he", "in": "id", "nb": "no"}


def main():
    chosen = bench.arguments(__doc__)
    langdetect.DetectorFactory.seed = 0
    rows = []
    for kind in KINDS:
        texts = list(texts_of(chosen.cache, kind))
        quire = bench.Quire(chosen.quire)
        peers = [bench.Peer("langdetect", detect), bench.Peer("py3langid", lambda text: py3langid.classify(text)[0])]
        ours = [quire.method("language", text) or ["und", None] for _, text in texts]
        row = {"kind": kind, "texts": len(texts), "quire_seconds": quire.seconds,
               "likely": bench.mean(wanted == likely for (wanted, _), (_, likely) in zip(texts, ours)),
               "published": bench.mean(code != "und" for code, _ in ours),
               "published_right": bench.mean(wanted == code for (wanted, _), (code, _) in zip(texts, ours) if code != "und"),
               "peers": {}, "by_language": {}}
        for peer in peers:
            found = [ALIASES.get(code, code) for code in (peer(text) for _, text in texts)]
            right = bench.mean(wanted == code for (wanted, _), code in zip(texts, found))
            row["peers"][peer.name] = {"right": right, "seconds": peer.seconds}
        for language in data.DECLARATIONS:
            of_language = [likely == wanted for (wanted, _), (_, likely) in zip(texts, ours) if wanted == language]
            row["by_language"][language] = bench.mean(of_language)
        quire.close()
        rows.append(row)
        print(kind, {key: row[key] for key in ("texts", "likely", "published", "published_right", "peers")})
        print("  ", {language: round(right, 2) for language, right in row["by_language"].items() if right < 0.9})
    bench.write(chosen.cache, "language", {"languages": list(data.DECLARATIONS), "rows": rows})


def texts_of(cache, kind):
    if kind not in ("documents", "paragraphs"):
        yield from data.utterances(cache, kind)
        return
    for language, text in data.declarations(cache):
        if kind == "documents":
            yield language, text
        else:
            yield from ((language, line.strip()) for line in text.splitlines() if len(line.strip()) >= 80)


def detect(text):
    try:
        return langdetect.detect(text)
    except langdetect.LangDetectException:
        return "und"


if __name__ == "__main__":
    main()
