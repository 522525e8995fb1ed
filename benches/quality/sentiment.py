"""Sentiment beside `vaderSentiment`: label and strength of remarks, each rated by twenty people."""

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import bench
import data

# A mean rating is between -4 and 4, a score between -1 and 1.
RATED, SCORED = 0.5, 0.05
STEPS = (0.05, 0.2, 0.4, 0.6, 0.8, 1.01)


def main():
    chosen = bench.arguments(__doc__)
    analyzer = SentimentIntensityAnalyzer()
    rows, strengths = [], []
    for name, remarks in data.remarks(chosen.cache).items():
        quire = bench.Quire(chosen.quire)
        peer = bench.Peer("vaderSentiment", lambda text: analyzer.polarity_scores(text)["compound"])
        gold = [rating for _, rating in remarks]
        ours = [quire.method("remark", text) or 0.0 for text, _ in remarks]
        theirs = [peer(text) for text, _ in remarks]
        quire.close()
        rows.append({
            "set": name, "remarks": len(remarks), "peer_name": peer.name,
            "same": bench.mean(label(a, SCORED) == label(b, SCORED) for a, b in zip(ours, theirs)),
            "quire": accuracy(gold, ours), "peer": accuracy(gold, theirs),
            "quire_correlation": bench.correlation(gold, ours), "peer_correlation": bench.correlation(gold, theirs),
            "quire_seconds": quire.seconds, "peer_seconds": peer.seconds,
        })
        if name != "tweets":
            strengths += zip(ours, gold)
        print({key: round(value, 4) if isinstance(value, float) else value for key, value in rows[-1].items()})
    bench.write(chosen.cache, "sentiment", {"rows": rows, "hit_rates": hit_rates(strengths)})


def label(score, border):
    return (score >= border) - (score <= -border)


def accuracy(gold, scores):
    return bench.mean(label(rating, RATED) == label(score, SCORED) for rating, score in zip(gold, scores))


def hit_rates(strengths):
    """How often a score of some strength has the label that people gave: what is published as confidence."""
    rates, low = [], 0.0
    for high in STEPS:
        hits = [label(s, SCORED) == label(g, RATED) for s, g in strengths if low <= abs(s) < high]
        rates.append({"from": low, "below": high, "remarks": len(hits), "right": bench.mean(hits)})
        low = high
    return rates


if __name__ == "__main__":
    main()
