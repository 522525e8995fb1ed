//! The headers of an AVI file (Microsoft, "AVI RIFF File Reference").

use crate::{document::Metadata, error::ExtractError};

/// Chunks that are looked at in all.
const MAX_CHUNKS: usize = 1024;

/// Streams whose codecs are told.
const MAX_STREAMS: usize = 64;

/// What the list `hdrl` says: its chunk `avih` of the film, its lists `strl` of the streams.
pub(super) fn metadata(file: &[u8]) -> Result<Metadata, ExtractError> {
    let form = file.get(12..).ok_or(ExtractError::Corrupt)?;
    let headers = list(form, b"hdrl").ok_or(ExtractError::Corrupt)?;
    let film = chunks(headers).find(|(name, _)| name == b"avih").ok_or(ExtractError::Corrupt)?.1;
    let microseconds_per_frame = number(film, 0).unwrap_or(0);
    let frames = number(film, 16).unwrap_or(0);
    let mut metadata = Metadata {
        container: Some("avi".into()),
        duration: Some(f64::from(microseconds_per_frame) * f64::from(frames) / 1e6),
        width: number(film, 32),
        height: number(film, 36),
        ..Metadata::default()
    };
    let streams = chunks(headers).filter(|(name, content)| name == b"LIST" && content.starts_with(b"strl"));
    for (_, stream) in streams.take(MAX_STREAMS) {
        let Some(codec) = codec(&stream[4..]) else { continue };
        if !metadata.codecs.iter().any(|known| known == codec) {
            metadata.codecs.push(codec.to_owned());
        }
    }
    Ok(metadata)
}

/// The content of a list of a kind.
fn list<'a>(parent: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    chunks(parent)
        .find(|(name, content)| name == b"LIST" && content.starts_with(kind))
        .and_then(|(_, content)| content.get(4..))
}

/// The chunks of a list: their names and contents. One that is cut off ends the list.
fn chunks(list: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let name = *rest.first_chunk()?;
        let size = usize::try_from(number(rest, 4)?).ok()?;
        let content = rest.get(8..)?;
        let content = &content[..size.min(content.len())];
        // Chunks begin at even places.
        rest = rest.get(size.checked_add(8 + size % 2)?..).unwrap_or_default();
        Some((name, content))
    })
    .take(MAX_CHUNKS)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The codec of a stream, by its header `strh` and format `strf`.
fn codec(stream: &[u8]) -> Option<&'static str> {
    let chunk = |name: &[u8; 4]| chunks(stream).find(|(found, _)| found == name).map(|(_, content)| content);
    let format = chunk(b"strf")?;
    match chunk(b"strh")?.get(..4)? {
        b"vids" => Some(video_codec(format.get(16..20)?)),
        b"auds" => Some(audio_codec(u16::from_le_bytes(*format.first_chunk()?))),
        _ => None,
    }
}

/// By `biCompression` of the format, a four-character code.
fn video_codec(code: &[u8]) -> &'static str {
    match code.to_ascii_uppercase().as_slice() {
        b"H264" | b"X264" | b"AVC1" => "h264",
        b"HEVC" | b"H265" => "hevc",
        b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" => "mpeg4",
        b"DIV3" | b"MP43" => "msmpeg4v3",
        b"MJPG" => "mjpeg",
        b"MPG1" => "mpeg1",
        b"MPG2" => "mpeg2",
        b"VP80" => "vp8",
        b"VP90" => "vp9",
        b"AV01" => "av1",
        [0, 0, 0, 0] => "raw",
        _ => "unknown",
    }
}

/// By `wFormatTag` of the format.
fn audio_codec(tag: u16) -> &'static str {
    match tag {
        0x0001 | 0x0003 => "pcm",
        0x0002 | 0x0011 => "adpcm",
        0x0006 => "pcm_alaw",
        0x0007 => "pcm_mulaw",
        0x0050 => "mp2",
        0x0055 => "mp3",
        0x00ff | 0x1610 => "aac",
        0x0161 => "wma",
        0x2000 => "ac3",
        0x2001 => "dts",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut bytes = [name.as_slice(), &(content.len() as u32).to_le_bytes(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    }

    fn list_of(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        chunk(b"LIST", &[kind, content].concat())
    }

    fn film() -> Vec<u8> {
        let numbers = [40_000u32, 0, 0, 0, 50, 0, 2, 0, 320, 240];
        let header: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let video = [chunk(b"strh", b"vids"), chunk(b"strf", &[&[0; 16][..], b"xvid"].concat())].concat();
        let audio = [chunk(b"strh", b"auds"), chunk(b"strf", &[0x55, 0])].concat();
        let streams = [list_of(b"strl", &video), list_of(b"strl", &audio)].concat();
        let headers = list_of(b"hdrl", &[chunk(b"avih", &header), streams].concat());
        [b"RIFF\0\0\0\0AVI ".as_slice(), &headers].concat()
    }

    #[test]
    fn headers_are_told() {
        let metadata = metadata(&film()).unwrap();
        assert_eq!(metadata.duration, Some(2.0));
        assert_eq!((metadata.width, metadata.height), (Some(320), Some(240)));
        assert_eq!(metadata.codecs, ["mpeg4", "mp3"]);
    }

    #[test]
    fn any_cut_is_survived() {
        let film = film();
        for end in 0..film.len() {
            if let Ok(metadata) = metadata(&film[..end]) {
                assert_eq!(metadata.container.as_deref(), Some("avi"));
            }
        }
        assert!(matches!(metadata(&film[..30]), Err(ExtractError::Corrupt)));
    }
}
