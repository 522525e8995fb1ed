//! Connection URLs that name a Unix socket.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `postgres://role@socket-directory/database`, the directory percent-encoded in the
/// place of the host, which libpq and `tokio-postgres` both read as a socket.
pub(super) fn of(role: &str, socket_dir: &Path, database: &str) -> String {
    let host = percent_encoded(socket_dir.as_os_str().as_bytes());
    let database = percent_encoded(database.as_bytes());
    format!("postgres://{role}@{host}/{database}")
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_plain_characters_is_encoded() {
        let url = of("quire", Path::new("/tmp/a b:c@d/s"), "x/ü?");
        assert_eq!(url, "postgres://quire@%2Ftmp%2Fa%20b%3Ac%40d%2Fs/x%2F%C3%BC%3F");
    }
}
