//! What sounds and films say about themselves.

use quire_extract::{ExtractError, document::Metadata, options::ReadOptions};

use crate::support::{fixture, fixtures_in, read, reader, small_limits};

async fn metadata(name: &str) -> Metadata {
    let document = read(&format!("media/{name}")).await.unwrap();
    assert!(document.pages.is_empty());
    document.metadata
}

#[tokio::test]
async fn sounds_tell_container_codec_and_length() {
    for (name, container, codec) in [
        ("tone.aac", "adts", "aac"),
        ("tone.flac", "flac", "flac"),
        ("tone.m4a", "mp4", "aac"),
        ("tone.mp3", "mp3", "mp3"),
        ("tone.ogg", "ogg", "vorbis"),
        ("tone.opus", "ogg", "opus"),
    ] {
        let metadata = metadata(name).await;
        assert_eq!(metadata.container.as_deref(), Some(container), "{name}");
        assert_eq!(metadata.codecs, [codec], "{name}");
        let seconds = metadata.duration.unwrap();
        assert!((seconds - 2.0).abs() < 0.15, "{name}: {seconds}");
        let bits = std::fs::metadata(fixture(&format!("media/{name}"))).unwrap().len() as f64 * 8.0;
        assert!((metadata.bit_rate.unwrap() as f64 - bits / seconds).abs() < 1.0, "{name}");
        assert_eq!((metadata.width, metadata.height), (None, None), "{name}");
    }
}

#[tokio::test]
async fn a_recording_is_as_long_as_its_samples() {
    let metadata = metadata("pluck-pcm16.wav").await;
    assert_eq!(metadata.container.as_deref(), Some("wav"));
    assert_eq!(metadata.codecs, ["pcm_s16le"]);
    // 3307 frames at 11025 Hz.
    assert!((metadata.duration.unwrap() - 3307.0 / 11025.0).abs() < 1e-6, "{metadata:?}");
}

#[tokio::test]
async fn tags_tell_title_and_author() {
    let metadata = metadata("tone.mp3").await;
    assert_eq!(metadata.title.as_deref(), Some("Two seconds"));
    assert_eq!(metadata.author.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn films_tell_their_size_and_codecs() {
    for (name, container, codecs) in [
        ("film.avi", "avi", ["mpeg4", "mp3"]),
        ("film.mkv", "matroska", ["h264", "mp3"]),
        ("film.mov", "mov", ["h264", "aac"]),
        ("film.mp4", "mp4", ["h264", "aac"]),
        ("film.webm", "webm", ["vp9", "opus"]),
    ] {
        let metadata = metadata(name).await;
        assert_eq!(metadata.container.as_deref(), Some(container), "{name}");
        assert_eq!(metadata.codecs, codecs, "{name}");
        assert_eq!((metadata.width, metadata.height), (Some(160), Some(90)), "{name}");
        let seconds = metadata.duration.unwrap();
        assert!((seconds - 2.0).abs() < 0.15, "{name}: {seconds}");
    }
}

#[tokio::test]
async fn a_film_that_is_turned_is_measured_as_it_is_shown() {
    let metadata = metadata("film-turned.mp4").await;
    assert_eq!((metadata.width, metadata.height), (Some(90), Some(160)));
    assert_eq!(metadata.codecs, ["h264"]);
}

#[tokio::test]
async fn a_file_that_is_cut_off_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let reader = reader(small_limits());
    for path in fixtures_in("media") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for part in [1, 3, 7] {
            let cut = folder.path().join(name);
            std::fs::write(&cut, &whole[..whole.len() * part / 8]).unwrap();
            let result = reader.read(&cut, &ReadOptions::of_file(name)).await;
            let is_verdict =
                matches!(result, Ok(_) | Err(ExtractError::Corrupt | ExtractError::Unsupported { .. }));
            assert!(is_verdict, "{part}/8 of {name}: {result:?}");
        }
    }
}
