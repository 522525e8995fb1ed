//! Whether documents are scanned for viruses, and by whom.

use std::{sync::Arc, time::Duration};

use quire_backends::scanner::clamd::{Clamd, ClamdAddress};
use quire_domain::ports::scanner::SharedScanner;
use quire_web::config::{Reader, Section, Variable};

const SCANNER: Variable = Variable::new(
    "SCANNER",
    "Who scans documents for viruses before they are read or given out: none, or clamd (ClamAV).",
)
.default("none");
const CLAMD_ADDRESS: Variable = Variable::new(
    "CLAMD_ADDRESS",
    "Where clamd listens, with SCANNER=clamd: host:port, or the path of its socket.",
)
.example("/run/clamav/clamd.ctl");
const CLAMD_TIMEOUT: Variable =
    Variable::new("CLAMD_TIMEOUT", "Seconds that sending a document to clamd and its answer may take.")
        .default("300");

pub(super) const SECTION: Section<'static> =
    Section { title: "Virus scan", variables: &[SCANNER, CLAMD_ADDRESS, CLAMD_TIMEOUT] };

/// Who scans documents for viruses. Every process of an installation wants the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanningConfig {
    /// Nobody.
    None,
    /// clamd.
    Clamd {
        /// Where it listens.
        address: ClamdAddress,
        /// How long one scan may take.
        time_limit: Duration,
    },
}

impl ScanningConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let is_clamd = reader.choice(&SCANNER, &[("none", false), ("clamd", true)], false);
        let time_limit = reader.seconds(&CLAMD_TIMEOUT, 1..=24 * 60 * 60);
        if !is_clamd {
            // Who names a scanner wants it: documents are not left unscanned by an oversight.
            if reader.is_set(&CLAMD_ADDRESS) && !reader.is_set(&SCANNER) {
                reader.fail("CLAMD_ADDRESS is set and SCANNER is not: set SCANNER=clamd, or SCANNER=none");
            }
            return Self::None;
        }
        let must = "be host:port or the absolute path of a socket";
        let stand_in = ClamdAddress::Tcp(String::new());
        let address = reader.required(&CLAMD_ADDRESS, must, stand_in, |text| text.parse().ok());
        Self::Clamd { address, time_limit }
    }

    /// The scanner, if there is one.
    pub fn scanner(&self) -> Option<SharedScanner> {
        match self {
            Self::None => None,
            Self::Clamd { address, time_limit } => Some(Arc::new(Clamd::new(address.clone(), *time_limit))),
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_web::config::Environment;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ScanningConfig, Vec<String>> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let mut reader = Reader::new(&environment);
        let config = ScanningConfig::read(&mut reader);
        reader.finish().map(|()| config).map_err(|errors| errors.0)
    }

    #[test]
    fn a_scanner_is_wanted_with_an_address_or_not_at_all() {
        assert_eq!(read(&[]), Ok(ScanningConfig::None));
        let pairs = [("SCANNER", "clamd"), ("CLAMD_ADDRESS", "clamav:3310"), ("CLAMD_TIMEOUT", "60")];
        let address = ClamdAddress::Tcp("clamav:3310".into());
        assert_eq!(read(&pairs), Ok(ScanningConfig::Clamd { address, time_limit: Duration::from_secs(60) }));
        assert_eq!(read(&[("SCANNER", "none"), ("CLAMD_ADDRESS", "clamav:3310")]), Ok(ScanningConfig::None));
        for (pairs, error) in [
            (&[("SCANNER", "clamd")][..], "CLAMD_ADDRESS must be set, for example `/run/clamav/clamd.ctl`"),
            (
                &[("CLAMD_ADDRESS", "clamav:3310")],
                "CLAMD_ADDRESS is set and SCANNER is not: set SCANNER=clamd, or SCANNER=none",
            ),
            (
                &[("SCANNER", "clamd"), ("CLAMD_ADDRESS", "clamav")],
                "CLAMD_ADDRESS must be host:port or the absolute path of a socket, not `clamav`",
            ),
            (&[("SCANNER", "norton")], "SCANNER must be one of none, clamd, not `norton`"),
        ] {
            assert_eq!(read(pairs), Err(vec![error.to_owned()]));
        }
    }
}
