//! How documents come in.

use std::time::Duration;

use quire_web::config::{Reader, Section, UploadLimit, Variable};

use crate::intake::policy::{TypePattern, TypePolicy};

const ALLOWED_MIME_TYPES: Variable = Variable::new(
    "ALLOWED_MIME_TYPES",
    "Media types that are taken in, by content, separated by commas; image/* for all images. All when unset.",
)
.example("application/pdf,image/*,text/plain");
const BLOCKED_MIME_TYPES: Variable = Variable::new(
    "BLOCKED_MIME_TYPES",
    "Media types that are refused, also if they are allowed. Programs under the name of a document always are.",
)
.example("video/*,application/zip");
const UPLOADS_PER_HOUR: Variable =
    Variable::new("UPLOADS_PER_HOUR", "Files that one user may send within an hour; 0 for any number.")
        .default("0");
const STORAGE_PER_USER: Variable = Variable::new(
    "STORAGE_PER_USER",
    "Bytes that the documents of one user may have together; 0 for any number.",
)
.default("0");
const UPLOAD_EXPIRY: Variable = Variable::new(
    "UPLOAD_EXPIRY",
    "Hours after which an upload in pieces is given up if nothing more comes.",
)
.default("24");

pub(super) const SECTION: Section<'static> = Section {
    title: "Intake",
    variables: &[ALLOWED_MIME_TYPES, BLOCKED_MIME_TYPES, UPLOADS_PER_HOUR, STORAGE_PER_USER, UPLOAD_EXPIRY],
};

/// How documents come in.
#[derive(Debug, Clone)]
pub struct IntakeConfig {
    /// The largest file accepted, in bytes.
    pub max_upload_size: u64,
    /// Which types of files are accepted.
    pub types: TypePolicy,
    /// What one user may send.
    pub limits: UploadLimits,
    /// How long an upload in pieces stays if nothing more comes.
    pub upload_expiry: Duration,
}

/// What one user may send.
#[derive(Debug, Clone, Copy, Default)]
pub struct UploadLimits {
    /// So many files in an hour.
    pub per_hour: Option<u64>,
    /// So many bytes altogether.
    pub bytes_per_user: Option<u64>,
}

impl IntakeConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let some = |number: u64| (number > 0).then_some(number);
        Self {
            max_upload_size: UploadLimit::read(reader),
            types: TypePolicy {
                allowed: patterns(reader, &ALLOWED_MIME_TYPES),
                blocked: patterns(reader, &BLOCKED_MIME_TYPES),
            },
            limits: UploadLimits {
                per_hour: some(reader.number(&UPLOADS_PER_HOUR, 0..=1_000_000)),
                bytes_per_user: some(reader.bytes(&STORAGE_PER_USER, 0..=i64::MAX.cast_unsigned())),
            },
            upload_expiry: Duration::from_hours(reader.number(&UPLOAD_EXPIRY, 1..=168)),
        }
    }
}

fn patterns(reader: &mut Reader<'_>, variable: &Variable) -> Vec<TypePattern> {
    reader.parsed_list(variable, "media types", |text| text.parse().ok())
}
