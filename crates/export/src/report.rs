//! A document to be written: headings, paragraphs, lists, tables.

/// A document to be written. Its text is clean: see [`Report::from_result`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Its title, on one line.
    pub title: String,
    /// Lines below the title: file name, task type, date.
    pub subtitle: Vec<String>,
    /// Its sections, in their order.
    pub sections: Vec<Section>,
}

/// A heading and what stands below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading, on one line; empty if there is none.
    pub heading: String,
    /// 1 for a section of the document, 2 for a section of that, and so on.
    pub level: u8,
    /// What stands below it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph. Its lines end with `\n`.
    Paragraph(String),
    /// A list with bullets.
    List(Vec<String>),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// A table. Every row has as many cells as there are columns.
    Table {
        /// What stands above the columns.
        columns: Vec<String>,
        /// The cells, by row.
        rows: Vec<Vec<String>>,
    },
}
