//! What control words stand for.

use super::groups::{Destination, Property};

/// The character that a control word stands for.
pub(super) fn character(word: &str) -> Option<&'static str> {
    Some(match word {
        "tab" => "\t",
        "emdash" => "\u{2014}",
        "endash" => "\u{2013}",
        "lquote" => "\u{2018}",
        "rquote" => "\u{2019}",
        "ldblquote" => "\u{201c}",
        "rdblquote" => "\u{201d}",
        "bullet" => "\u{2022}",
        "emspace" | "enspace" | "qmspace" => " ",
        "ltrmark" => "\u{200e}",
        "rtlmark" => "\u{200f}",
        "zwj" => "\u{200d}",
        "zwnj" => "\u{200c}",
        _ => return None,
    })
}

/// Where the text of a group goes that begins with this word; `None` if the word says nothing of it.
pub(super) fn destination(word: &str) -> Option<Destination> {
    Some(match word {
        "fonttbl" => Destination::Fonts,
        "info" => Destination::Info,
        "upr" => Destination::TwoForms,
        "ud" | "shpinst" | "shptxt" => Destination::Text,
        "listtext" | "pntext" => Destination::Label,
        "footnote" | "annotation" | "header" | "headerl" | "headerr" | "headerf" | "footer" | "footerl"
        | "footerr" | "footerf" => Destination::Aside,
        "colortbl" | "stylesheet" | "pict" | "objdata" | "fldinst" | "bkmkstart" | "bkmkend" | "xe"
        | "tc" | "rxe" | "txe" | "sp" | "shprslt" | "nonshppict" | "nonesttables" | "atnid" | "atnauthor"
        | "atnref" | "atndate" | "atntime" | "atnparent" | "atrfstart" | "atrfend" | "filetbl"
        | "listtable" | "listoverridetable" | "revtbl" | "ftnsep" | "ftnsepc" | "aftnsep" | "aftnsepc"
        | "datafield" | "themedata" => Destination::Nowhere,
        _ => return None,
    })
}

/// The property of the document that a group within `\info` holds.
pub(super) fn property(word: &str) -> Option<Property> {
    Some(match word {
        "title" => Property::Title,
        "author" => Property::Author,
        "subject" => Property::Subject,
        "keywords" => Property::Keywords,
        "creatim" => Property::Created,
        "revtim" => Property::Modified,
        _ => return None,
    })
}
