//! The one home of randomness: secrets come from the operating system and from nowhere else.

use crate::Error;

/// `N` random bytes from the operating system.
///
/// # Errors
/// When the system has no entropy to give, which no supported system does after boot.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = [0_u8; N];
    #[expect(clippy::disallowed_methods, reason = "this module is the home that the rule names")]
    getrandom::fill(&mut out)
        .map_err(|e| Error::internal("the system gave no random bytes").with_source(e))?;
    Ok(out)
}

/// A fraction in `0.0..1.0`, for jitter; not for secrets.
///
/// # Errors
/// As [`bytes()`].
pub fn fraction() -> Result<f64, Error> {
    let word = u32::from_le_bytes(bytes::<4>()?);
    Ok(f64::from(word) / (f64::from(u32::MAX) + 1.0))
}
