//! How large an upload may be.

use super::super::{Alias, Reader, Section, Variable};

/// The largest file accepted. Both services refuse larger ones: the gateway by what a request
/// announces, the processor by what arrives.
#[derive(Debug, Clone, Copy)]
pub struct UploadLimit;

impl UploadLimit {
    const MAX_UPLOAD_SIZE: Variable =
        Variable::new("MAX_UPLOAD_SIZE", "The largest file accepted, in bytes.")
            .default("104857600")
            .aliases(&[Alias::mebibytes("MAX_FILE_SIZE_MB"), Alias::kibibytes("MAX_FILE_SIZE_KB")]);

    /// The section for `--help`.
    pub const SECTION: Section<'static> = Section { title: "Uploads", variables: &[Self::MAX_UPLOAD_SIZE] };

    /// Reads the limit, in bytes.
    pub fn read(reader: &mut Reader<'_>) -> u64 {
        reader.bytes(&Self::MAX_UPLOAD_SIZE, 1..=i64::MAX.cast_unsigned())
    }
}
