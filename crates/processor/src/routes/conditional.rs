//! Conditional and partial requests (RFC 9110, sections 13 and 14).

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        Method,
        header::{
            self, ETag, EntityTag, HttpDate, IfMatch, IfModifiedSince, IfNoneMatch, IfRange,
            IfUnmodifiedSince, LastModified, Range,
        },
    },
};
use chrono::{DateTime, SubsecRound, Utc};
use quire_domain::ErrorCode;
use quire_web::problem::Problem;

/// By what a client knows a version of something again.
pub(super) struct Validators {
    tag: EntityTag,
    modified: Option<DateTime<Utc>>,
}

/// What a client is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: it has this version.
    Nothing,
    /// All of it.
    Whole,
    /// The bytes from the first of these numbers to the last.
    Part(u64, u64),
}

impl Validators {
    /// For what has the same bytes whenever it has this tag, and was made at that time.
    pub(super) fn strong(tag: String, modified: DateTime<Utc>) -> Self {
        // The header has whole seconds.
        Self { tag: EntityTag::new_strong(tag), modified: Some(modified.trunc_subsecs(0)) }
    }

    /// For what is as good as anything else with this tag.
    pub(super) fn weak(tag: String) -> Self {
        Self { tag: EntityTag::new_weak(tag), modified: None }
    }

    /// Judges the conditions of a request in the order of RFC 9110, 13.2.2, and its range.
    /// `length` is how many bytes there are, if a part of them may be asked for.
    ///
    /// # Errors
    /// [`ErrorCode::PreconditionFailed`].
    pub(super) fn judge(&self, request: &HttpRequest, length: Option<u64>) -> Result<Wanted, Judgement> {
        if self.differs_from_the_expected(request) {
            return Err(Judgement::PreconditionFailed);
        }
        if self.is_known(request) {
            return Ok(Wanted::Nothing);
        }
        match length {
            Some(length) if request.method() == Method::GET && self.range_applies(request) => {
                part(request, length)
            }
            _ => Ok(Wanted::Whole),
        }
    }

    fn differs_from_the_expected(&self, request: &HttpRequest) -> bool {
        match request.get_header::<IfMatch>() {
            Some(IfMatch::Any) => false,
            Some(IfMatch::Items(tags)) => !tags.iter().any(|tag| tag.strong_eq(&self.tag)),
            None => request
                .get_header::<IfUnmodifiedSince>()
                .zip(self.modified)
                .is_some_and(|(IfUnmodifiedSince(date), modified)| modified > moment(date)),
        }
    }

    fn is_known(&self, request: &HttpRequest) -> bool {
        match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => request
                .get_header::<IfModifiedSince>()
                .zip(self.modified)
                .is_some_and(|(IfModifiedSince(date), modified)| modified <= moment(date)),
        }
    }

    /// Whether the client wants a part of just this version (or says nothing of versions).
    fn range_applies(&self, request: &HttpRequest) -> bool {
        if !request.headers().contains_key(header::IF_RANGE) {
            return true;
        }
        match request.get_header::<IfRange>() {
            Some(IfRange::EntityTag(tag)) => tag.strong_eq(&self.tag),
            Some(IfRange::Date(date)) => self.modified == Some(moment(date)),
            None => false,
        }
    }

    /// Puts the validators into a response.
    pub(super) fn describe(&self, response: &mut HttpResponseBuilder) {
        response.insert_header(ETag(self.tag.clone()));
        if let Some(modified) = self.modified {
            response.insert_header(LastModified(HttpDate::from(std::time::SystemTime::from(modified))));
        }
    }
}

/// A request that cannot be met.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The client expected another version.
    PreconditionFailed,
    /// There are only so many bytes.
    RangeNotSatisfiable(u64),
}

impl From<Judgement> for HttpResponse {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::PreconditionFailed => HttpResponse::from_error(Problem::new(
                ErrorCode::PreconditionFailed,
                "What is here now is not the version that the request is about.",
            )),
            Judgement::RangeNotSatisfiable(length) => {
                let detail = format!("The file has {length} bytes, and the range begins behind them.");
                let mut response =
                    HttpResponse::from_error(Problem::new(ErrorCode::RangeNotSatisfiable, detail));
                if let Ok(value) = format!("bytes */{length}").parse() {
                    response.headers_mut().insert(header::CONTENT_RANGE, value);
                }
                response
            }
        }
    }
}

/// A single range of bytes is served; several, or other units, are answered with the whole, as
/// RFC 9110, 14.2 allows.
fn part(request: &HttpRequest, length: u64) -> Result<Wanted, Judgement> {
    match request.get_header::<Range>() {
        Some(Range::Bytes(ranges)) if ranges.len() == 1 => ranges[0]
            .to_satisfiable_range(length)
            .map(|(first, last)| Wanted::Part(first, last))
            .ok_or(Judgement::RangeNotSatisfiable(length)),
        _ => Ok(Wanted::Whole),
    }
}

fn moment(date: HttpDate) -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::from(date))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Noon of the 1st of March 2026, and half a second.
    fn file() -> Validators {
        let modified = DateTime::parse_from_rfc3339("2026-03-01T12:00:00.5Z").unwrap();
        Validators::strong("abc".into(), modified.to_utc())
    }

    fn judged(headers: &[(&str, &str)]) -> Result<Wanted, Judgement> {
        let request = headers.iter().fold(TestRequest::get(), |request, pair| request.insert_header(*pair));
        file().judge(&request.to_http_request(), Some(1000))
    }

    const THEN: &str = "Sun, 01 Mar 2026 12:00:00 GMT";
    const BEFORE: &str = "Sun, 01 Mar 2026 11:59:59 GMT";

    #[test]
    fn a_version_that_is_known_is_not_sent_again() {
        for headers in [
            &[("if-none-match", "\"abc\"")][..],
            &[("if-none-match", "\"x\", W/\"abc\"")],
            &[("if-none-match", "*")],
            &[("if-modified-since", THEN)],
            &[("if-none-match", "\"abc\""), ("range", "bytes=0-1")],
        ] {
            assert_eq!(judged(headers), Ok(Wanted::Nothing), "{headers:?}");
        }
        for headers in [
            &[][..],
            &[("if-none-match", "\"x\"")],
            &[("if-modified-since", BEFORE)],
            // The tag goes before the date.
            &[("if-none-match", "\"x\""), ("if-modified-since", THEN)],
            &[("if-modified-since", "yesterday")],
        ] {
            assert_eq!(judged(headers), Ok(Wanted::Whole), "{headers:?}");
        }
    }

    #[test]
    fn another_version_than_expected_is_refused() {
        for headers in [
            &[("if-match", "\"x\"")][..],
            &[("if-match", "W/\"abc\"")],
            &[("if-unmodified-since", BEFORE)],
            &[("if-match", "\"x\""), ("if-none-match", "\"abc\"")],
        ] {
            assert_eq!(judged(headers), Err(Judgement::PreconditionFailed), "{headers:?}");
        }
        for headers in [
            &[("if-match", "*")][..],
            &[("if-match", "\"x\", \"abc\"")],
            &[("if-unmodified-since", THEN)],
            &[("if-match", "\"abc\""), ("if-unmodified-since", BEFORE)],
        ] {
            assert_eq!(judged(headers), Ok(Wanted::Whole), "{headers:?}");
        }
    }

    #[test]
    fn one_range_is_cut_to_what_there_is() {
        for (range, wanted) in [
            ("bytes=0-0", Ok(Wanted::Part(0, 0))),
            ("bytes=10-19", Ok(Wanted::Part(10, 19))),
            ("bytes=990-5000", Ok(Wanted::Part(990, 999))),
            ("bytes=990-", Ok(Wanted::Part(990, 999))),
            ("bytes=-10", Ok(Wanted::Part(990, 999))),
            ("bytes=-5000", Ok(Wanted::Part(0, 999))),
            ("bytes=1000-", Err(Judgement::RangeNotSatisfiable(1000))),
            ("bytes=-0", Err(Judgement::RangeNotSatisfiable(1000))),
            ("bytes=0-1,5-6", Ok(Wanted::Whole)),
            ("lines=0-1", Ok(Wanted::Whole)),
            ("bytes=a-b", Ok(Wanted::Whole)),
        ] {
            assert_eq!(judged(&[("range", range)]), wanted, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_answered_with_the_whole() {
        for (version, applies) in [
            ("\"abc\"", true),
            (THEN, true),
            ("W/\"abc\"", false),
            ("\"x\"", false),
            (BEFORE, false),
            ("Sun, 01 Mar 2026 12:00:01 GMT", false),
            ("nonsense", false),
        ] {
            let wanted = if applies { Wanted::Part(0, 9) } else { Wanted::Whole };
            assert_eq!(judged(&[("range", "bytes=0-9"), ("if-range", version)]), Ok(wanted), "{version}");
        }
    }

    #[test]
    fn ranges_are_for_get_and_for_what_has_a_length() {
        let range = ("range", "bytes=0-9");
        let head = TestRequest::default().method(Method::HEAD).insert_header(range).to_http_request();
        assert_eq!(file().judge(&head, Some(1000)), Ok(Wanted::Whole));
        let picture = TestRequest::get().insert_header(range).to_http_request();
        assert_eq!(Validators::weak("p".into()).judge(&picture, None), Ok(Wanted::Whole));
    }
}
