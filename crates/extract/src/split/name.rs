//! What the parts of a split document are called.

use quire_domain::document::sanitize_filename;

/// Bytes of each piece of a name: three of them and an index fit into a file name.
const MAX_BYTES: usize = 75;

/// The file name of a part: `prefix_root_suffix_index.pdf`, where `root` is the file name of the
/// document without its extension. Pieces that are empty are left out. `index` counts the parts
/// from 1.
pub fn part_name(prefix: &str, root: &str, suffix: &str, index: usize) -> String {
    let root = match root.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("pdf") => stem,
        _ => root,
    };
    let mut name = String::new();
    // What looks like a path is a name here.
    for piece in [prefix, root, suffix] {
        let piece = &piece[..piece.floor_char_boundary(MAX_BYTES)];
        let piece = piece.trim().replace(['/', '\\'], "_");
        if !piece.is_empty() {
            name.push_str(&piece);
            name.push('_');
        }
    }
    sanitize_filename(&format!("{name}{index}.pdf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_are_missing_are_left_out() {
        assert_eq!(part_name("a", "report.PDF", "b", 1), "a_report_b_1.pdf");
        assert_eq!(part_name("", "v1.2 final.pdf", "", 12), "v1.2 final_12.pdf");
        assert_eq!(part_name("", "", "", 1), "1.pdf");
        assert_eq!(part_name(" ", "report", "x", 3), "report_x_3.pdf");
    }

    #[test]
    fn names_are_never_paths_and_never_too_long() {
        let name = part_name("../../etc", "a/b\\c\0d.pdf", "\u{202e}x", 1);
        assert!(!name.contains(['/', '\\', '\0', '\u{202e}']), "{name}");
        let long = "ü".repeat(500);
        let name = part_name(&long, &long, &long, 10_000);
        assert!(name.len() <= 255 && name.ends_with("10000.pdf"), "{name}");
    }
}
