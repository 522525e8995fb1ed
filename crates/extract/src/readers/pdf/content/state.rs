//! The part of the graphics state that places text and decides whether it is seen
//! (ISO 32000-2, 8.4 and 9.3).

use std::rc::Rc;

use hayro::kurbo::{Affine, Rect};

use crate::readers::pdf::fonts::PdfFont;

/// Saved states, one within the other. Documents have some ten.
const MAX_SAVED: usize = 2_000;

/// A colour, as far as it matters for text: whether it is seen on white paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// White, or so near to it that nobody tells it apart.
    White,
    /// Any other.
    Coloured,
}

/// A component of grey, red, green or blue from which on it is white, and of cyan, magenta, yellow or
/// black up to which it is.
const WHITE: f64 = 0.985;

impl Ink {
    /// The ink of a colour in a space of one (grey), three (red, green, blue) or four components.
    pub(super) fn of(components: &[f64]) -> Self {
        let is_white = match components {
            [_] | [_, _, _] => components.iter().all(|c| *c >= WHITE),
            [_, _, _, _] => components.iter().all(|c| *c <= 1.0 - WHITE),
            _ => false,
        };
        if is_white { Self::White } else { Self::Coloured }
    }
}

/// A colour that was set, and what is known of its colour space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colour {
    /// Whether its components tell how light it is.
    pub(super) is_plain: bool,
    /// Whether it is a colour, and no pattern that may leave gaps.
    pub(super) is_solid: bool,
    pub(super) ink: Ink,
}

impl Colour {
    /// The colour of everything in the beginning.
    const BLACK: Self = Self { is_plain: true, is_solid: true, ink: Ink::Coloured };
}

/// How text is painted (table 104).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rendering {
    Filled,
    Stroked,
    Invisible,
    /// It is no text, but the frame through which something is seen.
    Clipping,
}

impl Rendering {
    pub(super) fn of(mode: f64) -> Self {
        match mode as i64 {
            1 | 5 => Self::Stroked,
            3 => Self::Invisible,
            7 => Self::Clipping,
            _ => Self::Filled,
        }
    }
}

/// What text needs to be placed.
#[derive(Clone)]
pub(super) struct TextState<'a> {
    pub(super) font: Option<Rc<PdfFont<'a>>>,
    pub(super) size: f64,
    pub(super) character_spacing: f64,
    pub(super) word_spacing: f64,
    /// 1 is normal.
    pub(super) scaling: f64,
    pub(super) leading: f64,
    pub(super) rise: f64,
    pub(super) rendering: Rendering,
    pub(super) matrix: Affine,
    pub(super) line_matrix: Affine,
}

#[derive(Clone)]
pub(super) struct State<'a> {
    /// From the coordinates of the content to those of the page as it is shown.
    pub(super) transform: Affine,
    /// What contains everything that may be painted, on the page as it is shown.
    pub(super) clip: Rect,
    pub(super) fill: Colour,
    pub(super) stroke: Colour,
    /// Whether filling hides what is below it: nothing is transparent, blended or masked.
    pub(super) is_opaque: bool,
    /// Whether filled shapes cannot be seen at all.
    pub(super) is_transparent: bool,
    pub(super) line_width: f64,
    pub(super) text: TextState<'a>,
}

impl State<'_> {
    pub(super) fn new(transform: Affine, clip: Rect) -> Self {
        let text = TextState {
            font: None,
            size: 1.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scaling: 1.0,
            leading: 0.0,
            rise: 0.0,
            rendering: Rendering::Filled,
            matrix: Affine::IDENTITY,
            line_matrix: Affine::IDENTITY,
        };
        Self {
            transform,
            clip,
            fill: Colour::BLACK,
            stroke: Colour::BLACK,
            is_opaque: true,
            is_transparent: false,
            line_width: 1.0,
            text,
        }
    }
}

/// The states that were saved.
pub(super) struct Saved<'a> {
    states: Vec<State<'a>>,
    /// States beyond the limit, which are not kept.
    forgotten: usize,
}

impl<'a> Saved<'a> {
    pub(super) fn new() -> Self {
        Self { states: Vec::new(), forgotten: 0 }
    }

    pub(super) fn push(&mut self, state: &State<'a>) {
        if self.states.len() < MAX_SAVED {
            self.states.push(state.clone());
        } else {
            self.forgotten += 1;
        }
    }

    /// The last saved state, unless that was saved before there were `kept`.
    pub(super) fn pop(&mut self, kept: usize) -> Option<State<'a>> {
        if self.forgotten > 0 {
            self.forgotten -= 1;
            return None;
        }
        if self.states.len() > kept { self.states.pop() } else { None }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Drops all states but the first, and is `state` as of then.
    pub(super) fn unwind(&mut self, kept: usize) {
        self.forgotten = 0;
        self.states.truncate(kept);
    }
}
