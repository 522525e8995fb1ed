//! Profiles of people as JSON Resume 1.0.0 (<https://jsonresume.org/schema>).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// Where the version of the schema is published.
const SCHEMA: &str = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json";

/// A profile as JSON Resume. `profile` has the plain fields of a curriculum vitae by name: texts (`name`,
/// `headline`, `linkedin`, `github`, `address`, `city`, `postal_code`), lists of texts (`emails`, `phones`,
/// `urls`, `skills`), and lists of objects (`work_experience`, `education`, `languages`). `country` is its code
/// (ISO 3166-1 alpha-2).
///
/// What is not known is left out. The format has one e-mail address and one telephone number, the first
/// ones; it has no place for birthdays, nationalities, and places of schools.
pub fn json_resume(profile: &Value, country: Option<&str>, updated_at: DateTime<Utc>) -> Value {
    filled([
        ("$schema", Some(json!(SCHEMA))),
        ("basics", Some(basics(profile, country))),
        ("work", list(profile, "work_experience", job)),
        ("education", list(profile, "education", school)),
        ("skills", list(profile, "skills", |skill| filled([("name", said(skill))]))),
        ("languages", list(profile, "languages", language)),
        (
            "meta",
            Some(
                json!({"version": "v1.0.0", "lastModified": updated_at.format("%Y-%m-%dT%H:%M:%S").to_string()}),
            ),
        ),
    ])
}

fn basics(profile: &Value, country: Option<&str>) -> Value {
    let first = |name: &str| said(&profile[name][0]);
    filled([
        ("name", said(&profile["name"])),
        ("label", said(&profile["headline"])),
        ("email", first("emails").filter(is_email)),
        ("phone", first("phones")),
        ("url", web_address(&profile["urls"][0])),
        ("location", Some(location(profile, country)).filter(is_filled)),
        ("profiles", Some(profiles(profile)).filter(is_filled)),
    ])
}

fn location(profile: &Value, country: Option<&str>) -> Value {
    filled([
        ("address", said(&profile["address"])),
        ("postalCode", said(&profile["postal_code"])),
        ("city", said(&profile["city"])),
        ("countryCode", country.map(Value::from)),
    ])
}

/// Pages of the person elsewhere. The first of the other pages is the person's own.
fn profiles(profile: &Value) -> Value {
    let networks = [("LinkedIn", "linkedin"), ("GitHub", "github")];
    let known = networks.into_iter().filter_map(|(network, field)| {
        let url = web_address(&profile[field])?;
        let username = url.as_str().and_then(username).map(Value::from);
        Some(filled([("network", Some(network.into())), ("username", username), ("url", Some(url))]))
    });
    let others = profile["urls"].as_array().into_iter().flatten().skip(1).filter_map(|url| {
        let url = web_address(url)?;
        let host = url.as_str().and_then(|url| url.split('/').nth(2)).map(Value::from);
        Some(filled([("network", host), ("url", Some(url))]))
    });
    known.chain(others).collect()
}

fn username(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?.trim_end_matches('/');
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

fn job(job: &Value) -> Value {
    filled([
        ("name", said(&job["company"])),
        ("position", said(&job["title"])),
        ("location", said(&job["location"])),
        ("startDate", date(&job["start"])),
        ("endDate", date(&job["end"])),
        ("summary", said(&job["description"])),
    ])
}

fn school(school: &Value) -> Value {
    filled([
        ("institution", said(&school["institution"])),
        ("area", said(&school["field"])),
        ("studyType", said(&school["degree"])),
        ("startDate", date(&school["start"])),
        ("endDate", date(&school["end"])),
    ])
}

fn language(language: &Value) -> Value {
    filled([("language", said(&language["value"])), ("fluency", said(&language["level"]))])
}

/// A text that says something.
fn said(value: &Value) -> Option<Value> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(Value::from)
}

/// A date as the format has it: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn date(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let is_mark = |at: usize| matches!(at, 4 | 7);
    let in_place = |(at, c): (usize, u8)| if is_mark(at) { c == b'-' } else { c.is_ascii_digit() };
    let is_date = matches!(text.len(), 4 | 7 | 10)
        && text.starts_with(['1', '2'])
        && text.bytes().enumerate().all(in_place)
        && text.get(5..6).is_none_or(|month| month <= "1")
        && text.get(8..9).is_none_or(|day| day <= "3");
    is_date.then(|| value.clone())
}

/// An address with its scheme, which people leave out; `None` if it is none.
fn web_address(address: &Value) -> Option<Value> {
    let text = address.as_str()?;
    let is_written_so = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`[]".contains(c);
    if text.is_empty() || !text.chars().all(is_written_so) {
        return None;
    }
    Some(if text.contains("://") { address.clone() } else { format!("https://{text}").into() })
}

fn is_email(address: &Value) -> bool {
    let parts = address.as_str().and_then(|text| text.split_once('@'));
    parts.is_some_and(|(local, domain)| {
        let is_written_so =
            |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_graphic() && c != b'@');
        is_written_so(local) && is_written_so(domain)
    })
}

fn list(profile: &Value, name: &str, item: impl Fn(&Value) -> Value) -> Option<Value> {
    let items: Value = profile[name].as_array()?.iter().map(item).filter(is_filled).collect();
    Some(items).filter(is_filled)
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|object| !object.is_empty())
        || value.as_array().is_some_and(|array| !array.is_empty())
}

fn filled<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let known = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(known.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(profile: Value) -> Value {
        json_resume(&profile, Some("DE"), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn all_that_the_format_has_a_place_for_is_there() {
        insta::assert_json_snapshot!(written(json!({
            "name": "Ada Lovelace", "headline": "Analyst", "emails": ["ada@example.org", "a@example.com"],
            "phones": ["+4930901820"], "linkedin": "linkedin.com/in/ada/", "github": "https://github.com/ada?tab=1",
            "urls": ["ada.example", "https://blog.example/ada"], "address": "Weg 1", "city": "Berlin",
            "postal_code": "10115", "country": "Germany", "birthday": "1990-05-03", "nationality": null,
            "work_experience": [
                {"title": "Analyst", "company": "Engines", "location": "London", "start": "2020-05", "end": null,
                    "is_current": true, "description": "Notes\non engines"},
                {"title": null, "company": null, "start": "May", "end": null},
            ],
            "education": [{"degree": "BSc", "field": "Mathematics", "institution": "Home", "start": "2010", "end": "2013"}],
            "skills": ["Rust", " "], "languages": [{"value": "English", "level": "C2"}, {"value": "French", "level": null}],
        })));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let unknown =
            json!({"emails": ["ada at home"], "urls": ["my page"], "github": "", "work_experience": null});
        let resume = json_resume(&unknown, None, DateTime::UNIX_EPOCH);
        assert_eq!(resume["basics"], json!({}));
        assert_eq!(resume.as_object().unwrap().len(), 3);
    }

    #[test]
    fn dates_are_those_of_the_format() {
        for good in ["1999", "2024-02", "2024-12-31"] {
            assert!(date(&json!(good)).is_some(), "{good}");
        }
        for bad in ["", "99", "0999", "May 2020", "2020-", "2020-20", "2020-01-40", "2020/01", "202é"] {
            assert_eq!(date(&json!(bad)), None, "{bad}");
        }
    }
}
