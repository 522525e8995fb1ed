//! Sound and film: what their containers say. Nothing is decoded, and there are no pages.

mod avi;
mod mp4;

use std::io::Cursor;

use symphonia::{
    core::{
        codecs::{
            CodecParameters,
            audio::{AudioCodecId, well_known as audio},
            video::{VideoCodecId, well_known as video},
        },
        common::Limit,
        formats::{
            FormatId, FormatOptions, FormatReader, Track,
            probe::Hint,
            well_known::{
                FORMAT_ID_ADTS, FORMAT_ID_FLAC, FORMAT_ID_ISOMP4, FORMAT_ID_MKV, FORMAT_ID_MP1,
                FORMAT_ID_MP2, FORMAT_ID_MP3, FORMAT_ID_OGG, FORMAT_ID_WAVE,
            },
        },
        io::MediaSourceStream,
        meta::{MetadataOptions, StandardTag},
        units::{Duration, TimeBase},
    },
    default::get_probe,
};

use crate::{
    document::Metadata,
    error::ExtractError,
    reader::{Content, Reader, Source},
};

/// Tracks whose codecs are told.
const MAX_TRACKS: usize = 64;

/// Bytes of a tag, such as a title.
const MAX_TAG: usize = 64 << 10;

const AVI: &str = "video/x-msvideo";
const QUICKTIME: &str = "video/quicktime";
const WEBM: &str = "video/webm";

/// Reads what sounds and films say about themselves.
pub(crate) struct MediaReader;

impl Reader for MediaReader {
    fn media_types(&self) -> &'static [&'static str] {
        &[
            "audio/aac",
            "audio/flac",
            "audio/matroska",
            "audio/mp4",
            "audio/mpeg",
            "audio/ogg",
            "audio/opus",
            "audio/vnd.wave",
            "audio/x-m4a",
            "application/mp4",
            "application/ogg",
            "video/3gpp",
            "video/3gpp2",
            "video/matroska",
            "video/mp4",
            "video/ogg",
            QUICKTIME,
            WEBM,
            "video/x-m4v",
            AVI,
        ]
    }

    fn read(&self, source: Source<'_>) -> Result<Content, ExtractError> {
        let Source { bytes, media_type, .. } = source;
        let size = bytes.len();
        let mut metadata =
            if media_type == AVI { avi::metadata(&bytes)? } else { metadata(bytes, media_type)? };
        metadata.duration = metadata.duration.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
        metadata.bit_rate = metadata.duration.map(|seconds| (size as f64 * 8.0 / seconds).round() as u64);
        Ok(Content { metadata, ..Content::default() })
    }
}

fn metadata(bytes: Vec<u8>, media_type: &str) -> Result<Metadata, ExtractError> {
    let shown = mp4::shown_size(&bytes);
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let tags = MetadataOptions::default()
        .limit_tag_bytes(Limit::Maximum(MAX_TAG))
        .limit_visual_bytes(Limit::Maximum(0));
    let mut reader = get_probe()
        .probe(Hint::new().mime_type(media_type), stream, FormatOptions::default(), tags)
        .map_err(|_| ExtractError::Corrupt)?;
    let mut metadata = Metadata {
        container: Some(container(reader.format_info().format, media_type).into()),
        duration: duration(reader.as_ref()),
        ..Metadata::default()
    };
    for track in reader.tracks().iter().take(MAX_TRACKS) {
        tell_track(track, &mut metadata);
    }
    if let Some((width, height)) = shown {
        (metadata.width, metadata.height) = (Some(width), Some(height));
    }
    tell_tags(reader.as_mut(), &mut metadata);
    Ok(metadata)
}

/// The length of the whole, else of its longest track, in seconds.
fn duration(reader: &dyn FormatReader) -> Option<f64> {
    let seconds = |base: Option<TimeBase>, duration: Option<Duration>| {
        base.zip(duration)
            .and_then(|(base, duration)| base.calc_duration(duration))
            .map(|time| time.as_secs_f64())
    };
    let info = reader.media_info();
    let tracks = reader.tracks().iter().filter_map(|track| seconds(track.time_base, track.duration));
    seconds(info.time_base, info.duration).or_else(|| tracks.max_by(f64::total_cmp))
}

fn tell_track(track: &Track, metadata: &mut Metadata) {
    let codec = match &track.codec_params {
        Some(CodecParameters::Audio(parameters)) => audio_codec(parameters.codec),
        Some(CodecParameters::Video(parameters)) => {
            if metadata.width.is_none() {
                metadata.width = parameters.width.map(u32::from);
                metadata.height = parameters.height.map(u32::from);
            }
            video_codec(parameters.codec)
        }
        _ => return,
    };
    if !metadata.codecs.iter().any(|known| known == codec) {
        metadata.codecs.push(codec.to_owned());
    }
}

fn tell_tags(reader: &mut dyn FormatReader, metadata: &mut Metadata) {
    let mut log = reader.metadata();
    let Some(revision) = log.skip_to_latest() else { return };
    for tag in revision.media.tags.iter().filter_map(|tag| tag.std.as_ref()) {
        match tag {
            StandardTag::TrackTitle(title) => metadata.title = Some(title.to_string()),
            StandardTag::Artist(artist) => metadata.author = Some(artist.to_string()),
            _ => {}
        }
    }
}

fn container(format: FormatId, media_type: &str) -> &'static str {
    match format {
        FORMAT_ID_WAVE => "wav",
        FORMAT_ID_MP1 | FORMAT_ID_MP2 | FORMAT_ID_MP3 => "mp3",
        FORMAT_ID_ADTS => "adts",
        FORMAT_ID_FLAC => "flac",
        FORMAT_ID_OGG => "ogg",
        FORMAT_ID_MKV if media_type == WEBM => "webm",
        FORMAT_ID_MKV => "matroska",
        FORMAT_ID_ISOMP4 if media_type == QUICKTIME => "mov",
        FORMAT_ID_ISOMP4 => "mp4",
        _ => "unknown",
    }
}

fn audio_codec(codec: AudioCodecId) -> &'static str {
    match codec {
        audio::CODEC_ID_AAC => "aac",
        audio::CODEC_ID_AC3 => "ac3",
        audio::CODEC_ID_EAC3 => "eac3",
        audio::CODEC_ID_ALAC => "alac",
        audio::CODEC_ID_DCA => "dts",
        audio::CODEC_ID_FLAC => "flac",
        audio::CODEC_ID_MP1 => "mp1",
        audio::CODEC_ID_MP2 => "mp2",
        audio::CODEC_ID_MP3 => "mp3",
        audio::CODEC_ID_OPUS => "opus",
        audio::CODEC_ID_SPEEX => "speex",
        audio::CODEC_ID_VORBIS => "vorbis",
        audio::CODEC_ID_PCM_ALAW => "pcm_alaw",
        audio::CODEC_ID_PCM_MULAW => "pcm_mulaw",
        audio::CODEC_ID_PCM_U8 => "pcm_u8",
        audio::CODEC_ID_PCM_S16LE => "pcm_s16le",
        audio::CODEC_ID_PCM_S16BE => "pcm_s16be",
        audio::CODEC_ID_PCM_S24LE => "pcm_s24le",
        audio::CODEC_ID_PCM_S32LE => "pcm_s32le",
        audio::CODEC_ID_PCM_F32LE => "pcm_f32le",
        audio::CODEC_ID_PCM_F64LE => "pcm_f64le",
        _ => "unknown",
    }
}

fn video_codec(codec: VideoCodecId) -> &'static str {
    match codec {
        video::CODEC_ID_AV1 => "av1",
        video::CODEC_ID_H263 => "h263",
        video::CODEC_ID_H264 => "h264",
        video::CODEC_ID_HEVC => "hevc",
        video::CODEC_ID_MJPEG => "mjpeg",
        video::CODEC_ID_MPEG1 => "mpeg1",
        video::CODEC_ID_MPEG2 => "mpeg2",
        video::CODEC_ID_MPEG4 => "mpeg4",
        video::CODEC_ID_THEORA => "theora",
        video::CODEC_ID_VC1 => "vc1",
        video::CODEC_ID_VP8 => "vp8",
        video::CODEC_ID_VP9 => "vp9",
        video::CODEC_ID_VVC => "vvc",
        _ => "unknown",
    }
}
