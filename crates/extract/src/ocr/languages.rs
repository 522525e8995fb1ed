//! The languages whose characters are recognised.

use std::{fmt, str::FromStr};

use super::OcrError;

/// The most languages at once: each makes recognition slower and less sure.
pub(super) const MAX_LANGUAGES: usize = 8;

/// The longest name of a language, in bytes.
const MAX_NAME: usize = 32;

/// Languages as tesseract names them: `eng`, `deu`, `chi_sim`, or scripts such as `script/Latin`. The
/// first decides where they disagree. Written with `+` or `,` between them: `eng+deu`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Languages(Vec<String>);

impl Languages {
    /// The languages, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl Default for Languages {
    /// English, the language that tesseract brings.
    fn default() -> Self {
        Self(vec!["eng".into()])
    }
}

impl FromStr for Languages {
    type Err = OcrError;

    fn from_str(list: &str) -> Result<Self, OcrError> {
        let mut languages: Vec<String> = Vec::new();
        for name in list.split(['+', ',']).map(str::trim) {
            if !is_name(name) {
                return Err(OcrError::InvalidLanguages);
            }
            if !languages.iter().any(|known| known == name) {
                languages.push(name.to_owned());
            }
        }
        if languages.len() > MAX_LANGUAGES {
            return Err(OcrError::InvalidLanguages);
        }
        Ok(Self(languages))
    }
}

/// Letters and underscores, in folders perhaps; so it can be neither an option nor a path that leads
/// elsewhere.
fn is_name(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    (3..=MAX_NAME).contains(&name.len()) && name.split('/').all(is_part)
}

impl fmt::Display for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(list: &str) -> Option<String> {
        list.parse::<Languages>().ok().map(|languages| languages.to_string())
    }

    #[test]
    fn lists_are_read_in_their_order_and_without_doubles() {
        assert_eq!(parsed("deu").as_deref(), Some("deu"));
        assert_eq!(parsed("deu+eng, chi_sim,eng").as_deref(), Some("deu+eng+chi_sim"));
        assert_eq!(parsed("script/Latin").as_deref(), Some("script/Latin"));
        assert_eq!(Languages::default().iter().collect::<Vec<_>>(), ["eng"]);
    }

    #[test]
    fn what_is_no_name_of_a_language_is_refused() {
        for list in ["", "de", "eng+", "--psm", "../eng", "/etc/eng", "eng/", "eng;ls", "eng deu", "e\0ng"] {
            assert_eq!(parsed(list), None, "{list:?}");
        }
        assert_eq!(parsed(&"x".repeat(33)), None);
        let many: Vec<String> = ('a'..='i').map(|letter| letter.to_string().repeat(3)).collect();
        assert_eq!(parsed(&many.join("+")), None);
        assert!(parsed(&many[1..].join("+")).is_some());
    }
}
