//! Countries by their names in English, German, French, Spanish, Italian, Portuguese, Dutch, and their own.

use super::text::key;

/// ISO 3166 alpha-2 and names, as [`key`] has them.
const COUNTRIES: &[(&str, &[&str])] = &[
    (
        "DE",
        &[
            "germany",
            "deutschland",
            "allemagne",
            "alemania",
            "germania",
            "alemanha",
            "duitsland",
            "bundesrepublik deutschland",
        ],
    ),
    ("AT", &["austria", "osterreich", "autriche", "oostenrijk"]),
    ("CH", &["switzerland", "schweiz", "suisse", "suiza", "svizzera", "suica", "zwitserland"]),
    ("LI", &["liechtenstein"]),
    ("LU", &["luxembourg", "luxemburg", "luxemburgo", "lussemburgo"]),
    (
        "GB",
        &[
            "united kingdom",
            "uk",
            "u k",
            "great britain",
            "england",
            "scotland",
            "wales",
            "northern ireland",
            "grossbritannien",
            "vereinigtes konigreich",
            "royaume uni",
            "reino unido",
            "regno unito",
            "gran bretagna",
            "verenigd koninkrijk",
        ],
    ),
    ("IE", &["ireland", "republic of ireland", "irland", "irlande", "irlanda", "ierland", "eire"]),
    (
        "US",
        &[
            "united states",
            "united states of america",
            "usa",
            "u s a",
            "us",
            "u s",
            "vereinigte staaten",
            "etats unis",
            "estados unidos",
            "stati uniti",
            "verenigde staten",
        ],
    ),
    ("CA", &["canada", "kanada"]),
    ("AU", &["australia", "australien", "australie"]),
    ("NZ", &["new zealand", "neuseeland"]),
    ("FR", &["france", "frankreich", "francia", "franca", "frankrijk"]),
    ("BE", &["belgium", "belgien", "belgique", "belgica", "belgio", "belgie"]),
    (
        "NL",
        &[
            "netherlands",
            "the netherlands",
            "niederlande",
            "pays bas",
            "paises bajos",
            "paesi bassi",
            "paises baixos",
            "nederland",
            "holland",
        ],
    ),
    ("ES", &["spain", "spanien", "espagne", "espana", "spagna", "espanha", "spanje"]),
    ("PT", &["portugal", "portogallo"]),
    ("IT", &["italy", "italien", "italie", "italia"]),
    ("PL", &["poland", "polen", "pologne", "polonia", "polska"]),
    ("CZ", &["czech republic", "czechia", "tschechien", "republique tcheque", "ceska republika"]),
    ("SK", &["slovakia", "slowakei", "slovaquie", "slovensko"]),
    ("HU", &["hungary", "ungarn", "hongrie", "hungria", "ungheria", "magyarorszag"]),
    ("SI", &["slovenia", "slowenien", "slovenie", "slovenija"]),
    ("HR", &["croatia", "kroatien", "croatie", "croazia", "hrvatska"]),
    ("RO", &["romania", "rumanien", "roumanie", "rumania"]),
    ("BG", &["bulgaria", "bulgarien", "bulgarie"]),
    ("GR", &["greece", "griechenland", "grece", "grecia", "griekenland"]),
    ("TR", &["turkey", "turkiye", "turkei", "turquie", "turquia", "turchia"]),
    ("DK", &["denmark", "danemark", "danimarca", "dinamarca", "denemarken", "danmark"]),
    ("SE", &["sweden", "schweden", "suede", "suecia", "svezia", "zweden", "sverige"]),
    ("NO", &["norway", "norwegen", "norvege", "noruega", "norvegia", "noorwegen", "norge"]),
    ("FI", &["finland", "finnland", "finlande", "finlandia", "suomi"]),
    ("EE", &["estonia", "estland"]),
    ("LV", &["latvia", "lettland"]),
    ("LT", &["lithuania", "litauen"]),
    ("UA", &["ukraine", "ucrania", "ucraina"]),
    ("RU", &["russia", "russland", "russie", "rusia"]),
    ("IN", &["india", "indien", "inde"]),
    ("PK", &["pakistan"]),
    ("CN", &["china", "chine", "cina"]),
    ("HK", &["hong kong"]),
    ("SG", &["singapore", "singapur"]),
    ("JP", &["japan", "japon", "giappone"]),
    ("KR", &["south korea", "korea", "sudkorea"]),
    ("VN", &["vietnam", "viet nam"]),
    ("ID", &["indonesia", "indonesien"]),
    ("PH", &["philippines", "philippinen"]),
    ("BR", &["brazil", "brasilien", "bresil", "brasil", "brasile"]),
    ("AR", &["argentina", "argentinien", "argentine"]),
    ("MX", &["mexico", "mexiko", "mexique", "messico"]),
    ("CL", &["chile"]),
    ("CO", &["colombia", "kolumbien"]),
    ("PE", &["peru"]),
    ("NG", &["nigeria"]),
    ("KE", &["kenya", "kenia"]),
    ("GH", &["ghana"]),
    ("ZA", &["south africa", "sudafrika"]),
    ("EG", &["egypt", "agypten"]),
    ("MA", &["morocco", "marokko", "maroc"]),
    ("TN", &["tunisia", "tunesien", "tunisie"]),
    ("IL", &["israel"]),
    ("AE", &["united arab emirates", "uae", "dubai"]),
    ("SA", &["saudi arabia"]),
    ("IR", &["iran"]),
    ("SY", &["syria", "syrien"]),
];

/// The code of the country with this name.
pub(super) fn code(name: &str) -> Option<&'static str> {
    let name = key(name);
    COUNTRIES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(code, _)| *code)
}

/// The code of the country that a mark before a postal code stands for, as on European letters.
pub(super) fn of_mark(mark: &str) -> Option<&'static str> {
    Some(match mark {
        "D" | "DE" => "DE",
        "A" | "AT" => "AT",
        "CH" => "CH",
        "F" | "FR" => "FR",
        "I" | "IT" => "IT",
        "E" | "ES" => "ES",
        "NL" => "NL",
        "B" | "BE" => "BE",
        "L" | "LU" => "LU",
        "P" | "PT" => "PT",
        "DK" => "DK",
        "PL" => "PL",
        _ => return None,
    })
}

/// The country where a language is mostly written, for the numbers of its people.
pub(super) fn of_language(code: &str) -> Option<&'static str> {
    Some(match code {
        "de" => "DE",
        "fr" => "FR",
        "es" => "ES",
        "it" => "IT",
        "pt" => "PT",
        "nl" => "NL",
        "pl" => "PL",
        "da" => "DK",
        "sv" => "SE",
        "nb" => "NO",
        "fi" => "FI",
        "cs" => "CZ",
        "hu" => "HU",
        "tr" => "TR",
        _ => return None,
    })
}

const STATES: &str = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY \
                      NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC ";

const STATE_NAMES: &str = "alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, georgia, \
                           hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, \
                           massachusetts, michigan, minnesota, mississippi, missouri, montana, nebraska, nevada, \
                           new hampshire, new jersey, new mexico, new york, north carolina, north dakota, ohio, \
                           oklahoma, oregon, pennsylvania, rhode island, south carolina, south dakota, tennessee, \
                           texas, utah, vermont, virginia, washington, west virginia, wisconsin, wyoming,";

/// Whether a text is the name of a state of the United States.
pub(super) fn is_state_name(text: &str) -> bool {
    let name = key(text);
    !name.is_empty() && STATE_NAMES.split(',').any(|state| state.trim() == name)
}

/// Whether two letters are a state of the United States.
pub(super) fn is_state(text: &str) -> bool {
    text.len() == 2 && STATES.contains(&format!(" {text} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_any_name() {
        for (name, expected) in [("Österreich", "AT"), ("U.K.", "GB"), ("ESPAÑA", "ES"), ("Türkiye", "TR")]
        {
            assert_eq!(code(name), Some(expected), "{name}");
        }
        assert_eq!(code("Atlantis"), None);
        assert!(is_state_name("New York") && !is_state_name("York"));
        assert!(is_state("OR") && !is_state("XX") && !is_state("O"));
        assert!(COUNTRIES.iter().flat_map(|(_, names)| names.iter()).all(|name| key(name) == **name));
    }
}
