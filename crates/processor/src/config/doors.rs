//! Ways in for documents beside forms.

use std::time::Duration;

use quire_web::config::{Reader, Section, Variable};

use crate::records::signature::WebhookSecret;

const UPLOAD_URL_TTL: Variable = Variable::new(
    "UPLOAD_URL_TTL",
    "Seconds within which an upload to an address from /documents/initiate-upload has to begin.",
)
.default("3600");
const RECORDS_WEBHOOK_SECRET: Variable = Variable::new(
    "RECORDS_WEBHOOK_SECRET",
    "Lets a worker outside register records by signed messages (Standard Webhooks): 24 to 64 random bytes as whsec_ and base64. Not set: nobody may.",
)
.secret();

pub(super) const SECTION: Section<'static> =
    Section { title: "Doors", variables: &[UPLOAD_URL_TTL, RECORDS_WEBHOOK_SECRET] };

/// Ways in for documents beside forms.
#[derive(Debug, Clone)]
pub struct DoorsConfig {
    /// How long an address to upload to is good.
    pub upload_url_ttl: Duration,
    /// Verifies messages of a worker outside.
    pub records_webhook_secret: Option<WebhookSecret>,
}

impl DoorsConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let must = "be whsec_ and the base64 of 24 to 64 bytes; make one with `openssl rand -base64 32`";
        Self {
            // Seven days is as long as S3 lets an address be good.
            upload_url_ttl: reader.seconds(&UPLOAD_URL_TTL, 60..=604_800),
            records_webhook_secret: reader.optional(&RECORDS_WEBHOOK_SECRET, must, WebhookSecret::parse),
        }
    }
}
