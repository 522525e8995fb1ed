//! Labels of personal data, and what stands beside them.

use super::text::{Kind, key, tokens};

pub(super) const NAME: &[&str] = &[
    "name",
    "full name",
    "vor und nachname",
    "vor und zuname",
    "name vorname",
    "vorname name",
    "vorname und name",
    "nom",
    "nom et prenom",
    "prenom et nom",
    "nombre",
    "nombre y apellidos",
    "nombre completo",
    "nome",
    "nome e cognome",
    "nome completo",
    "naam",
    "volledige naam",
];

pub(super) const ADDRESS: &[&str] = &[
    "address",
    "home address",
    "anschrift",
    "adresse",
    "wohnort",
    "wohnhaft",
    "postanschrift",
    "direccion",
    "domicilio",
    "indirizzo",
    "residenza",
    "endereco",
    "morada",
    "adres",
    "woonplaats",
    "location",
];

pub(super) const BIRTHDAY: &[&str] = &[
    "date of birth",
    "date and place of birth",
    "birth date",
    "birthdate",
    "dob",
    "d o b",
    "birthday",
    "born",
    "born on",
    "geboren",
    "geboren am",
    "geb",
    "geb am",
    "geburtsdatum",
    "geburtstag",
    "geburtsdatum ort",
    "geburtsdatum und ort",
    "ne le",
    "nee le",
    "ne e le",
    "date de naissance",
    "fecha de nacimiento",
    "nacido el",
    "nacida el",
    "nato il",
    "nata il",
    "data di nascita",
    "data de nascimento",
    "nascido em",
    "geboortedatum",
    "geboren op",
];

pub(super) const NATIONALITY: &[&str] = &[
    "nationality",
    "citizenship",
    "nationalitat",
    "staatsangehorigkeit",
    "staatsburgerschaft",
    "nationalite",
    "nacionalidad",
    "nazionalita",
    "cittadinanza",
    "nacionalidade",
    "nationaliteit",
];

/// After the adjective of a country: "deutsche Staatsangehörige", "British citizen".
pub(super) const NATIONAL: &[&str] =
    &["staatsangehoriger", "staatsangehorige", "staatsburger", "staatsburgerin", "national", "citizen"];

/// Marks of other personal data: a line with one of them is neither a name nor a place.
const FURTHER: &[&str] = &[
    "familienstand",
    "marital status",
    "etat civil",
    "estado civil",
    "stato civile",
    "burgerlijke staat",
    "geburtsort",
    "place of birth",
    "lieu de naissance",
    "fuhrerschein",
    "driving licence",
    "driver s license",
    "permis de conduire",
    "permis",
    "konfession",
    "religion",
    "foto",
    "photo",
    "bild",
    "picture",
    "image",
    "heimatort",
    "visa",
    "gender",
    "sex",
    "geschlecht",
    "age",
    "alter",
    "tel",
    "telefon",
    "telephone",
    "phone",
    "mobile",
    "mobil",
    "handy",
    "fax",
    "e mail",
    "email",
    "mail",
    "web",
    "website",
    "homepage",
    "linkedin",
    "github",
    "xing",
    "correo electronico",
    "telefono",
    "courriel",
    "movil",
];

/// What stands after the first of these labels in a line: after it there is a colon, a tab or a space.
pub(super) fn after<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    let tokens = tokens(line);
    (0..tokens.len()).find_map(|at| {
        let free = at == 0 || tokens[at - 1].kind == Kind::Mark;
        let next = if free { label_at(&tokens, at, labels)? } else { return None };
        let end = tokens[next - 1].end();
        let marks = |c: char| c.is_whitespace() || matches!(c, ':' | '.' | '-' | '–' | '/' | '|');
        let rest = line[end..].trim_start_matches(marks);
        let starts = line[end..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        (starts && !rest.is_empty()).then_some(rest)
    })
}

/// What stands after a label with which the line begins.
pub(super) fn value<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    let (label, value) = line.split_once([':', '\t'])?;
    labels.contains(&key(label).as_str()).then(|| value.trim_start_matches([':', '\t', ' ']).trim())
}

/// Whether a line begins with a label of anything personal.
pub(super) fn has_label(line: &str) -> bool {
    let tokens = tokens(line);
    [ADDRESS, BIRTHDAY, NATIONALITY, FURTHER].iter().any(|labels| {
        label_at(&tokens, 0, labels).is_some_and(|next| {
            tokens.get(next).is_none_or(|token| token.kind != Kind::Word || tokens[next - 1].text.len() > 4)
        })
    })
}

/// The place after the longest of the labels that stands at `at`.
fn label_at(tokens: &[super::text::Token<'_>], at: usize, labels: &[&str]) -> Option<usize> {
    let lengths = labels.iter().filter_map(|label| {
        let mut next = at;
        for word in label.split(' ') {
            while next > at
                && tokens
                    .get(next)
                    .is_some_and(|token| matches!(token.text, "." | "-" | "/" | "(" | ")" | "'" | "’"))
            {
                next += 1;
            }
            tokens.get(next).filter(|token| token.kind == Kind::Word && key(token.text) == word)?;
            next += 1;
        }
        Some(next)
    });
    lengths.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_beside_their_labels() {
        assert_eq!(after("Geburtsdatum / -ort: 21.07.1986, Szeged", BIRTHDAY), Some("21.07.1986, Szeged"));
        assert_eq!(after("Née le 14 février – Nationalité française", NATIONALITY), Some("française"));
        assert_eq!(after("Geboren am 9. Dezember", BIRTHDAY), Some("9. Dezember"));
        assert_eq!(after("international", NATIONALITY), None);
        assert_eq!(value("Name:\tAda Beispiel", NAME), Some("Ada Beispiel"));
        assert!(has_label("Familienstand: ledig") && has_label("E-Mail: x") && !has_label("Maria Geb"));
    }
}
