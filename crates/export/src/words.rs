//! Keys of JSON as words for people.

/// Abbreviations that are written in capitals.
const CAPITALS: &[&str] = &[
    "bic", "cv", "html", "iban", "id", "ip", "iso", "json", "pdf", "sku", "swift", "uri", "url", "vat", "xml",
];

/// `total_amount`, `totalAmount` and `total-amount` as `Total amount`.
pub(crate) fn words_of(key: &str) -> String {
    let mut spaced = String::with_capacity(key.len() + 4);
    let mut previous = ' ';
    for c in crate::clean::one_line(key).chars() {
        if matches!(c, '_' | '-' | '.') {
            spaced.push(' ');
        } else {
            if c.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit()) {
                spaced.push(' ');
            }
            spaced.push(c);
        }
        previous = c;
    }
    let words = spaced.split_whitespace().enumerate().map(|(index, word)| {
        let lower = word.to_lowercase();
        let is_shouted = word.chars().count() > 1 && word == word.to_uppercase();
        if CAPITALS.contains(&&*lower) {
            lower.to_uppercase()
        } else if index == 0 {
            capitalised(if is_shouted { word } else { &lower })
        } else if is_shouted {
            word.to_owned()
        } else {
            lower
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn keys_become_words() {
        for (key, words) in [
            ("total_amount", "Total amount"),
            ("totalAmount", "Total amount"),
            ("vat-id", "VAT ID"),
            ("IBAN", "IBAN"),
            ("key_points", "Key points"),
            ("größe", "Größe"),
            ("address2Line", "Address2 line"),
            ("USA trips", "USA trips"),
            ("名前", "名前"),
            ("__", ""),
            ("", ""),
        ] {
            assert_eq!(words_of(key), words, "{key}");
        }
    }
}
