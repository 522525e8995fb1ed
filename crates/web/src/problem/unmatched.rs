//! Requests that no route takes: 404, or 405 when the path is there for other methods.

use std::{collections::HashMap, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ALLOW, HeaderValue},
};
use quire_domain::ErrorCode;
use utoipa::openapi::{OpenApi, PathItem};

use super::Problem;

/// Which methods each path has, for the `Allow` header of a 405 (RFC 9110, 15.5.6). Made
/// from the API description, and put in the app's data. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct AllowedMethods(Arc<HashMap<String, String>>);

impl AllowedMethods {
    /// The methods that the descriptions have.
    pub fn new(apis: &[&OpenApi]) -> Self {
        let paths = apis.iter().flat_map(|api| &api.paths.paths);
        Self(Arc::new(paths.map(|(path, item)| (plain(path), methods(item).join(", "))).collect()))
    }

    fn of(&self, pattern: &str) -> Option<HeaderValue> {
        let allowed = self.0.get(&plain(pattern))?;
        HeaderValue::from_str(allowed).ok()
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("HEAD", item.head.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
        ("OPTIONS", item.options.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect()
}

/// A pattern without its regular expressions and its last slash: `/a/{b:.*}/` is `/a/{b}`.
fn plain(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut depth, mut in_expression) = (0_u32, false);
    for c in pattern.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        in_expression = match (c, depth) {
            (_, 0) => false,
            (':', 1) => true,
            _ => in_expression,
        };
        if !in_expression {
            out.push(c);
        }
    }
    let trimmed = out.trim_end_matches('/').len();
    out.truncate(trimmed);
    out
}

/// The default service.
pub(super) async fn unmatched(request: HttpRequest) -> HttpResponse {
    let Some(pattern) = request.resource_map().match_pattern(request.path()) else {
        let problem = Problem::new(ErrorCode::NotFound, "There is nothing under this path.");
        return HttpResponse::from_error(problem);
    };
    let detail = format!("This path does not take {}.", request.method());
    let mut response = HttpResponse::from_error(Problem::new(ErrorCode::MethodNotAllowed, detail));
    let methods = request.app_data::<AllowedMethods>();
    if let Some(allowed) = methods.and_then(|methods| methods.of(&pattern)) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn patterns_are_compared_without_expressions_and_last_slash() {
        assert_eq!(plain("/files/{key:.*}"), "/files/{key}");
        assert_eq!(plain("/a/{b:[0-9]{2}}/c/"), "/a/{b}/c");
        assert_eq!(plain("/a:b/"), "/a:b");
        assert_eq!(plain("/"), "");
    }
}
