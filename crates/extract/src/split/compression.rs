//! Compression of data, and whether that is worth its time.

use std::io::{self, Write};

use flate2::{Compression, write::ZlibEncoder};

/// Data up to this length is compressed without a look at it first.
const ALWAYS_TRIED: usize = 256 << 10;
/// Of longer data, one sample is compressed out of as many bytes as this.
const SAMPLED_OUT_OF: usize = 512 << 10;
/// Repetitions are found within 32 KiB (RFC 1951, 2), so a sample has room for them.
const SAMPLE: usize = 48 << 10;
/// What is saved must be at least one part in so many.
const WORTHWHILE_PART: usize = 32;

/// The data, compressed as it is for a stream in a file.
pub(super) fn compress(data: &[u8]) -> io::Result<Vec<u8>> {
    compress_at(Compression::default(), data)
}

/// Whether compression can be expected to make the data shorter. Noise, pictures of noise, and what is
/// compressed already stay as long as they are, and cost the most time.
pub(super) fn is_worthwhile(data: &[u8]) -> io::Result<bool> {
    if data.len() <= ALWAYS_TRIED {
        return Ok(true);
    }
    let (mut plain, mut compressed) = (0, 0);
    for region in data.chunks(SAMPLED_OUT_OF) {
        let start = region.len().saturating_sub(SAMPLE) / 2;
        let sample = &region[start..region.len().min(start + SAMPLE)];
        plain += sample.len();
        compressed += compress_at(Compression::fast(), sample)?.len();
    }
    Ok(compressed + plain / WORTHWHILE_PART < plain)
}

fn compress_at(level: Compression, data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(data.len() / 2), level);
    encoder.write_all(data)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    /// The same bytes each time, without order (xorshift, by G. Marsaglia).
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(len)
        .collect()
    }

    #[test]
    fn noise_is_not_worth_it() {
        assert!(!is_worthwhile(&noise(1 << 20)).unwrap());
        assert!(is_worthwhile(&noise(1000)).unwrap(), "so short that it does not matter");
    }

    #[test]
    fn order_is_found_in_a_part_of_the_data_and_between_lines() {
        let mut half = noise(2 << 20);
        half[1 << 20..].fill(255);
        assert!(is_worthwhile(&half).unwrap());
        let line = noise(20_000);
        assert!(is_worthwhile(&line.repeat(50)).unwrap());
        let nibbles: Vec<u8> = noise(1 << 20).into_iter().map(|byte| byte & 15).collect();
        assert!(is_worthwhile(&nibbles).unwrap());
    }
}
