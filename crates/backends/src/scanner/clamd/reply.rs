//! What clamd answers.

use std::io;

use quire_domain::ports::scanner::{ScanError, Verdict};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest answer that is read, in bytes.
const LIMIT: u64 = 4 * 1024;

/// The longest name of what was found that is kept, in characters.
const SIGNATURE_LIMIT: usize = 200;

/// What clamd reports as found, with `AlertExceedsMax`, when it has not scanned all of a file; the name
/// of the limit follows.
const EXCEEDED: &str = "Heuristics.Limits.Exceeded";

/// An answer, which ends with a NUL.
pub(super) async fn read(reader: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut reader = reader.take(LIMIT);
    let mut answer = Vec::new();
    loop {
        if reader.read_buf(&mut answer).await? == 0 {
            let kind =
                if reader.limit() == 0 { io::ErrorKind::InvalidData } else { io::ErrorKind::UnexpectedEof };
            return Err(kind.into());
        }
        if let Some(end) = answer.iter().position(|byte| *byte == 0) {
            answer.truncate(end);
            return String::from_utf8(answer).map_err(|_| io::ErrorKind::InvalidData.into());
        }
    }
}

/// The answer to all bytes of a file.
pub(super) fn verdict(answer: &str) -> Result<Verdict, ScanError> {
    match answer {
        "stream: OK" => Ok(Verdict::Clean),
        answer => before_the_end(answer),
    }
}

/// An answer that came before clamd had all bytes: whatever it says, they are not clean.
pub(super) fn before_the_end(answer: &str) -> Result<Verdict, ScanError> {
    let found = answer.strip_prefix("stream: ").and_then(|answer| answer.strip_suffix(" FOUND"));
    match found.map(printable) {
        Some(signature) => match signature.strip_prefix(EXCEEDED) {
            Some(limit) => Err(ScanError::LimitExceeded(limit.trim_start_matches('.').to_owned())),
            None => Ok(Verdict::Infected { signature }),
        },
        None if answer.starts_with("INSTREAM size limit exceeded") => Err(ScanError::TooLarge),
        None => Err(misunderstood(answer)),
    }
}

/// For an answer that is no verdict. It is told in the log.
pub(super) fn misunderstood(answer: &str) -> ScanError {
    let told = format!("clamd answered `{}`", printable(answer));
    ScanError::NoVerdict(io::Error::new(io::ErrorKind::InvalidData, told))
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~')).take(SIGNATURE_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infected(answer: &str) -> Option<String> {
        match verdict(answer) {
            Ok(Verdict::Infected { signature }) => Some(signature),
            _ => None,
        }
    }

    #[test]
    fn only_ok_after_all_bytes_is_clean() {
        assert!(matches!(verdict("stream: OK"), Ok(Verdict::Clean)));
        assert!(matches!(before_the_end("stream: OK"), Err(ScanError::NoVerdict(_))));
        for answer in
            ["", "OK", "stream: ok", "stream: OK ", "stream: OK\n", "stream:OK", "PONG", "UNKNOWN COMMAND"]
        {
            assert!(matches!(verdict(answer), Err(ScanError::NoVerdict(_))), "{answer:?}");
        }
    }

    #[test]
    fn what_was_found_is_named() {
        assert_eq!(infected("stream: Win.Test-1 FOUND").as_deref(), Some("Win.Test-1"));
        assert_eq!(infected("stream: a\u{1b}[31m\u{202e}b FOUND").as_deref(), Some("a[31mb"));
        assert_eq!(
            infected(&format!("stream: {} FOUND", "x".repeat(3000))).map(|name| name.len()),
            Some(200)
        );
    }

    #[test]
    fn limits_are_no_viruses() {
        assert!(matches!(verdict("INSTREAM size limit exceeded. ERROR"), Err(ScanError::TooLarge)));
        let limit = match verdict("stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND") {
            Err(ScanError::LimitExceeded(limit)) => limit,
            other => panic!("{other:?}"),
        };
        assert_eq!(limit, "MaxRecursion");
        let other = verdict("stream: Can't allocate memory ERROR").unwrap_err();
        assert!(matches!(other, ScanError::NoVerdict(_)), "{other:?}");
    }

    #[tokio::test]
    async fn answers_are_whole_and_short() {
        assert_eq!(read(b"stream: OK\0".as_slice()).await.unwrap(), "stream: OK");
        let kind = async |answer: &[u8]| read(answer).await.unwrap_err().kind();
        assert_eq!(kind(b"stream: OK").await, io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"").await, io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"\xff\xfe\0").await, io::ErrorKind::InvalidData);
        assert_eq!(kind(&vec![b'x'; 100_000]).await, io::ErrorKind::InvalidData);
    }
}
