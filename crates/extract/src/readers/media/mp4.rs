//! The size at which the film of an MP4 or QuickTime file is shown (ISO/IEC 14496-12, 8.3.2): phones
//! store films lying and say how they are turned.

/// Boxes that are looked at in all.
const MAX_BOXES: usize = 4096;

/// Width and height, in pixels, of the first track that shows something.
pub(super) fn shown_size(file: &[u8]) -> Option<(u32, u32)> {
    let mut allowance = MAX_BOXES;
    let movie = find(file, b"moov", &mut allowance)?;
    let mut rest = movie;
    while let Some(track) = next_of(&mut rest, b"trak", &mut allowance) {
        let size = find(track, b"tkhd", &mut allowance).and_then(size_in_header);
        if size.is_some() {
            return size;
        }
    }
    None
}

/// The content of the first box of a kind.
fn find<'a>(boxes: &'a [u8], kind: &[u8; 4], allowance: &mut usize) -> Option<&'a [u8]> {
    let mut rest = boxes;
    next_of(&mut rest, kind, allowance)
}

/// The content of the next box of a kind; `rest` is what follows it.
fn next_of<'a>(rest: &mut &'a [u8], kind: &[u8; 4], allowance: &mut usize) -> Option<&'a [u8]> {
    while *allowance > 0 {
        *allowance -= 1;
        let header: &[u8; 8] = rest.first_chunk()?;
        let [s0, s1, s2, s3, name @ ..] = *header;
        let (start, end) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            // To the end of the file; and a size that takes eight bytes.
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*rest.get(8..)?.first_chunk()?)).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let content = rest.get(start..end.min(rest.len()))?;
        *rest = &rest[end.min(rest.len())..];
        if name == *kind {
            return Some(content);
        }
    }
    None
}

/// The size in a track header, turned by its matrix. Numbers have 16 bits behind the point.
fn size_in_header(header: &[u8]) -> Option<(u32, u32)> {
    // Version 1 has three times of eight bytes instead of four.
    let matrix = if *header.first()? == 1 { 52 } else { 40 };
    let number = |at: usize| header.get(at..)?.first_chunk().map(|bytes| i32::from_be_bytes(*bytes));
    let [a, b, c, d] = [number(matrix)?, number(matrix + 4)?, number(matrix + 12)?, number(matrix + 16)?];
    let (width, height) = (number(matrix + 36)? >> 16, number(matrix + 40)? >> 16);
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let is_turned = a == 0 && d == 0 && b != 0 && c != 0;
    (width > 0 && height > 0).then_some(if is_turned { (height, width) } else { (width, height) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat()
    }

    fn header(matrix: [i32; 4], width: i32, height: i32) -> Vec<u8> {
        let [a, b, c, d] = matrix;
        let mut header = vec![0; 40];
        for number in [a, b, 0, c, d, 0, 0, 0, 1 << 30, width << 16, height << 16] {
            header.extend(number.to_be_bytes());
        }
        boxed(b"tkhd", &header)
    }

    const UPRIGHT: [i32; 4] = [1 << 16, 0, 0, 1 << 16];

    #[test]
    fn a_film_is_as_large_as_it_is_shown() {
        let sound = boxed(b"trak", &header(UPRIGHT, 0, 0));
        let film = boxed(b"trak", &header(UPRIGHT, 640, 360));
        let turned = boxed(b"trak", &header([0, 1 << 16, -(1 << 16), 0], 640, 360));
        let file =
            |track: &[u8]| [boxed(b"ftyp", b"isom"), boxed(b"moov", &[&sound, track].concat())].concat();
        assert_eq!(shown_size(&file(&film)), Some((640, 360)));
        assert_eq!(shown_size(&file(&turned)), Some((360, 640)));
        assert_eq!(shown_size(&file(b"")), None);
    }

    #[test]
    fn boxes_that_make_no_sense_end_the_search() {
        assert_eq!(shown_size(b"\0\0\0\x02moov"), None);
        assert_eq!(shown_size(&[0, 0, 0, 8].repeat(MAX_BOXES * 4)), None);
        let huge = [&1u32.to_be_bytes(), b"free".as_slice(), &u64::MAX.to_be_bytes()].concat();
        assert_eq!(shown_size(&huge), None);
    }
}
