"""Sentences beside `pysbd`: how many of the golden rules of Pragmatic Segmenter hold."""

import pysbd

import bench
import data

CODES = {"english": "en", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl",
         "danish": "da", "polish": "pl", "russian": "ru", "greek": "el", "japanese": "ja", "chinese": "zh",
         "arabic": "ar", "persian": "fa", "hindi": "hi", "armenian": "hy", "bulgarian": "bg", "urdu": "ur",
         "marathi": "mr", "amharic": "am", "burmese": "my", "slovak": "sk", "kazakh": "kk"}


def main():
    chosen = bench.arguments(__doc__)
    quire, rows = bench.Quire(chosen.quire), []
    for language, rules in data.golden_rules(chosen.cache).items():
        segmenter = pysbd.Segmenter(language=CODES[language], clean=False)
        peer = bench.Peer("pysbd", segmenter.segment)
        ours = [rule for rule in rules if same(quire.method(f"sentences/{CODES[language]}", rule[0]) or [], rule[1])]
        theirs = [rule for rule in rules if same(peer(rule[0]), rule[1])]
        rows.append({"language": CODES[language], "rules": len(rules), "quire": len(ours), "peer": len(theirs),
                     "peer_name": peer.name, "missed": [text for text, _ in rules if text not in dict(ours)]})
        print(f"{language:10} {len(rules):3}  quire {len(ours):3}  pysbd {len(theirs):3}")
    quire.close()
    bench.write(chosen.cache, "sentences", {"rows": rows})


def same(found, wanted):
    """White space aside: what a text lays out is not what its sentences are."""
    return ["".join(part.split()) for part in found] == ["".join(part.split()) for part in wanted]


if __name__ == "__main__":
    main()
