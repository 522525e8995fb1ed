//! E-mail messages (RFC 5322, MIME).

use mail_parser::{Address, DateTime, Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{flow::Flow, html, single_page};
use crate::{
    document::Metadata,
    encoding,
    error::ExtractError,
    media_type,
    reader::{Content, Reader, Source},
};

/// Attachments that are named, and characters of a name.
const MAX_ATTACHMENTS: usize = 1000;
const MAX_NAME: usize = 255;

/// Reads a message as one page: who wrote to whom, when and about what, the text, and the names of the
/// attachments.
pub(crate) struct EmailReader;

impl Reader for EmailReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[media_type::EMAIL]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let message = MessageParser::default().parse(&source.bytes).ok_or(ExtractError::Corrupt)?;
        let limit = source.limits.output;
        let metadata = metadata(&message);

        let mut flow = Flow::new(limit);
        let date = message.date().filter(|date| date.is_valid());
        for (name, value) in [
            ("From", message.from().map(addresses)),
            ("To", message.to().map(addresses)),
            ("Cc", message.cc().map(addresses)),
            ("Date", date.map(shown)),
            ("Subject", message.subject().map(one_line)),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                flow.push(&format!("{name}: {value}"))?;
                flow.break_line();
            }
        }
        flow.break_block();
        push_body(&message, &mut flow, limit)?;
        if !metadata.attachments.is_empty() {
            flow.break_block();
            flow.push(&format!("Attachments: {}", metadata.attachments.join(", ")))?;
        }
        Ok(Content { pages: single_page(flow.finish(), source.options), metadata, warnings: Vec::new() })
    }
}

fn metadata(message: &Message<'_>) -> Metadata {
    Metadata {
        title: message.subject().map(one_line).filter(|subject| !subject.is_empty()),
        author: message.from().map(addresses).filter(|author| !author.is_empty()),
        created: message.date().filter(|date| date.is_valid()).map(DateTime::to_rfc3339),
        attachments: message.attachments().take(MAX_ATTACHMENTS).map(attachment_name).collect(),
        ..Metadata::default()
    }
}

/// The name of an attached file, or the subject of an attached message.
fn attachment_name(part: &MessagePart<'_>) -> String {
    let subject = || part.message().and_then(|message| message.subject());
    let name = part.attachment_name().or_else(subject).map(one_line).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "attachment".into()).chars().take(MAX_NAME).collect()
}

/// The text of a message: as plain text if it has that, else what is seen of its web page.
fn push_body(message: &Message<'_>, flow: &mut Flow, limit: u64) -> Result<(), ExtractError> {
    let has_plain_text = message.text_bodies().any(|part| match &part.body {
        PartType::Text(text) => !text.trim().is_empty(),
        _ => false,
    });
    let bodies: Vec<_> =
        if has_plain_text { message.text_bodies().collect() } else { message.html_bodies().collect() };
    for part in bodies {
        let text = match &part.body {
            PartType::Text(text) => undeclared(message, part).unwrap_or_else(|| text.to_string()),
            PartType::Html(page) => html::text_of(page, limit)?.0,
            _ => continue,
        };
        flow.break_block();
        flow.push(text.trim_end())?;
    }
    Ok(())
}

/// The text of a part that does not say in which encoding it is, and is not in UTF-8.
fn undeclared(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let declared = part.content_type().and_then(|kind| kind.attribute("charset"));
    if declared.is_some() || part.encoding != Encoding::None {
        return None;
    }
    let range = part.raw_body_offset() as usize..part.raw_end_offset() as usize;
    let bytes = message.raw_message().get(range).filter(|bytes| std::str::from_utf8(bytes).is_err())?;
    encoding::decode(bytes).map(|(text, _)| text)
}

fn addresses(list: &Address<'_>) -> String {
    let shown =
        list.iter().filter_map(|address| match (address.name.as_deref(), address.address.as_deref()) {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            (name, address) => name.or(address).map(str::to_owned),
        });
    one_line(&shown.collect::<Vec<_>>().join(", "))
}

/// A date as it was on the clock of the sender.
fn shown(date: &DateTime) -> String {
    date.to_rfc3339().replace('T', " ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::readers::office::testing::read;

    fn message(text: &str) -> Content {
        read(&EmailReader, text.replace('\n', "\r\n").into_bytes()).unwrap()
    }

    #[test]
    fn a_message_is_its_header_and_its_text() {
        let content = message(
            "Received: from x\nFrom: =?utf-8?q?J=C3=B6rg?= <j@example.org>\nTo: a@example.org,\n B <b@example.org>\n\
            Cc: Team: c@example.org;\nDate: Fri, 02 Feb 2024 10:11:12 +0100\nSubject: Hi\n there\n\n\
            Hello,\n\nyours\n",
        );
        let expected = "From: J\u{f6}rg <j@example.org>\nTo: a@example.org, B <b@example.org>\nCc: c@example.org\n\
            Date: 2024-02-02 10:11:12+01:00\nSubject: Hi there\n\nHello,\r\n\r\nyours";
        assert_eq!(content.pages[0].text, expected);
        let metadata = content.metadata;
        assert_eq!(metadata.title.as_deref(), Some("Hi there"));
        assert_eq!(metadata.author.as_deref(), Some("J\u{f6}rg <j@example.org>"));
        assert_eq!(metadata.created.as_deref(), Some("2024-02-02T10:11:12+01:00"));
    }

    const MIXED: &str = "From: a@example.org\nSubject: Files\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=out\n\n\
        --out\nContent-Type: multipart/alternative; boundary=in\n\n\
        --in\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nplain =FC\n\
        --in\nContent-Type: text/html\n\n<p>page</p>\n--in--\n\
        --out\nContent-Type: application/pdf\nContent-Disposition: attachment;\n filename*=utf-8''b%C3%BCro.pdf\n\
        Content-Transfer-Encoding: base64\n\nJVBERi0=\n\
        --out\nContent-Type: message/rfc822\n\nFrom: b@example.org\nSubject: Inner\n\ninner text\n--out--\n";

    #[test]
    fn plain_text_is_preferred_and_attachments_are_named() {
        let content = message(MIXED);
        let expected =
            "From: a@example.org\nSubject: Files\n\nplain \u{fc}\n\nAttachments: b\u{fc}ro.pdf, Inner";
        assert_eq!(content.pages[0].text, expected);
        assert_eq!(content.metadata.attachments, ["b\u{fc}ro.pdf", "Inner"]);
    }

    #[test]
    fn a_message_that_is_a_web_page_is_read_as_one() {
        let page = "From: a@example.org\nContent-Type: text/html\n\n<p>one<p>two<script>three</script>";
        assert_eq!(message(page).pages[0].text, "From: a@example.org\n\none\n\ntwo");
    }

    #[test]
    fn text_without_a_declared_encoding_is_guessed() {
        let mut bytes =
            b"From: a@example.org\r\nSubject: x\r\n\r\nGr\xfc\xdfe aus K\xf6ln, sch\xf6n war es.".to_vec();
        let content = read(&EmailReader, bytes.clone()).unwrap();
        assert!(content.pages[0].text.contains("Gr\u{fc}\u{df}e aus K\u{f6}ln"));
        bytes.clear();
        assert!(matches!(read(&EmailReader, bytes), Err(ExtractError::Corrupt)));
    }

    #[test]
    fn parts_within_parts_end() {
        let mut nested = String::from("From: a@example.org\n");
        for depth in 0..5000 {
            nested.push_str(&format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"));
        }
        nested.push_str("\ndeep text\n");
        assert!(message(&nested).pages[0].text.contains("From: a@example.org"));
        let messages = "Content-Type: message/rfc822\n\n".repeat(5000);
        assert!(message(&format!("From: a@example.org\n{messages}")).pages[0].text.contains("From:"));
    }

    proptest! {
        #[test]
        fn a_message_may_end_anywhere(len in 1..MIXED.len()) {
            if let Ok(content) = read(&EmailReader, MIXED.as_bytes()[..len].to_vec()) {
                prop_assert_eq!(content.pages.len(), 1);
            }
        }
    }
}
