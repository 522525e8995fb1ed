//! Opening PDF files.

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf, PdfData};

use crate::{error::ExtractError, options::Password};

/// Opens a PDF document with the password, or without one if it needs none.
///
/// # Errors
///
/// [`ExtractError::Encrypted`] or [`ExtractError::Corrupt`].
pub(crate) fn open(bytes: Vec<u8>, password: Option<&Password>) -> Result<Pdf, ExtractError> {
    let data = PdfData::from(bytes);
    if let Some(password) = password
        && let Ok(pdf) = Pdf::new_with_password(data.clone(), password.expose())
    {
        return Ok(pdf);
    }
    Pdf::new(data).map_err(|error| match error {
        // Certificates and handlers of other makers: as locked as by a password.
        LoadPdfError::Decryption(
            DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm,
        ) => ExtractError::Encrypted,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => ExtractError::Corrupt,
    })
}
