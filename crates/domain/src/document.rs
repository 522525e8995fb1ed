//! Documents: their states, their kinds, their names, and where their bytes are kept.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::UserId;

/// The longest file name kept, in bytes of UTF-8 (what common file systems take).
pub const FILENAME_MAX: usize = 255;

macro_rules! named_states {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The value with that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named_states;

named_states! {
    /// Where a document is on its way.
    DocumentStatus {
        /// Announced; the bytes have not come yet.
        Initiated = "INITIATED",
        /// Stored; waits for a worker.
        Queued = "QUEUED",
        /// A worker reads it.
        Processing = "PROCESSING",
        /// Read: text and metadata are there.
        Completed = "COMPLETED",
        /// Could not be read; `last_error` says why.
        Failed = "FAILED",
        /// A virus was found: never readable, never downloadable.
        Quarantined = "QUARANTINED",
    }
}

impl DocumentStatus {
    /// Whether nothing comes after this state.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Quarantined)
    }

    /// Whether the step from this state to `next` exists. Reading may begin again after a
    /// worker was lost, so `PROCESSING → PROCESSING` does.
    pub const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Initiated, Self::Queued)
                | (Self::Queued | Self::Processing, Self::Processing)
                | (Self::Processing, Self::Completed | Self::Failed | Self::Quarantined)
        )
    }
}

named_states! {
    /// What a document is about.
    DocumentKind {
        /// A curriculum vitae.
        Cv = "cv",
        /// An invoice.
        Invoice = "invoice",
        /// A cover letter.
        CoverLetter = "cover_letter",
        /// Anything else.
        Other = "other",
    }
}

impl DocumentKind {
    /// As [`parse`](Self::parse), and also takes the German names that older clients send.
    pub fn parse_alias(name: &str) -> Option<Self> {
        match name {
            "lebenslauf" => Some(Self::Cv),
            "rechnung" => Some(Self::Invoice),
            "anschreiben" => Some(Self::CoverLetter),
            _ => Self::parse(name),
        }
    }
}

/// A file name that is safe to store, to show and to put into a header: the last path
/// segment, in NFC, without control characters and the characters that file systems refuse,
/// without leading dots, at most [`FILENAME_MAX`] bytes with its extension kept. `document`
/// when nothing is left.
pub fn sanitize_filename(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last
        .nfc()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let trimmed = cleaned.trim().trim_start_matches('.').trim_end_matches(['.', ' ']).trim_start();
    if trimmed.is_empty() {
        return "document".to_owned();
    }
    shorten(trimmed)
}

/// Bidirectional overrides and zero-width characters, which can make `gpj.exe` read as `exe.jpg`.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn shorten(name: &str) -> String {
    if name.len() <= FILENAME_MAX {
        return name.to_owned();
    }
    let extension = match name.rfind('.') {
        Some(dot) if name.len() - dot <= 20 => &name[dot..],
        _ => "",
    };
    let mut end = FILENAME_MAX - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &name[..end])
}

/// What the keys of this user's documents begin with.
pub fn storage_prefix(owner: UserId) -> String {
    format!("uploads/user-{owner}/")
}

/// Whose documents have such keys.
pub fn owner_of_key(key: &str) -> Option<UserId> {
    let (owner, _) = key.strip_prefix("uploads/user-")?.split_once('/')?;
    let owner = UserId(owner.parse().ok()?);
    key.starts_with(&storage_prefix(owner)).then_some(owner)
}

/// The value of a `Content-Disposition` that has a file saved under its name (RFC 6266): for clients
/// that know no other form a name in ASCII, for the others the name itself (RFC 8187).
pub fn attachment(filename: &str) -> String {
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%');
    let plain: String = filename.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{plain}\"");
    if plain != filename {
        value.push_str("; filename*=UTF-8''");
        for byte in filename.bytes() {
            // `attr-char` of RFC 8187, 3.2.1.
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                value.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    value
}

/// The key under which a document's bytes are stored: `uploads/user-{id}/{uuid}-{filename}`.
/// `filename` must be sanitized; characters outside a portable set become `_`.
pub fn storage_key(owner: UserId, unique: Uuid, filename: &str) -> String {
    let portable: String = filename
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    // The end is kept: it has the extension.
    let tail = &portable[portable.len().saturating_sub(120)..];
    format!("{}{unique}-{tail}", storage_prefix(owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::blobs::is_valid_key;

    #[test]
    fn file_names_lose_what_is_dangerous_and_keep_what_is_theirs() {
        for (raw, clean) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cv.docx", "cv.docx"),
            ("  Lebenslauf Jürgen.pdf ", "Lebenslauf Jürgen.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
            (".htaccess", "htaccess"),
            ("\u{202e}fdp.exe", "fdp.exe"),
            ("...", "document"),
            ("", "document"),
            ("什么.pdf", "什么.pdf"),
        ] {
            assert_eq!(sanitize_filename(raw), clean, "{raw:?}");
        }
    }

    #[test]
    fn long_file_names_keep_their_extension() {
        let name = sanitize_filename(&format!("{}.pdf", "ü".repeat(300)));
        assert!(name.len() <= FILENAME_MAX && name.ends_with("ü.pdf"), "{name}");
        assert_eq!(sanitize_filename(&name), name);
    }

    #[test]
    fn storage_keys_are_valid_whatever_the_name() {
        for name in ["a.pdf", "ein Täst.pdf", &"x".repeat(255), "什么"] {
            let key = storage_key(UserId(7), Uuid::nil(), &sanitize_filename(name));
            assert!(is_valid_key(&key) && key.starts_with("uploads/user-7/0000"), "{key}");
        }
    }

    #[test]
    fn a_key_tells_whose_it_is() {
        assert_eq!(owner_of_key(&storage_key(UserId(7), Uuid::nil(), "a.pdf")), Some(UserId(7)));
        for key in ["", "uploads/user-7", "uploads/user-07/a", "uploads/user-+7/a", "uploads/user-x/a", "7/a"]
        {
            assert_eq!(owner_of_key(key), None, "{key}");
        }
    }

    #[test]
    fn file_names_arrive_whole_and_break_no_header() {
        for (name, header) in [
            ("report.pdf", r#"attachment; filename="report.pdf""#),
            ("my report.pdf", r#"attachment; filename="my report.pdf""#),
            (
                "Zeugnis für Jürgen.pdf",
                r#"attachment; filename="Zeugnis f_r J_rgen.pdf"; filename*=UTF-8''Zeugnis%20f%C3%BCr%20J%C3%BCrgen.pdf"#,
            ),
            ("100%.txt", r#"attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt"#),
            ("a\"b\\c.txt", r#"attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt"#),
            ("a\r\nx: y", r#"attachment; filename="a__x: y"; filename*=UTF-8''a%0D%0Ax%3A%20y"#),
        ] {
            assert_eq!(attachment(name), header);
        }
    }

    #[test]
    fn terminal_states_stay() {
        for from in DocumentStatus::ALL {
            let leaves = DocumentStatus::ALL.iter().any(|to| from.can_become(*to));
            assert_eq!(leaves, !from.is_terminal(), "{from}");
            assert_eq!(DocumentStatus::parse(from.as_str()), Some(*from));
        }
    }

    #[test]
    fn german_kinds_are_understood() {
        assert_eq!(DocumentKind::parse_alias("lebenslauf"), Some(DocumentKind::Cv));
        assert_eq!(DocumentKind::parse_alias("invoice"), Some(DocumentKind::Invoice));
        assert_eq!(DocumentKind::parse_alias("poem"), None);
    }
}
