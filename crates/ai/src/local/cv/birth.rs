//! Birthday and nationality.

use super::{
    contact, dates,
    fields::{Fields, Quoted},
    labels,
    lines::Layout,
    text::{Kind, key, tokens, trimmed},
};

/// Finds birthday and nationality.
pub(super) fn find(layout: &Layout, fields: &mut Fields) {
    let lines: Vec<_> = contact::own(layout).collect();
    for (at, line) in lines.iter().enumerate() {
        if fields.birthday.is_none() {
            let beside = labels::after(&line.text, labels::BIRTHDAY).map(|value| (value, line.text.clone()));
            let alone = labels::BIRTHDAY.contains(&key(&line.text).as_str());
            let below = lines.get(at + 1).filter(|_| alone);
            let below = below.map(|below| (below.text.as_str(), format!("{}\n{}", line.text, below.text)));
            let star = line.text.strip_prefix(['*', '∗']).map(|value| (value, line.text.clone()));
            fields.birthday = beside.or(below).or(star).and_then(|(value, quote)| birthday(value, &quote));
        }
        if fields.nationality.is_none() {
            fields.nationality = nationality(&line.text).map(|value| Quoted::new(value, &line.text));
        }
    }
}

fn birthday(value: &str, quote: &str) -> Option<Quoted> {
    let (date, place) = dates::find_date(value)?;
    (date.is_whole() && place.start < 40).then(|| Quoted::new(date.to_string(), quote))
}

fn nationality(line: &str) -> Option<&str> {
    let stop = |text: &str| text.find([',', '|', ';', '\t', '•', '·', '(']).unwrap_or(text.len());
    if let Some(rest) = labels::after(line, labels::NATIONALITY) {
        let value = rest[..stop(rest)].split(" – ").next().unwrap_or_default();
        let value = trimmed(value);
        return (!value.is_empty() && value.split(' ').count() <= 4).then_some(value);
    }
    let mut tokens = tokens(line).into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next = tokens.peek().map(|next| key(next.text)).unwrap_or_default();
        if token.kind == Kind::Word
            && token.text.chars().count() > 4
            && labels::NATIONAL.contains(&next.as_str())
        {
            return Some(token.text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nationalities_stand_after_their_label_or_before_their_noun() {
        assert_eq!(nationality("Née le 14 mai – Nationalité française"), Some("française"));
        assert_eq!(nationality("*1966 in Passau, deutsche Staatsangehörige"), Some("deutsche"));
        assert_eq!(nationality("Nationality: Irish | Single"), Some("Irish"));
        assert_eq!(nationality("the national team"), None);
    }
}
