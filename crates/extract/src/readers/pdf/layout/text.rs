//! From the glyphs of a line to words.

use super::{
    bidi,
    line::{Line, Placed},
};
use crate::document::Word;

/// A gap of more than this part of an em separates words.
const WORD_GAP: f64 = 0.15;
/// A space that the document has, but over which the next glyph is drawn, is none.
const MIN_SPACE: f64 = 0.02;
/// Between ideographs, which no spaces separate, gaps come from justification.
const IDEOGRAPH_GAP: f64 = 0.5;
/// A gap of more than this many ems separates cells.
const CELL_GAP: f64 = 2.5;
/// The most that letters are taken to be spaced out, in ems.
const MAX_TRACKING: f64 = 0.3;
/// Letters in a line from which its tracking can be told.
const MIN_TRACKED: usize = 8;

impl Line {
    /// Its characters in reading order, words separated by spaces and cells by tabs.
    fn read(&self) -> Vec<Placed> {
        let mut read: Vec<Placed> = Vec::with_capacity(self.glyphs.len() + self.glyphs.len() / 4);
        self.tell(|placed| read.push(placed));
        if self.rtl {
            bidi::into_logical_order(&mut read);
        }
        read
    }

    /// Calls `take` with its characters in the order of their places, separated so.
    fn tell(&self, mut take: impl FnMut(Placed)) {
        let tracking = self.tracking();
        let mut last: Option<&Placed> = None;
        let mut is_spaced = false;
        for glyph in &self.glyphs {
            if glyph.c == ' ' {
                is_spaced = true;
                continue;
            }
            if let Some(last) = last
                && let Some(c) = self.separator(last, glyph, tracking, is_spaced)
            {
                take(Placed { c, start: last.end, end: glyph.start });
            }
            take(*glyph);
            last = Some(glyph);
            is_spaced = false;
        }
    }

    /// Adds its text to `text`; whether there is any.
    pub(super) fn write(&self, text: &mut String) -> bool {
        let begin = text.len();
        if self.rtl {
            text.extend(self.read().iter().map(|glyph| glyph.c));
        } else {
            self.tell(|placed| text.push(placed.c));
        }
        text.len() > begin
    }

    /// Its words with their places.
    pub(super) fn words(&self) -> impl Iterator<Item = Word> {
        let read = self.read();
        let words: Vec<Word> = read
            .split(|glyph| matches!(glyph.c, ' ' | '\t'))
            .filter(|word| !word.is_empty())
            .map(|word| {
                let start = word.iter().map(|glyph| glyph.start).fold(f64::INFINITY, f64::min);
                let end = word.iter().map(|glyph| glyph.end).fold(f64::NEG_INFINITY, f64::max);
                let text = word.iter().map(|glyph| glyph.c).filter(|c| *c != super::SOFT_HYPHEN).collect();
                Word { text, bounds: self.bounds(start, end), confidence: None }
            })
            .collect();
        words.into_iter()
    }

    /// What stands between two glyphs: nothing within a word. `is_spaced` if the document has a space
    /// there.
    fn separator(&self, last: &Placed, next: &Placed, tracking: f64, is_spaced: bool) -> Option<char> {
        let gap = (next.start - last.end) / self.size;
        let word_gap = if is_ideograph(last.c) && is_ideograph(next.c) { IDEOGRAPH_GAP } else { WORD_GAP };
        if gap > CELL_GAP {
            Some('\t')
        } else {
            (is_spaced && gap > MIN_SPACE || gap > word_gap + tracking).then_some(' ')
        }
    }

    /// How far its letters are spaced out, in ems: what three of four gaps reach. The first quarter of
    /// them is within words, also in a formula.
    fn tracking(&self) -> f64 {
        if self.glyphs.len() < MIN_TRACKED {
            return 0.0;
        }
        let mut gaps: Vec<f64> = self
            .glyphs
            .windows(2)
            .filter(|pair| pair.iter().all(|glyph| glyph.c != ' '))
            .map(|pair| (pair[1].start - pair[0].end) / self.size)
            .collect();
        if gaps.is_empty() {
            return 0.0;
        }
        let quarter = gaps.len() / 4;
        let (_, gap, _) = gaps.select_nth_unstable_by(quarter, f64::total_cmp);
        gap.clamp(0.0, MAX_TRACKING)
    }
}

/// Chinese, Japanese and their punctuation. Korean has spaces.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}
