//! Writes a PDF file: objects in object streams, then a cross-reference stream (ISO 32000-2, 7.5.7
//! and 7.5.8). What is written is not read again, and nothing of a stream's data is kept.

use std::io::{self, Write};

use flate2::{Compression, Crc, write::ZlibEncoder};
use sha2::{Digest, Sha256};

use super::{
    compression::{compress, is_worthwhile},
    syntax,
};
use crate::error::ExtractError;

/// Objects to an object stream. More compress better; fewer can be read singly at less cost.
const OBJECTS_PER_STREAM: usize = 200;
/// Bytes after which an object stream is ended, however few its objects.
const BYTES_PER_STREAM: usize = 256 << 10;
/// Data from this length on is compressed on its way out: it does not fit into memory twice.
const COMPRESSED_IN_MEMORY: usize = 1 << 20;

/// Why writing stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file would be longer than it may be.
    Full,
    /// The verdict on the document.
    Verdict(ExtractError),
}

impl From<ExtractError> for Stop {
    fn from(verdict: ExtractError) -> Self {
        Self::Verdict(verdict)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Verdict(ExtractError::Unavailable(error))
    }
}

/// Where a file goes.
pub(super) enum Target<'o> {
    /// Nowhere: its length alone is of interest.
    Measure,
    /// Into memory, to be read again.
    Memory(&'o mut Vec<u8>),
    /// Into memory without the data of its streams: its structure alone is of interest.
    Skeleton(&'o mut Vec<u8>),
    /// Out.
    Output(&'o mut dyn Write),
}

/// The data of a stream.
pub(super) enum Data<'d> {
    /// As it is to be written.
    Ready(&'d [u8]),
    /// To be compressed, if that makes it shorter.
    Plain(&'d [u8]),
}

/// Where an object is.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    At(u64),
    In { stream: u32, index: u16 },
}

/// A PDF file that is being written.
pub(super) struct Writer<'o> {
    target: Target<'o>,
    limit: u64,
    position: u64,
    /// By number. The number 0 is nobody's.
    places: Vec<Place>,
    /// The objects of the object stream that is being filled, and where each begins.
    packed: Vec<u8>,
    packed_objects: Vec<(u32, usize)>,
    digest: Sha256,
}

impl<'o> Writer<'o> {
    /// Begins a file that may have `limit` bytes.
    pub(super) fn new(target: Target<'o>, limit: u64, version: &str) -> Result<Self, Stop> {
        let mut writer = Self {
            target,
            limit,
            position: 0,
            places: vec![Place::Nowhere],
            packed: Vec::new(),
            packed_objects: Vec::new(),
            digest: Sha256::new(),
        };
        // Four bytes that are no text tell programs that the file is not text (7.5.2).
        writer.put(format!("%PDF-{version}\n").as_bytes())?;
        writer.put(b"%\xe2\xe3\xcf\xd3\n")?;
        Ok(writer)
    }

    /// A number for an object that will be written.
    pub(super) fn reserve(&mut self) -> Result<u32, Stop> {
        let number = u32::try_from(self.places.len()).map_err(|_| Stop::Full)?;
        self.places.push(Place::Nowhere);
        Ok(number)
    }

    /// Writes an object that is no stream.
    pub(super) fn object(&mut self, number: u32, body: &[u8]) -> Result<(), Stop> {
        self.packed_objects.push((number, self.packed.len()));
        self.packed.extend_from_slice(body);
        self.packed.push(b'\n');
        if self.packed_objects.len() >= OBJECTS_PER_STREAM || self.packed.len() >= BYTES_PER_STREAM {
            self.end_object_stream()?;
        }
        Ok(())
    }

    /// Writes a stream with the entries of its dictionary, but for its length; data that is still
    /// plain must have no `Filter` among them.
    pub(super) fn stream(&mut self, number: u32, entries: &[u8], data: Data<'_>) -> Result<(), Stop> {
        match data {
            Data::Plain(plain) if !is_worthwhile(plain)? => self.stream_as_is(number, entries, plain),
            Data::Plain(plain) if plain.len() >= COMPRESSED_IN_MEMORY => {
                self.stream_compressed_on_the_way(number, entries, plain)
            }
            Data::Plain(plain) => {
                let compressed = compress(plain)?;
                if compressed.len() + FLATE.len() < plain.len() {
                    self.stream_as_is(number, &[entries, FLATE].concat(), &compressed)
                } else {
                    self.stream_as_is(number, entries, plain)
                }
            }
            Data::Ready(data) => self.stream_as_is(number, entries, data),
        }
    }

    fn stream_as_is(&mut self, number: u32, entries: &[u8], data: &[u8]) -> Result<(), Stop> {
        let data = if matches!(self.target, Target::Skeleton(_)) { &[] } else { data };
        self.digest_of(entries, data);
        self.begin_stream(number, entries, &data.len().to_string())?;
        self.put(data)?;
        self.put(END_STREAM)
    }

    /// The length is known only after the data, so it is an object of its own.
    fn stream_compressed_on_the_way(
        &mut self,
        number: u32,
        entries: &[u8],
        plain: &[u8],
    ) -> Result<(), Stop> {
        let plain = if matches!(self.target, Target::Skeleton(_)) { &[] } else { plain };
        self.digest_of(entries, plain);
        let length = self.reserve()?;
        self.begin_stream(number, &[entries, FLATE].concat(), &format!("{length} 0 R"))?;
        let start = self.position;
        let mut stopped = None;
        let mut encoder =
            ZlibEncoder::new(Pipe { writer: self, stopped: &mut stopped }, Compression::default());
        let written = encoder.write_all(plain).and_then(|()| encoder.finish().map(|_| ()));
        if let Some(stop) = stopped {
            return Err(stop);
        }
        written?;
        let compressed = self.position - start;
        self.put(END_STREAM)?;
        self.object(length, compressed.to_string().as_bytes())
    }

    fn begin_stream(&mut self, number: u32, entries: &[u8], length: &str) -> Result<(), Stop> {
        self.set_place(number, Place::At(self.position));
        self.put(format!("{number} 0 obj\n<<").as_bytes())?;
        self.put(entries)?;
        self.put(format!("/Length {length}>>\nstream\n").as_bytes())
    }

    /// Ends the file; its catalog and information dictionary have been written. Returns its length.
    pub(super) fn finish(mut self, catalog: u32, info: Option<u32>) -> Result<u64, Stop> {
        self.end_object_stream()?;
        let number = self.reserve()?;
        let start = self.position;
        self.set_place(number, Place::At(start));
        let id = self.digest.clone().finalize();

        let mut entries = b"/Type/XRef".to_vec();
        syntax::entry_integer(&mut entries, b"Size", i64::try_from(self.places.len()).unwrap_or(i64::MAX));
        syntax::entry_reference(&mut entries, b"Root", catalog);
        if let Some(info) = info {
            syntax::entry_reference(&mut entries, b"Info", info);
        }
        entries.extend_from_slice(b"/ID[");
        for _ in 0..2 {
            syntax::hexadecimal_string(&mut entries, &id[..16]);
        }
        entries.push(b']');
        let (rows, offset_bytes) = cross_references(&self.places, start);
        entries.extend_from_slice(format!("/W[1 {offset_bytes} 2]").as_bytes());
        let columns = offset_bytes + 3;
        entries.extend_from_slice(format!("/DecodeParms<</Predictor 12/Columns {columns}>>").as_bytes());
        entries.extend_from_slice(FLATE);

        let rows = compress(&rows)?;
        self.begin_stream(number, &entries, &rows.len().to_string())?;
        self.put(&rows)?;
        self.put(END_STREAM)?;
        self.put(format!("startxref\n{start}\n%%EOF\n").as_bytes())?;
        Ok(self.position)
    }

    fn end_object_stream(&mut self) -> Result<(), Stop> {
        if self.packed_objects.is_empty() {
            return Ok(());
        }
        let stream = self.reserve()?;
        let objects = std::mem::take(&mut self.packed_objects);
        let mut data = Vec::with_capacity(self.packed.len() + 12 * objects.len());
        for (index, (number, offset)) in (0u16..).zip(&objects) {
            data.extend_from_slice(format!("{number} {offset} ").as_bytes());
            self.set_place(*number, Place::In { stream, index });
        }
        let mut entries = b"/Type/ObjStm".to_vec();
        entries.extend_from_slice(format!("/N {}/First {}", objects.len(), data.len()).as_bytes());
        entries.extend_from_slice(FLATE);
        data.append(&mut self.packed);
        self.digest.update(&data);
        let compressed = compress(&data)?;
        self.begin_stream(stream, &entries, &compressed.len().to_string())?;
        self.put(&compressed)?;
        self.put(END_STREAM)
    }

    /// A checksum stands for data, which may be long.
    fn digest_of(&mut self, entries: &[u8], data: &[u8]) {
        if matches!(self.target, Target::Measure) {
            return;
        }
        let mut checksum = Crc::new();
        checksum.update(data);
        self.digest.update(entries);
        self.digest.update(checksum.sum().to_be_bytes());
        self.digest.update(data.len().to_be_bytes());
    }

    fn set_place(&mut self, number: u32, place: Place) {
        if let Some(entry) = self.places.get_mut(number as usize) {
            *entry = place;
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.position += bytes.len() as u64;
        if self.position > self.limit {
            return Err(Stop::Full);
        }
        match &mut self.target {
            Target::Measure => {}
            Target::Memory(memory) | Target::Skeleton(memory) => memory.extend_from_slice(bytes),
            Target::Output(out) => out.write_all(bytes)?,
        }
        Ok(())
    }
}

const FLATE: &[u8] = b"/Filter/FlateDecode";
const END_STREAM: &[u8] = b"\nendstream\nendobj\n";

/// What a compressor writes goes on to the file.
struct Pipe<'w, 'o> {
    writer: &'w mut Writer<'o>,
    stopped: &'w mut Option<Stop>,
}

impl Write for Pipe<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.put(bytes).map_err(|stop| {
            *self.stopped = Some(stop);
            io::Error::other("stopped")
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The rows of a cross-reference stream, each as its difference to the one before (7.4.4.4, the
/// predictor "up" of PNG), and how many bytes offsets have in them.
fn cross_references(places: &[Place], largest_offset: u64) -> (Vec<u8>, usize) {
    // An offset shares its field with numbers of object streams.
    let largest = largest_offset.max(places.len() as u64);
    let offset_bytes = 8 - (largest.leading_zeros() / 8) as usize;
    let mut rows = Vec::with_capacity(places.len() * (offset_bytes + 4));
    let mut above = vec![0u8; offset_bytes + 3];
    for (number, place) in places.iter().enumerate() {
        let (kind, field, last) = match *place {
            Place::Nowhere if number == 0 => (0, 0, u16::MAX),
            Place::Nowhere => (0, 0, 0),
            Place::At(offset) => (1, offset, 0),
            Place::In { stream, index } => (2, u64::from(stream), index),
        };
        let mut row = vec![kind];
        row.extend_from_slice(&field.to_be_bytes()[8 - offset_bytes..]);
        row.extend_from_slice(&last.to_be_bytes());
        const UP: u8 = 2;
        rows.push(UP);
        rows.extend(row.iter().zip(&above).map(|(byte, above)| byte.wrapping_sub(*above)));
        above = row;
    }
    (rows, offset_bytes)
}
