//! Which documents are listed, and in which order.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use quire_domain::{DocumentId, FieldErrors, Result, details, document::DocumentStatus, search::Query};
use quire_store::library::{DocumentFilter, KeyValue, ListKey, Sort, SortBy};
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::library::ListOrder;

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

/// Orders by their names.
const SORTS: [(&str, SortBy, bool); 7] = [
    ("-created_at", SortBy::Created, true),
    ("created_at", SortBy::Created, false),
    ("filename", SortBy::Filename, false),
    ("-filename", SortBy::Filename, true),
    ("size", SortBy::Size, false),
    ("-size", SortBy::Size, true),
    ("relevance", SortBy::Relevance, true),
];

/// Which documents to list, as it is described. What is empty counts as left out.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read pair by pair, since tags may be repeated; this is its description")]
pub(super) struct ListDocuments {
    /// Words to be found in names, descriptions, tags, folders and texts. All of them must be in a
    /// document; a word of three letters and more also finds longer ones. `"two words"` are found as
    /// they stand, `-word` must not be there, `OR` stands between alternatives.
    #[param(example = "bergen \"old wharf\" -fire")]
    q: Option<String>,
    /// `-created_at`, `created_at`, `filename`, `-filename`, `size`, `-size`, or with `q` `relevance`,
    /// which is the default then. A `-` puts the greatest first.
    #[param(default = "-created_at")]
    sort: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u8>,
    /// Only those after this place: the `next` link has it.
    after: Option<String>,
    /// Only of this kind: `cv`, `invoice`, `cover_letter` or `other`.
    #[param(example = "invoice")]
    kind: Option<String>,
    /// Only in this state: `INITIATED`, `QUEUED`, `PROCESSING`, `COMPLETED`, `FAILED` or `QUARANTINED`.
    #[param(example = "COMPLETED")]
    status: Option<String>,
    /// Only of this media type; `image/*` stands for all pictures.
    #[param(example = "application/pdf")]
    r#type: Option<String>,
    /// Only with this tag; several, repeated or separated by commas, must all be there.
    tag: Option<Vec<String>>,
    /// Only in this folder and those below it.
    #[param(example = "Invoices/2026")]
    folder: Option<String>,
    /// Only since this moment (RFC 3339), or since the beginning of this day (UTC).
    #[param(example = "2026-03-01")]
    created_after: Option<String>,
    /// Only before this moment (RFC 3339), or before the beginning of this day (UTC).
    #[param(example = "2026-04-01T00:00:00Z")]
    created_before: Option<String>,
    /// Only what was split from this document.
    parent_id: Option<Uuid>,
}

/// The pairs of a query string, with what is wrong with them.
struct Pairs {
    pairs: Vec<(String, String)>,
    errors: FieldErrors,
}

impl Pairs {
    /// A parameter that is given once, or not at all.
    fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        let value = values.next().map(|(_, value)| value.clone());
        if values.next().is_some() {
            self.errors.add(name, "This is given twice.");
        }
        value
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        wrong: impl FnOnce() -> String,
    ) -> Option<T> {
        let text = self.one(name)?;
        let parsed = parse(text.trim());
        if parsed.is_none() {
            self.errors.add(name, wrong());
        }
        parsed
    }

    fn filter(&mut self) -> DocumentFilter {
        let moment = || "A time is `2026-03-01` or `2026-03-01T09:30:00Z`.".to_owned();
        let kind = self.one("kind").and_then(|kind| details::check_kind(&kind, &mut self.errors));
        let folder =
            self.one("folder").map(|folder| details::check_folder("folder", &folder, &mut self.errors));
        DocumentFilter {
            kind,
            status: self.parsed("status", DocumentStatus::parse, || {
                let names: Vec<_> = DocumentStatus::ALL.iter().map(|status| status.as_str()).collect();
                format!("A status is one of: {}.", names.join(", "))
            }),
            media_type: self
                .parsed("type", media_type, || "A type is `application/pdf` or `image/*`.".into()),
            tags: self.tags(),
            folder: folder.filter(|folder| !folder.is_empty()),
            created_after: self.parsed("created_after", time, moment),
            created_before: self.parsed("created_before", time, moment),
            parent_id: self.parsed(
                "parent_id",
                |text| DocumentId::from_str(text).ok(),
                || "This is not the id of a document.".into(),
            ),
        }
    }

    fn tags(&mut self) -> Vec<String> {
        let given: Vec<_> =
            self.pairs.iter().filter(|(name, _)| name == "tag").map(|(_, value)| value.as_str()).collect();
        let mut errors = FieldErrors::default();
        let tags = details::check_tags(given.iter().flat_map(|value| value.split(',')), &mut errors);
        for message in errors.0.into_values().flatten() {
            self.errors.add("tag", message);
        }
        tags
    }

    fn query(&mut self) -> Option<Query> {
        let text = self.one("q")?;
        match Query::parse(&text) {
            Ok(query) => Some(query),
            Err(error) => {
                self.errors.add("q", error.to_string());
                None
            }
        }
    }

    fn sort(&mut self, is_search: bool) -> &'static (&'static str, SortBy, bool) {
        let sort = self.parsed(
            "sort",
            |name| SORTS.iter().find(|(known, ..)| *known == name),
            || {
                let names: Vec<_> = SORTS.iter().map(|(name, ..)| *name).collect();
                format!("An order is one of: {}.", names.join(", "))
            },
        );
        match sort {
            Some((_, SortBy::Relevance, _)) if !is_search => {
                self.errors.add("sort", "Only what was searched for with `q` has a relevance.");
                &SORTS[0]
            }
            Some(sort) => sort,
            None => &SORTS[if is_search { SORTS.len() - 1 } else { 0 }],
        }
    }
}

/// Reads what is to be listed from the pairs of a query string.
///
/// # Errors
/// [`quire_domain::ErrorCode::ValidationFailed`], by parameter.
pub(super) fn check(pairs: Vec<(String, String)>) -> Result<ListOrder> {
    let mut pairs = Pairs { pairs, errors: FieldErrors::default() };
    let filter = pairs.filter();
    let query = pairs.query();
    let is_search = query.is_some() || pairs.errors.0.contains_key("q");
    let (name, by, is_descending) = *pairs.sort(is_search);
    let after = pairs.parsed(
        "after",
        |text| place(text, name, by),
        || "This is not a place in this list. Follow the `next` link as it is.".into(),
    );
    let limit = pairs.parsed(
        "limit",
        |text| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)),
        || format!("A limit is a number from 1 to {MAX_LIMIT}."),
    );
    pairs.errors.into_result()?;
    let sort = Sort { by, is_descending };
    Ok(ListOrder { filter, query, sort, after, limit: limit.unwrap_or(DEFAULT_LIMIT) })
}

/// `type/subtype` or `type/*`.
fn media_type(text: &str) -> Option<String> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&c))
    };
    let (kind, subtype) = text.split_once('/')?;
    (text.len() <= 255 && plain(kind) && (subtype == "*" || plain(subtype)))
        .then(|| text.to_ascii_lowercase())
}

/// A moment, or the beginning of a day. A `+` that was not escaped has become a space.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).map(|time| time.to_utc());
    let day = || NaiveDate::from_str(text).ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    moment.ok().or_else(day).filter(is_storable)
}

fn is_storable(time: &DateTime<Utc>) -> bool {
    (1..=9999).contains(&time.year())
}

/// A place in a list, as text that stands in addresses: the name of the order, the value that the
/// document is put in order by, and the document.
pub(super) fn show_place(order: Sort, key: &ListKey) -> String {
    let name = SORTS.iter().find(|(_, by, down)| (*by, *down) == (order.by, order.is_descending));
    let value = match &key.value {
        KeyValue::Number(number) => json!(number),
        KeyValue::Time(time) => json!(time.timestamp_micros()),
        KeyValue::Text(text) => json!(text),
    };
    let place = json!([name.map(|(name, ..)| name), value, key.id.0]);
    URL_SAFE_NO_PAD.encode(place.to_string())
}

fn place(text: &str, name: &str, by: SortBy) -> Option<ListKey> {
    let place: (String, Value, Uuid) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (known, value, id) = place;
    let value = match by {
        SortBy::Relevance | SortBy::Size => KeyValue::Number(value.as_i64()?),
        SortBy::Created => {
            KeyValue::Time(DateTime::from_timestamp_micros(value.as_i64()?).filter(is_storable)?)
        }
        SortBy::Filename => KeyValue::Text(value.as_str().filter(|text| !text.contains('\0'))?.to_owned()),
    };
    (known == name).then_some(ListKey { value, id: DocumentId(id) })
}

/// The address of the page after `place`: that of this page with another place. What may not stand in
/// a header as it came is escaped.
pub(super) fn next_link(path: &str, query: &str, place: &str) -> String {
    let mut address = format!("{path}?");
    for pair in query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("after=")) {
        for byte in pair.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=:@/?%".contains(&byte) {
                address.push(char::from(byte));
            } else {
                address.push_str(&format!("%{byte:02X}"));
            }
        }
        address.push('&');
    }
    format!("<{address}after={place}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use quire_domain::document::DocumentKind;

    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn nothing_asked_is_everything_newest_first() {
        for given in [&[][..], &[("q", " "), ("kind", ""), ("folder", "/"), ("tag", ","), ("unknown", "x")]] {
            let order = check(pairs(given)).unwrap();
            assert_eq!(order.filter, DocumentFilter::default());
            assert_eq!((order.query, order.after, order.limit), (None, None, 50));
            assert_eq!(order.sort, Sort { by: SortBy::Created, is_descending: true });
        }
    }

    #[test]
    fn what_is_asked_is_understood() {
        let order = check(pairs(&[
            ("q", "wharf"),
            ("kind", "rechnung"),
            ("status", "FAILED"),
            ("type", "Image/*"),
            ("tag", "a,b"),
            ("tag", "c"),
            ("folder", "/Invoices/"),
            ("created_after", "2026-03-01"),
            ("created_before", "2026-03-01T02:00:00 02:00"),
            ("parent_id", "01900000-0000-7000-8000-000000000001"),
            ("limit", "7"),
        ]))
        .unwrap();
        let midnight = "2026-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            order.filter,
            DocumentFilter {
                kind: Some(DocumentKind::Invoice),
                status: Some(DocumentStatus::Failed),
                media_type: Some("image/*".into()),
                tags: vec!["a".into(), "b".into(), "c".into()],
                folder: Some("Invoices".into()),
                created_after: Some(midnight),
                created_before: Some(midnight),
                parent_id: Some("01900000-0000-7000-8000-000000000001".parse().unwrap()),
            }
        );
        assert_eq!((order.sort.by, order.limit), (SortBy::Relevance, 7));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let long = "x".repeat(10_000);
        let wrong = [
            ("q", long.as_str()),
            ("sort", "colour"),
            ("limit", "0"),
            ("after", "x"),
            ("kind", "poem"),
            ("status", "completed"),
            ("type", "pdf"),
            ("tag", "a\0b"),
            ("folder", "a\nb"),
            ("created_after", "yesterday"),
            ("created_before", "+12000-01-01"),
            ("parent_id", "7"),
        ];
        let fields = check(pairs(&wrong)).unwrap_err().fields.0;
        let mut names: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(fields.keys().map(String::as_str).collect::<Vec<_>>(), names);

        for (given, field) in [
            (&[("sort", "relevance")][..], "sort"),
            (&[("limit", "1"), ("limit", "2")], "limit"),
            (&[("type", "*/*")], "type"),
            (&[("type", "a/b\0")], "type"),
        ] {
            let fields = check(pairs(given)).unwrap_err().fields.0;
            assert_eq!(fields.keys().collect::<Vec<_>>(), [field]);
        }
    }

    #[test]
    fn places_come_back_as_they_went() {
        let id: DocumentId = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        let time = DateTime::from_timestamp_micros(1_768_478_400_123_456).unwrap();
        for (name, value) in [
            ("-created_at", KeyValue::Time(time)),
            ("filename", KeyValue::Text("a&b=ü\"<>.pdf".into())),
            ("-size", KeyValue::Number(i64::MAX)),
            ("relevance", KeyValue::Number(0)),
        ] {
            let (_, by, is_descending) = *SORTS.iter().find(|(known, ..)| *known == name).unwrap();
            let key = ListKey { value, id };
            let shown = show_place(Sort { by, is_descending }, &key);
            assert_eq!(place(&shown, name, by), Some(key));
            // Of another list.
            assert_eq!(place(&shown, "created_at", SortBy::Created), None);
        }
        for forged in [json!(["filename", "a\0b", id.0]), json!(["filename", 7, id.0]), json!({})] {
            assert_eq!(
                place(&URL_SAFE_NO_PAD.encode(forged.to_string()), "filename", SortBy::Filename),
                None
            );
        }
        let far = json!(["created_at", i64::MAX, id.0]).to_string();
        assert_eq!(place(&URL_SAFE_NO_PAD.encode(far), "created_at", SortBy::Created), None);
    }

    #[test]
    fn the_next_link_asks_the_same_question_again() {
        assert_eq!(
            next_link("/documents", "q=a%20b+c&after=old&tag=x&tag=y&&limit=3", "new"),
            "</documents?q=a%20b+c&tag=x&tag=y&limit=3&after=new>; rel=\"next\""
        );
        assert_eq!(
            next_link("/documents", "q=\"<>ü", "p"),
            "</documents?q=%22%3C%3E%C3%BC&after=p>; rel=\"next\""
        );
        assert_eq!(next_link("/documents", "", "p"), "</documents?after=p>; rel=\"next\"");
    }
}
