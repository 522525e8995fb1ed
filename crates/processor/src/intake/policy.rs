//! Which media types are taken in, judged by content.

use std::{fmt, str::FromStr};

use quire_domain::{Error, ErrorCode, Result};

/// Programs in the processor's language, by content.
const BINARIES: [&str; 6] = [
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-sharedlib",
    "application/x-mach-binary",
    "application/java-vm",
    "application/wasm",
];

/// Extensions under which programs are known to be programs.
const OF_BINARIES: [&str; 24] = [
    "axf", "bin", "bundle", "class", "com", "cpl", "dll", "drv", "dylib", "efi", "elf", "exe", "ko", "mui",
    "o", "ocx", "out", "prx", "run", "scr", "so", "sys", "wasm", "xpi",
];

/// Programs in a language of shells, by content.
const SCRIPTS: [&str; 4] = ["text/x-shellscript", "text/x-msdos-batch", "text/x-powershell", "text/vbscript"];

/// Extensions of documents that are no text in themselves: a script under one of these means harm.
const OF_DOCUMENTS: [&str; 21] = [
    "avif", "bmp", "doc", "docx", "gif", "heic", "jpeg", "jpg", "mp3", "mp4", "odp", "ods", "odt", "pdf",
    "png", "ppt", "pptx", "tiff", "webp", "xls", "xlsx",
];

/// A media type, or all of one kind, such as `image/*`; `*/*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypePattern {
    kind: String,
    /// `None` for all.
    subtype: Option<String>,
}

impl TypePattern {
    /// Whether a media type, without parameters, is one of these.
    pub fn matches(&self, media_type: &str) -> bool {
        let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
        (self.kind == "*" || self.kind.eq_ignore_ascii_case(kind))
            && self.subtype.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(subtype))
    }
}

/// What is wrong with a pattern.
#[derive(Debug, thiserror::Error)]
#[error("a media type such as application/pdf, or a pattern such as image/*")]
pub struct InvalidPattern;

impl FromStr for TypePattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let token = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'))
        };
        let (kind, subtype) = text.trim().split_once('/').ok_or(InvalidPattern)?;
        let subtype = (subtype != "*").then(|| subtype.to_ascii_lowercase());
        let valid = match &subtype {
            None => kind == "*" || token(kind),
            Some(subtype) => token(kind) && token(subtype),
        };
        if valid { Ok(Self { kind: kind.to_ascii_lowercase(), subtype }) } else { Err(InvalidPattern) }
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.subtype.as_deref().unwrap_or("*"))
    }
}

/// Which types of files are taken in.
#[derive(Debug, Clone, Default)]
pub struct TypePolicy {
    /// Only these; all if empty.
    pub allowed: Vec<TypePattern>,
    /// None of these, also if they are allowed.
    pub blocked: Vec<TypePattern>,
}

impl TypePolicy {
    /// Decides about a file by what its content says it is. What the client declared and the name
    /// of the file decide nothing; but a program that is called something else is refused always.
    ///
    /// # Errors
    /// [`ErrorCode::FileTypeRefused`], [`ErrorCode::DisguisedExecutable`].
    pub fn check(&self, media_type: &str, filename: &str) -> Result<()> {
        if is_disguised_program(media_type, filename) {
            return Err(Error::new(
                ErrorCode::DisguisedExecutable,
                format!("This file is a program (`{media_type}`), and calls itself something else."),
            ));
        }
        let listed = |patterns: &[TypePattern]| patterns.iter().any(|pattern| pattern.matches(media_type));
        if listed(&self.blocked) || !(self.allowed.is_empty() || listed(&self.allowed)) {
            return Err(Error::new(
                ErrorCode::FileTypeRefused,
                format!("Files of the type `{media_type}` are not accepted here."),
            ));
        }
        Ok(())
    }
}

/// Whether the content is a program and the name is not that of one.
fn is_disguised_program(media_type: &str, filename: &str) -> bool {
    let extension = match filename.rsplit_once('.') {
        Some((_, extension)) => extension.to_ascii_lowercase(),
        None => return false,
    };
    if BINARIES.contains(&media_type) {
        // Libraries end with a version: `libssl.so.3`.
        let is_version = extension.bytes().all(|byte| byte.is_ascii_digit());
        return !is_version && !OF_BINARIES.contains(&extension.as_str());
    }
    SCRIPTS.contains(&media_type) && OF_DOCUMENTS.contains(&extension.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<TypePattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn patterns_take_a_type_a_kind_or_all() {
        for (pattern, matches, others) in [
            ("application/pdf", "application/pdf", "application/zip"),
            ("Image/*", "image/png", "text/plain"),
            ("*/*", "audio/wav", ""),
        ] {
            let pattern: TypePattern = pattern.parse().unwrap();
            assert!(pattern.matches(matches), "{pattern}");
            assert!(others.is_empty() || !pattern.matches(others), "{pattern}");
            assert_eq!(pattern.to_string().parse::<TypePattern>().unwrap(), pattern);
        }
        for text in ["", "pdf", "/", "image/", "*/png", "image/p*", "a/b/c", "image /png"] {
            assert!(text.parse::<TypePattern>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_blocked_is_refused_also_where_it_is_allowed() {
        let policy = TypePolicy {
            allowed: patterns(&["image/*", "application/pdf"]),
            blocked: patterns(&["image/svg+xml"]),
        };
        for media_type in ["image/png", "application/pdf"] {
            assert!(policy.check(media_type, "a").is_ok(), "{media_type}");
        }
        for media_type in ["image/svg+xml", "text/plain"] {
            let error = policy.check(media_type, "a").unwrap_err();
            assert_eq!(error.code, ErrorCode::FileTypeRefused, "{media_type}");
        }
        assert!(TypePolicy::default().check("text/plain", "a.txt").is_ok());
    }

    #[test]
    fn programs_may_come_under_their_own_name_only() {
        let policy = TypePolicy::default();
        for (media_type, filename, accepted) in [
            ("application/vnd.microsoft.portable-executable", "setup.EXE", true),
            ("application/vnd.microsoft.portable-executable", "invoice.pdf", false),
            ("application/vnd.microsoft.portable-executable", "photo.jpg.txt", false),
            ("application/x-executable", "quire", true),
            ("application/x-sharedlib", "libssl.so.3", true),
            ("application/x-executable", "cv.docx", false),
            ("text/x-shellscript", "install.sh", true),
            ("text/x-shellscript", "notes.txt", true),
            ("text/x-shellscript", "invoice.pdf", false),
            ("application/pdf", "setup.exe", true),
        ] {
            let checked = policy.check(media_type, filename);
            assert_eq!(checked.is_ok(), accepted, "{media_type} {filename}");
            if let Err(error) = checked {
                assert_eq!(error.code, ErrorCode::DisguisedExecutable);
            }
        }
    }
}
