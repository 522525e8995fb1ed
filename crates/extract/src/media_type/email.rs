//! Whether a text is an e-mail message, judged by its header (RFC 5322, 2.2).

/// Lines and bytes of a header that are looked at.
const MAX_LINES: usize = 200;
const MAX_LINE: usize = 2000;

/// Fields that say where a message comes from.
const ORIGIN: &[&str] = &["from", "sender", "return-path", "received"];

/// Fields that few texts but messages begin with.
const TELLING: &[&str] = &["date", "message-id", "mime-version", "received", "delivered-to", "return-path"];

/// Other fields of messages.
const COMMON: &[&str] = &["to", "cc", "subject", "content-type", "reply-to", "x-mailer"];

/// Whether these bytes begin with the header of a message. A file that is named as one needs less to
/// be one.
pub(super) fn is_email(head: &[u8], extension: &str) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut fields = Vec::new();
    for (number, line) in head.split(|byte| *byte == b'\n').take(MAX_LINES).enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_continued = line.starts_with(b" ") || line.starts_with(b"\t");
        if line.is_empty() {
            break;
        }
        if is_continued && number > 0 {
            continue;
        }
        match field_name(line) {
            Some(name) => fields.push(name),
            // The header was cut in the middle of a line.
            None if number > 0 && head.ends_with(line) && !line.contains(&0) => break,
            None => return false,
        }
    }
    let has = |names: &[&str]| fields.iter().any(|field| names.contains(&field.as_str()));
    if extension == "eml" {
        return has(ORIGIN) || has(TELLING) || has(COMMON);
    }
    let known = [ORIGIN, TELLING, COMMON].concat();
    let count = known.iter().filter(|name| fields.iter().any(|field| field == *name)).count();
    has(ORIGIN) && has(TELLING) && count >= 3
}

/// The name of a field, lower case.
fn field_name(line: &[u8]) -> Option<String> {
    let colon = line.iter().take(MAX_LINE).position(|byte| *byte == b':')?;
    let name = &line[..colon];
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_by_its_header() {
        let message =
            b"Return-Path: <a@example.org>\r\nReceived: from x\r\n\tby y\r\nFrom: a\r\nTo: b\r\n\r\nHi";
        assert!(is_email(message, ""));
        assert!(is_email(b"From: a\nDate: today\nSubject: words\n\nHi", "txt"));
        assert!(is_email(b"Subject: only\n\nHi", "eml"));
    }

    #[test]
    fn texts_with_colons_are_not_messages() {
        for text in [
            "Dear: Sir\n\nFrom: me",
            "from: a\nto: b\n",
            "Date: today\nSubject: x\n\n",
            "From: a\nno field\nDate: b\n",
            "",
            "\n",
            " From: a\nDate: b",
        ] {
            assert!(!is_email(text.as_bytes(), "txt"), "{text}");
        }
        assert!(!is_email(b"just words", "eml"));
    }
}
