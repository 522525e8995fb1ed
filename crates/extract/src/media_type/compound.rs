//! What a compound file holds ([MS-CFB]): Office documents before 2007, and encrypted ones since.

use std::collections::HashSet;

const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Positions in the header ([MS-CFB] 2.2).
const SECTOR_SHIFT: usize = 0x1e;
const FIRST_DIRECTORY_SECTOR: usize = 0x30;
const FAT_SECTORS: usize = 0x4c;
const HEADER: usize = 512;

/// An entry of the directory and positions in it ([MS-CFB] 2.6.1).
const ENTRY: usize = 128;
const NAME_LENGTH: usize = 0x40;
const LEFT_SIBLING: usize = 0x44;
const RIGHT_SIBLING: usize = 0x48;
const CHILD: usize = 0x4c;

/// Sectors of the directory that are looked at.
const MAX_DIRECTORY_SECTORS: usize = 128;

/// What a compound file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompoundKind {
    /// A Word document.
    Word,
    /// An Excel workbook.
    Excel,
    /// A PowerPoint presentation.
    PowerPoint,
    /// An Outlook message.
    Message,
    /// An Office Open XML document behind a password ([MS-OFFCRYPTO] 2.3.4.4).
    Encrypted,
    /// Something else.
    Other,
    /// Its directory is damaged, or lies behind the end of what is known of the file.
    Unknown,
}

impl CompoundKind {
    /// The media type of what it holds.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Word => "application/msword",
            Self::Excel => "application/vnd.ms-excel",
            Self::PowerPoint => "application/vnd.ms-powerpoint",
            Self::Message => "application/vnd.ms-outlook",
            Self::Encrypted | Self::Other | Self::Unknown => "application/x-ole-storage",
        }
    }
}

/// What a compound file holds, by the names in its root; `None` if it is none. Looks at no more than
/// its header and directory, however large it is.
pub(crate) fn kind(bytes: &[u8]) -> Option<CompoundKind> {
    if !bytes.starts_with(SIGNATURE) {
        return None;
    }
    let directory = directory(bytes);
    let names = root_names(&directory);
    if names.is_empty() {
        return Some(CompoundKind::Unknown);
    }
    let known = [
        ("EncryptedPackage", CompoundKind::Encrypted),
        ("WordDocument", CompoundKind::Word),
        ("Workbook", CompoundKind::Excel),
        ("Book", CompoundKind::Excel),
        ("PowerPoint Document", CompoundKind::PowerPoint),
        ("__properties_version1.0", CompoundKind::Message),
    ];
    let found = known.iter().find(|(name, _)| names.iter().any(|other| other.eq_ignore_ascii_case(name)));
    Some(found.map_or(CompoundKind::Other, |(_, kind)| *kind))
}

/// The sectors of the directory that are there, one after the other.
fn directory(bytes: &[u8]) -> Vec<u8> {
    let mut directory = Vec::new();
    let size = match bytes.get(SECTOR_SHIFT) {
        Some(9) => 512,
        Some(12) => 4096,
        _ => return directory,
    };
    let sector = |number: u32| {
        let start = (number as usize).checked_add(1)?.checked_mul(size)?;
        bytes.get(start..start.checked_add(size)?)
    };
    let next = |number: u32| {
        let (fat, index) = (number as usize / (size / 4), number as usize % (size / 4));
        let position = FAT_SECTORS + 4 * fat;
        // The header lists the first 109 sectors of the table: enough for 7 MB at least.
        let fat = if position + 4 <= HEADER { u32_at(bytes, position)? } else { return None };
        u32_at(sector(fat)?, 4 * index)
    };
    let mut number = u32_at(bytes, FIRST_DIRECTORY_SECTOR);
    for _ in 0..MAX_DIRECTORY_SECTORS {
        let Some(content) = number.and_then(sector) else { break };
        directory.extend_from_slice(content);
        number = number.and_then(next);
    }
    directory
}

/// The names of what is directly in the root, by the tree of siblings below its child.
fn root_names(directory: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting: Vec<u32> = u32_at(directory, CHILD).into_iter().collect();
    while let Some(number) = waiting.pop() {
        let start = (number as usize).saturating_mul(ENTRY);
        let Some(entry) = directory.get(start..start.saturating_add(ENTRY)) else { continue };
        if seen.insert(number) {
            names.push(name(entry));
            waiting.extend([LEFT_SIBLING, RIGHT_SIBLING].iter().filter_map(|at| u32_at(entry, *at)));
        }
    }
    names
}

fn name(entry: &[u8]) -> String {
    let length = usize::from(entry[NAME_LENGTH]).min(NAME_LENGTH);
    let units = entry[..length].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    String::from_utf16_lossy(&units.take_while(|unit| *unit != 0).collect::<Vec<_>>())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A compound file with a directory in its first sector and these entries below the root, each
    /// the right sibling of the one before.
    fn compound_file(names: &[&str]) -> Vec<u8> {
        let mut file = SIGNATURE.to_vec();
        file.resize(HEADER, 0);
        file[SECTOR_SHIFT] = 9;
        file[FAT_SECTORS] = 4;
        let sectors = (names.len() + 1).div_ceil(4);
        for (number, name) in ["Root Entry"].iter().chain(names).enumerate() {
            let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let length = entry.len() + 2;
            entry.resize(ENTRY, 0);
            entry[NAME_LENGTH] = length as u8;
            for at in [LEFT_SIBLING, RIGHT_SIBLING, CHILD] {
                entry[at..at + 4].fill(0xff);
            }
            let following = (number + 1) as u32;
            if number == 0 {
                entry[CHILD..CHILD + 4].copy_from_slice(&1_u32.to_le_bytes());
            } else if number < names.len() {
                entry[RIGHT_SIBLING..RIGHT_SIBLING + 4].copy_from_slice(&following.to_le_bytes());
            }
            file.extend(entry);
        }
        file.resize(HEADER + 4 * 512, 0);
        assert!(sectors <= 4);
        // The table of sectors: each sector of the directory is followed by the next one.
        for number in 0..128_u32 {
            let following = if (number as usize) + 1 < sectors { number + 1 } else { u32::MAX - 1 };
            file.extend(following.to_le_bytes());
        }
        file.resize(HEADER + 5 * 512, 0);
        file
    }

    #[test]
    fn documents_are_told_by_their_streams() {
        for (names, expected) in [
            (&["1Table", "WordDocument"][..], CompoundKind::Word),
            (&["a", "b", "c", "d", "e", "Workbook"], CompoundKind::Excel),
            (&["BOOK"], CompoundKind::Excel),
            (&["Current User", "PowerPoint Document"], CompoundKind::PowerPoint),
            (&["__properties_version1.0"], CompoundKind::Message),
            (&["EncryptionInfo", "EncryptedPackage"], CompoundKind::Encrypted),
            (&["Something"], CompoundKind::Other),
        ] {
            assert_eq!(kind(&compound_file(names)), Some(expected), "{names:?}");
        }
        assert_eq!(kind(b"WordDocument"), None);
    }

    #[test]
    fn what_is_embedded_in_a_document_does_not_name_it() {
        let mut file = compound_file(&["WordDocument", "Workbook"]);
        // The second entry is no longer beside the first: it lies in some folder.
        let first = HEADER + ENTRY + RIGHT_SIBLING;
        file[first..first + 4].fill(0xff);
        assert_eq!(kind(&file), Some(CompoundKind::Word));
    }

    #[test]
    fn circles_end() {
        let mut file = compound_file(&["a", "b"]);
        let second = HEADER + 2 * ENTRY + LEFT_SIBLING;
        file[second..second + 4].copy_from_slice(&1_u32.to_le_bytes());
        // The table says that the directory's sector is followed by itself.
        let table = HEADER + 4 * 512;
        file[table..table + 4].fill(0);
        assert_eq!(kind(&file), Some(CompoundKind::Other));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_kind(rest in proptest::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..3000)) {
            prop_assert!(kind(&[SIGNATURE, &rest].concat()).is_some());
        }
    }
}
