//! `/documents/{id}/text`: what was read in a document.

use std::{collections::BTreeMap, ops::RangeInclusive};

use actix_web::{
    HttpResponse, get,
    http::header,
    web::{Data, Path, Query},
};
use quire_domain::{FieldErrors, Result};
use quire_extract::document;
use quire_store::documents::Page;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    super::outgoing::{attachment, document_id, seal, stem},
    flag,
};
use crate::{
    Processor,
    documents::{DocumentText, PAGES_WITH_WORDS, too_many_pages},
};

/// Between pages of plain text.
const FORM_FEED: &str = "\u{c}";

/// Which text is wanted, and how. Read as text, so that all that is wrong can be said at once.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GetDocumentText {
    /// Only this page; the first is 1.
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    /// Only these pages.
    #[param(example = "3-7")]
    pages: Option<String>,
    /// `json`, or `txt` for plain text, its pages separated by form feeds.
    #[param(default = "json")]
    format: Option<String>,
    /// Also the sizes of pages and the places of words, for at most 50 pages at a time. Only as JSON.
    #[param(value_type = Option<bool>, default = false)]
    boxes: Option<String>,
    /// As a file to be saved.
    #[param(value_type = Option<bool>, default = false)]
    download: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Text,
}

#[derive(Debug, PartialEq, Eq)]
struct Order {
    range: Option<RangeInclusive<i32>>,
    format: Format,
    boxes: bool,
    download: bool,
}

impl GetDocumentText {
    fn check(&self) -> Result<Order> {
        let mut errors = FieldErrors::default();
        let order = Order {
            range: self.range(&mut errors),
            format: match self.format.as_deref() {
                None | Some("json") => Format::Json,
                Some("txt") => Format::Text,
                Some(_) => {
                    errors.add("format", "A format is json or txt.");
                    Format::Json
                }
            },
            boxes: flag("boxes", self.boxes.as_deref(), &mut errors),
            download: flag("download", self.download.as_deref(), &mut errors),
        };
        if order.boxes && order.format == Format::Text {
            errors.add("boxes", "Plain text has no room for boxes; ask for json.");
        }
        errors.into_result()?;
        let pages = order.range.as_ref().map(|range| range.end().abs_diff(*range.start()) as usize + 1);
        if order.boxes && pages.is_some_and(|pages| pages > PAGES_WITH_WORDS) {
            return Err(too_many_pages());
        }
        Ok(order)
    }

    fn range(&self, errors: &mut FieldErrors) -> Option<RangeInclusive<i32>> {
        let (name, text) = match (&self.page, &self.pages) {
            (None, None) => return None,
            (Some(page), None) => ("page", page),
            (None, Some(pages)) => ("pages", pages),
            (Some(_), Some(_)) => {
                errors.add("pages", "Give a `page` or `pages`, not both.");
                return None;
            }
        };
        let range = match text.split_once('-') {
            Some((first, last)) if name == "pages" => number(first).zip(number(last)),
            _ => number(text).map(|page| (page, page)),
        };
        let range = range.filter(|(first, last)| first <= last);
        if range.is_none() {
            let example =
                if name == "page" { "A page is a number from 1." } else { "Pages are `3-7` or `3`." };
            errors.add(name, example);
        }
        range.map(|(first, last)| first..=last)
    }
}

fn number(text: &str) -> Option<i32> {
    text.trim().parse().ok().filter(|page| *page > 0)
}

/// The text of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentText)]
struct DocumentTextView {
    document_id: Uuid,
    #[schema(example = "report.pdf")]
    filename: String,
    /// In order.
    pages: Vec<PageView>,
}

/// The text of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageText)]
struct PageView {
    /// The first is 1.
    #[schema(example = 1)]
    number: i32,
    /// `text` if it was in the document, `ocr` if it was recognised in a picture.
    #[schema(example = "text")]
    method: String,
    /// How sure the recognition of characters was, from 0 to 1; `null` where nothing had to be
    /// recognised.
    confidence: Option<f32>,
    /// Lines end with a line feed, blocks are separated by an empty line, cells of a row by a tab.
    text: String,
    /// With `boxes`: as it is shown, in points (1/72 inch); `null` where pages have no size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SizeView>)]
    size: Option<Option<SizeView>>,
    /// With `boxes`: the words that have places. Empty where the format has none, and for text that
    /// was recognised in a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordView>>,
}

/// The size of a page, in points (1/72 inch).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageSize)]
struct SizeView {
    #[schema(example = 595.0)]
    width: f32,
    #[schema(example = 842.0)]
    height: f32,
}

/// A word and its place on the page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Word)]
struct WordView {
    #[schema(example = "Quire")]
    text: String,
    /// Left, top, right and bottom, in points from the top left corner of the page as it is shown.
    #[serde(rename = "box")]
    #[schema(example = json!([72.0, 80.5, 101.25, 92.5]))]
    bounds: [f32; 4],
}

impl From<DocumentText> for DocumentTextView {
    fn from(text: DocumentText) -> Self {
        let DocumentText { document, pages, mut layout } = text;
        let pages = pages.into_iter().map(|page| PageView::new(page, layout.as_mut())).collect();
        Self { document_id: document.id().0, filename: document.filename, pages }
    }
}

impl PageView {
    fn new(page: Page, layout: Option<&mut BTreeMap<u32, document::Page>>) -> Self {
        let layout = layout.map(|pages| pages.remove(&page.number.unsigned_abs()));
        let (size, words) = match layout {
            None => (None, None),
            Some(None) => (Some(None), Some(Vec::new())),
            Some(Some(page)) => {
                let size = page.size.map(|size| SizeView { width: size.width, height: size.height });
                let view = |word: document::Word| WordView { text: word.text, bounds: word.bounds };
                (Some(size), Some(page.words.into_iter().map(view).collect()))
            }
        };
        let Page { number, text, method, confidence } = page;
        Self { number, method, confidence, text, size, words }
    }
}

/// Read the text of a document
///
/// As it was read when the document came in: by page, in reading order. With `boxes`, also where
/// the words are, which is read from the file again.
#[utoipa::path(
    operation_id = "get_document_text",
    tag = "Documents",
    params(("id" = Uuid, Path, description = "The document."), GetDocumentText),
    responses(
        (status = 200, description = "The text.", content(
            (DocumentTextView = "application/json"),
            (String = "text/plain"),
        )),
        (status = 401, description = "No valid token."),
        (status = 404, description = "No such document, or not yours; or no such page (`page_not_found`)."),
        (status = 409, description = "Not read yet (`wrong_state`); could not be read (`document_unreadable`, the reason in `detail`); not scanned for viruses yet (`document_not_scanned`); in quarantine (`document_quarantined`). With `boxes`: protected with a password (`document_encrypted`)."),
        (status = 422, description = "A parameter is not valid, or boxes of more than 50 pages were asked for."),
        (status = 503, description = "The database is away. With `boxes`: storage is away, or many documents are being read right now."),
    ),
    security(("bearer" = [])),
)]
#[get("/documents/{id}/text")]
pub(crate) async fn get_document_text(
    caller: Caller,
    processor: Data<Processor>,
    id: Path<String>,
    query: Query<GetDocumentText>,
) -> HttpResult<HttpResponse> {
    let order = query.check()?;
    let id = document_id(&id)?;
    let text = processor.documents.get_document_text(caller.user_id, id, order.range, order.boxes).await?;
    let mut response = HttpResponse::Ok();
    seal(&mut response, "private, no-cache");
    if order.download {
        let extension = if order.format == Format::Json { "json" } else { "txt" };
        response.insert_header(attachment(&format!("{}.{extension}", stem(&text.document.filename))));
    }
    Ok(match order.format {
        Format::Json => response.json(DocumentTextView::from(text)),
        Format::Text => {
            let pages: Vec<_> = text.pages.iter().map(|page| page.text.as_str()).collect();
            response
                .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
                .body(pages.join(FORM_FEED))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> GetDocumentText {
        let value =
            |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        GetDocumentText {
            page: value("page"),
            pages: value("pages"),
            format: value("format"),
            boxes: value("boxes"),
            download: value("download"),
        }
    }

    #[test]
    fn pages_are_one_or_from_one_to_another() {
        for (name, text, range) in [
            ("page", "3", Some(3..=3)),
            ("pages", "3", Some(3..=3)),
            ("pages", "3-7", Some(3..=7)),
            ("pages", "3 - 7", Some(3..=7)),
        ] {
            assert_eq!(query(&[(name, text)]).check().unwrap().range, range, "{name}={text}");
        }
        for (name, text) in [
            ("page", "0"),
            ("page", "-1"),
            ("page", "3-7"),
            ("page", "99999999999"),
            ("page", ""),
            ("pages", "7-3"),
            ("pages", "0-3"),
            ("pages", "3-"),
            ("pages", "a-b"),
        ] {
            let error = query(&[(name, text)]).check().unwrap_err();
            assert!(error.fields.0.contains_key(name), "{name}={text}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = [("page", "x"), ("format", "xml"), ("boxes", "yes"), ("download", "1")];
        let fields = query(&wrong).check().unwrap_err().fields.0;
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["boxes", "download", "format", "page"]);
        let both = query(&[("page", "1"), ("pages", "1-2")]).check().unwrap_err();
        assert!(both.fields.0.contains_key("pages"));
    }

    #[test]
    fn boxes_are_for_few_pages_and_for_json() {
        assert!(query(&[("boxes", "true"), ("pages", "11-60")]).check().is_ok());
        for pairs in [
            [("boxes", "true"), ("pages", "11-61")],
            [("boxes", "true"), ("pages", "1-2147483647")],
            [("boxes", "true"), ("format", "txt")],
        ] {
            assert!(query(&pairs).check().is_err(), "{pairs:?}");
        }
        assert!(query(&[("boxes", "false"), ("pages", "1-2147483647")]).check().is_ok());
    }
}
