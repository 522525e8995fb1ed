//! Where clamd listens.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where clamd listens: `host:port` or `tcp://host:port`; or the absolute path of a socket, also with
/// `unix:` before it. An IPv6 address stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// A host and a port.
    Tcp(String),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// It is neither a host with a port nor an absolute path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not host:port and not the absolute path of a socket")]
pub struct AddressError;

impl FromStr for ClamdAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let path = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")).unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Unix(path.into()));
        }
        let address = text.strip_prefix("tcp://").unwrap_or(text);
        let (host, port) = address.rsplit_once(':').ok_or(AddressError)?;
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        let is_host =
            !host.is_empty() && !host.contains(['/', ' ', '@']) && (is_bracketed || !host.contains(':'));
        match port.parse::<u16>() {
            Ok(1..) if is_host => Ok(Self::Tcp(address.to_owned())),
            _ => Err(AddressError),
        }
    }
}

impl fmt::Display for ClamdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_paths_are_told_apart() {
        for (text, address) in [
            ("clamav:3310", ClamdAddress::Tcp("clamav:3310".into())),
            ("tcp://10.0.0.5:3310", ClamdAddress::Tcp("10.0.0.5:3310".into())),
            ("[::1]:3310", ClamdAddress::Tcp("[::1]:3310".into())),
            ("/run/clamav/clamd.ctl", ClamdAddress::Unix("/run/clamav/clamd.ctl".into())),
            ("unix:/run/clamd.sock", ClamdAddress::Unix("/run/clamd.sock".into())),
            ("unix:///run/clamd.sock", ClamdAddress::Unix("/run/clamd.sock".into())),
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
        }
        for text in
            ["", "clamav", "clamav:", ":3310", "clamav:0", "clamav:70000", "::1:3310", "http://clamav:3310"]
        {
            assert_eq!(text.parse::<ClamdAddress>(), Err(AddressError), "{text:?}");
        }
    }
}
