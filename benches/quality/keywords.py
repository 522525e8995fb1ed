"""Keywords beside `yake`: F1 of the fifteen best against keyphrases that people chose, by Porter or
Snowball stems, exact phrase for exact phrase; and how many of the ten best both share."""

import re

import yake
from nltk.stem.snowball import SnowballStemmer

import bench
import data

COUNT = 15
# Name of the set, its language, documents taken.
SETS = [
    ("500N-KPCrowd-v1.1", "en", "news", 200),
    ("Inspec", "en", "abstracts", 200),
    ("SemEval2017", "en", "paragraphs", 200),
    ("www", "en", "abstracts", 200),
    ("Nguyen2007", "en", "papers", 40),
    ("SemEval2010", "en", "papers", 40),
    ("theses100", "en", "theses", 40),
    ("wiki20", "en", "reports", 20),
    ("110-PT-BN-KP", "pt", "broadcast news", 110),
    ("WikiNews", "fr", "news", 100),
]
STEMMERS = {"en": "porter", "pt": "portuguese", "fr": "french"}


def main():
    chosen = bench.arguments(__doc__)
    rows = []
    for name, language, kind, most in SETS:
        quire = bench.Quire(chosen.quire)
        extractor = yake.KeywordExtractor(lan=language, n=3, top=COUNT)
        peer = bench.Peer("yake", lambda text: [phrase for phrase, _ in extractor.extract_keywords(text)])
        ours, theirs, shared, words = [], [], [], 0
        documents = list(data.keyphrases(chosen.cache, name, most))
        for text, phrases in documents:
            stemmed = Stems(STEMMERS[language])
            gold = {stemmed(phrase) for phrase in phrases} - {()}
            mine, other = quire.method("keywords", text, COUNT) or [], peer(text)
            ours.append(f1(gold, mine, stemmed))
            theirs.append(f1(gold, other, stemmed))
            both = {stemmed(phrase) for phrase in mine[:10]} & {stemmed(phrase) for phrase in other[:10]}
            shared.append(len(both) / 10)
            words += len(text.split())
        quire.close()
        rows.append({
            "set": name, "language": language, "kind": kind, "documents": len(documents), "words": words,
            "quire": bench.mean(ours), "peer": bench.mean(theirs), "shared": bench.mean(shared),
            "quire_seconds": quire.seconds, "peer_seconds": peer.seconds, "peer_name": peer.name,
        })
        print(f"{name:20} {len(documents):4} quire {rows[-1]['quire']:.3f}  yake {rows[-1]['peer']:.3f}  "
              f"shared {rows[-1]['shared']:.2f}  {quire.seconds:.1f} s, {peer.seconds:.1f} s")
    bench.write(chosen.cache, "keywords", {"count": COUNT, "rows": rows})


class Stems:
    def __init__(self, stemmer):
        self.stemmer = SnowballStemmer(stemmer)

    def __call__(self, phrase):
        return tuple(self.stemmer.stem(word) for word in re.findall(r"\w+", phrase.lower()))


def f1(gold, found, stemmed):
    found = {stemmed(phrase) for phrase in found[:COUNT]} - {()}
    hits = len(gold & found)
    return 2 * hits / (len(gold) + len(found)) if gold or found else 0.0


if __name__ == "__main__":
    main()
