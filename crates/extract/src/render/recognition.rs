//! Pictures whose characters are to be recognised.

use std::io::Write;

use super::{Drawing, skew};
use crate::{error::ExtractError, options::Rendered};

/// Below this skew, in degrees, a picture stays as it is: recognition does not mind, and every
/// rotation blurs.
const TOLERATED_SKEW: f64 = 0.3;

/// Straightens a drawing and writes it as binary PGM (Netpbm, `P5`).
pub(super) fn write(drawing: Drawing, out: &mut dyn Write) -> Result<Rendered, ExtractError> {
    let Drawing { image, mut to_page } = drawing;
    let mut grey = image.into_luma8();
    let angle = skew::angle(&grey);
    if angle.abs() > TOLERATED_SKEW {
        let (straight, to_skewed) = skew::straighten(&grey, angle);
        grey = straight;
        to_page *= to_skewed;
    }
    let (width, height) = grey.dimensions();
    write!(out, "P5\n{width} {height}\n255\n")
        .and_then(|()| out.write_all(grey.as_raw()))
        .map_err(ExtractError::Unavailable)?;
    Ok(Rendered { width, height, to_page: to_page.as_coeffs() })
}
