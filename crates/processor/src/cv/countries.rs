//! Countries, by their codes and names.

/// Names that people write and ISO 3166-1 does not have: shorter ones, and those of the countries whose
/// languages Quire reads best.
const ALIASES: &[(&str, &str)] = &[
    ("bolivia", "BO"),
    ("brasil", "BR"),
    ("czech republic", "CZ"),
    ("deutschland", "DE"),
    ("england", "GB"),
    ("espana", "ES"),
    ("españa", "ES"),
    ("frankreich", "FR"),
    ("great britain", "GB"),
    ("griechenland", "GR"),
    ("grossbritannien", "GB"),
    ("großbritannien", "GB"),
    ("holland", "NL"),
    ("iran", "IR"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("moldova", "MD"),
    ("nederland", "NL"),
    ("netherlands", "NL"),
    ("the netherlands", "NL"),
    ("niederlande", "NL"),
    ("polen", "PL"),
    ("polska", "PL"),
    ("russia", "RU"),
    ("schweiz", "CH"),
    ("scotland", "GB"),
    ("south korea", "KR"),
    ("spanien", "ES"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("syria", "SY"),
    ("taiwan", "TW"),
    ("tanzania", "TZ"),
    ("turkey", "TR"),
    ("türkei", "TR"),
    ("uk", "GB"),
    ("ukraine", "UA"),
    ("united kingdom", "GB"),
    ("united states", "US"),
    ("usa", "US"),
    ("venezuela", "VE"),
    ("vereinigte staaten", "US"),
    ("vereinigtes königreich", "GB"),
    ("vietnam", "VN"),
    ("wales", "GB"),
    ("österreich", "AT"),
];

/// The code (ISO 3166-1 alpha-2) of a country that is given by its code of two or three letters, or by a
/// name that is known.
pub(crate) fn alpha2(country: &str) -> Option<&'static str> {
    let country = country.trim().to_lowercase();
    if let Some((_, code)) = ALIASES.iter().find(|(name, _)| *name == country) {
        return Some(code);
    }
    let known = rust_iso3166::ALL.iter().find(|known| {
        known.alpha2.eq_ignore_ascii_case(&country)
            || known.alpha3.eq_ignore_ascii_case(&country)
            || known.name.to_lowercase() == country
    });
    known.map(|known| known.alpha2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_codes_and_names() {
        for (country, code) in [
            ("DE", "DE"),
            ("deu", "DE"),
            ("Germany", "DE"),
            (" Deutschland ", "DE"),
            ("Österreich", "AT"),
            ("UK", "GB"),
            ("Viet Nam", "VN"),
            ("Vietnam", "VN"),
            ("Türkiye", "TR"),
        ] {
            assert_eq!(alpha2(country), Some(code), "{country}");
        }
        for country in ["", "XX", "Atlantis", "D"] {
            assert_eq!(alpha2(country), None, "{country}");
        }
        let codes: Vec<_> =
            ALIASES.iter().filter(|(_, code)| rust_iso3166::from_alpha2(code).is_none()).collect();
        assert!(codes.is_empty(), "{codes:?}");
    }
}
