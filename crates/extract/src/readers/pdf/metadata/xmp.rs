//! What the XMP packet of a document says (ISO 32000-2, 14.3.2; ISO 16684-1).

use hayro::hayro_syntax::object::{Dict, Stream};
use quick_xml::{Reader, events::Event};

use super::{clean, date};
use crate::{
    document::Metadata,
    readers::pdf::budget::{Stop, unpacked},
};

/// Bytes of a packet that are read. Most have a few thousand.
const MAX_SIZE: usize = 1 << 20;

/// Characters of one entry that are read.
const MAX_TEXT: usize = 10_000;

/// The entries of the packet that a catalog refers to.
///
/// # Errors
///
/// [`Stop::Unpacked`] if it unpacks to too much.
pub(super) fn of(catalog: &Dict<'_>) -> Result<Metadata, Stop> {
    let Some(stream) = catalog.get::<Stream<'_>>("Metadata") else { return Ok(Metadata::default()) };
    let packet = unpacked(&stream)?.unwrap_or_default();
    Ok(parse(&String::from_utf8_lossy(&packet[..packet.len().min(MAX_SIZE)])))
}

/// Reads entries until the packet ends or is damaged. They are elements with a text, which may stand
/// in a list, or attributes.
fn parse(packet: &str) -> Metadata {
    let mut metadata = Metadata::default();
    let mut reader = Reader::from_str(packet);
    let mut entry: Option<(String, String)> = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes().flatten() {
                    let name: &str = attribute.key.as_ref();
                    set(&mut metadata, name, &unescaped(&attribute.value));
                }
                let name: &str = element.name().into_inner();
                if is_entry(name) {
                    entry = Some((name.to_owned(), String::new()));
                }
            }
            Event::End(element) => {
                let name: &str = element.name().into_inner();
                if let Some((_, text)) = entry.take_if(|(open, _)| open == name) {
                    set(&mut metadata, name, &text);
                } else if let Some((_, text)) = &mut entry {
                    // What ends within an entry is an item of a list.
                    text.push(' ');
                }
            }
            Event::Text(text) => {
                if let Some((_, entry)) = &mut entry
                    && entry.len() < MAX_TEXT
                {
                    entry.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some((_, entry)) = &mut entry
                    && entry.len() < MAX_TEXT
                {
                    entry.push_str(&unescaped(&format!("&{};", &*reference)));
                }
            }
            _ => {}
        }
    }
    metadata
}

/// A text whose references are the characters they stand for; as it is if one is unknown.
fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

fn is_entry(name: &str) -> bool {
    let mut probe = Metadata::default();
    target(&mut probe, name).is_some()
}

/// Where an entry belongs.
fn target<'m>(metadata: &'m mut Metadata, name: &str) -> Option<&'m mut Option<String>> {
    Some(match name {
        "dc:title" => &mut metadata.title,
        "dc:creator" => &mut metadata.author,
        "dc:description" => &mut metadata.subject,
        "pdf:Keywords" => &mut metadata.keywords,
        "pdf:Producer" => &mut metadata.producer,
        "xmp:CreatorTool" | "xap:CreatorTool" => &mut metadata.creator,
        "xmp:CreateDate" | "xap:CreateDate" => &mut metadata.created,
        "xmp:ModifyDate" | "xap:ModifyDate" => &mut metadata.modified,
        _ => return None,
    })
}

/// Sets an entry that is not there yet.
fn set(metadata: &mut Metadata, name: &str, text: &str) {
    let value = if name.ends_with("Date") { date::rfc3339(text) } else { clean(text) };
    if let Some(target @ None) = target(metadata, name) {
        *target = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_elements_lists_or_attributes() {
        let metadata = parse(
            "<rdf:RDF><rdf:Description xmp:CreateDate=\"2024-02-29T14:30:55+02:00\" \
             pdf:Producer=\"A &amp; B\"><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Notes &lt;1&gt;\
             </rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>\
             <pdf:Keywords>one, two</pdf:Keywords></rdf:Description></rdf:RDF>",
        );
        assert_eq!(metadata.title.as_deref(), Some("Notes <1>"));
        assert_eq!(metadata.author.as_deref(), Some("Ada"));
        assert_eq!(metadata.keywords.as_deref(), Some("one, two"));
        assert_eq!(metadata.producer.as_deref(), Some("A & B"));
        assert_eq!(metadata.created.as_deref(), Some("2024-02-29T14:30:55+02:00"));
    }

    #[test]
    fn a_damaged_packet_is_read_as_far_as_it_goes() {
        assert_eq!(parse("<dc:title>Notes</dc:title><dc:creator").title.as_deref(), Some("Notes"));
        assert_eq!(parse("no packet"), Metadata::default());
    }
}
