"""Summaries beside `sumy`: ROUGE of the five best sentences against sentences that people chose."""

import nltk
import punkt
from rouge_score import rouge_scorer
from sumy.nlp.stemmers import Stemmer
from sumy.nlp.tokenizers import Tokenizer
from sumy.parsers.plaintext import PlaintextParser
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer
from sumy.utils import get_stop_words

import bench
import data

SENTENCES = 5
# Every eleventh of 2,225 news: 203 of them.
EVERY = 11
KINDS = ("rouge1", "rouge2", "rougeL")


def main():
    chosen = bench.arguments(__doc__)
    tokenizer, scorer = Punkt("english"), rouge_scorer.RougeScorer(list(KINDS), use_stemmer=True)
    quire = bench.Quire(chosen.quire)
    methods = {
        "quire": lambda text: quire.method("summary", text, SENTENCES),
        "first sentences": lambda text: [str(s) for s in tokenizer.to_sentences(text)[:SENTENCES]],
        "TextRank": sumy(TextRankSummarizer, tokenizer),
        "LexRank": sumy(LexRankSummarizer, tokenizer),
        "LSA": sumy(LsaSummarizer, tokenizer),
    }
    documents = list(data.summaries(chosen.cache, EVERY))
    rows = []
    for name, method in methods.items():
        peer = bench.Peer("sumy", method)
        scores = {kind: [] for kind in KINDS}
        for text, reference in documents:
            scored = scorer.score(reference, " ".join(peer(text)))
            for kind in KINDS:
                scores[kind].append(scored[kind].fmeasure)
        seconds = quire.seconds if name == "quire" else peer.seconds
        rows.append({"method": name, "seconds": seconds, **{kind: bench.mean(scores[kind]) for kind in KINDS}})
        print(f"{name:16} " + "  ".join(f"{kind} {rows[-1][kind]:.3f}" for kind in KINDS) + f"  {seconds:.1f} s")
    quire.close()
    bench.write(chosen.cache, "summary", {
        "documents": len(documents), "sentences": SENTENCES, "rows": rows, "peer_name": peer.name,
        "words": sum(len(text.split()) for text, _ in documents),
    })


class Punkt(Tokenizer):
    """sumy's tokenizer over the Punkt model of a package: NLTK would fetch the model from its own server."""

    def _get_sentence_tokenizer(self, language):
        return punkt.tokenizer_for(language)

    def to_sentences(self, paragraph):
        return tuple(sentence.strip() for sentence in self._sentence_tokenizer.tokenize(paragraph))

    def to_words(self, sentence):
        return tuple(filter(self._is_word, nltk.word_tokenize(sentence, preserve_line=True)))


def sumy(summarizer, tokenizer):
    method = summarizer(Stemmer("english"))
    method.stop_words = get_stop_words("english")
    return lambda text: [str(s) for s in method(PlaintextParser.from_string(text, tokenizer).document, SENTENCES)]


if __name__ == "__main__":
    main()
