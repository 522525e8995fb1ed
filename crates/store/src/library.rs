//! Documents as their users keep them: lists, searches, and what people say about them.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::now,
    pg::Pg,
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types::{Array, BigInt, Jsonb, SingleValue, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use quire_domain::{
    DocumentId, Result, UserId,
    document::{DocumentKind, DocumentStatus},
    search::Query,
};
use serde_json::Value;

use crate::{
    documents::Document,
    error::Context,
    schema::documents,
    search::{PassagePlace, first_places, found_sql},
};

/// Pages of a document that are shown of what was found in it.
const PLACES: usize = 3;

/// Which documents to list: those to which all of it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Of this kind.
    pub kind: Option<DocumentKind>,
    /// In this state.
    pub status: Option<DocumentStatus>,
    /// Of this type; `image/*` stands for all of `image`.
    pub media_type: Option<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// In this folder or below it.
    pub folder: Option<String>,
    /// Not before.
    pub created_after: Option<DateTime<Utc>>,
    /// Before.
    pub created_before: Option<DateTime<Utc>>,
    /// Split from this document.
    pub parent_id: Option<DocumentId>,
}

/// What documents are put in order by; among equals the newer id counts as the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// How well they answer the query.
    Relevance,
    /// When they came.
    Created,
    /// Their names by code point, whatever the case of ASCII letters.
    Filename,
    /// Their length in bytes.
    Size,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The greatest first.
    pub is_descending: bool,
}

/// What a document is put in order by, and its id: the place of a document in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListKey {
    /// The value.
    pub value: KeyValue,
    /// The document.
    pub id: DocumentId,
}

/// What a document is put in order by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValue {
    /// For [`SortBy::Relevance`] and [`SortBy::Size`].
    Number(i64),
    /// For [`SortBy::Created`].
    Time(DateTime<Utc>),
    /// For [`SortBy::Filename`].
    Text(String),
}

/// A list that is asked for.
#[derive(Debug, Clone)]
pub struct DocumentList<'a> {
    /// Which documents.
    pub filter: &'a DocumentFilter,
    /// Only those that answer it.
    pub query: Option<&'a Query>,
    /// In which order. By relevance only with a query.
    pub sort: Sort,
    /// Only those after it. Its value is of the kind of the order.
    pub after: Option<&'a ListKey>,
    /// How many at most.
    pub limit: i64,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The document.
    pub document: Document,
    /// Its place in the list.
    pub key: ListKey,
    /// Where the query was answered: the first passages of up to three pages.
    pub places: Vec<PassagePlace>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    document: Document,
    #[diesel(sql_type = BigInt)]
    score: i64,
    #[diesel(sql_type = Jsonb)]
    places: Value,
}

/// Documents of this user. A query without words finds none.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    list: &DocumentList<'_>,
) -> Result<Vec<Listed>> {
    if list.query.is_some_and(|query| query.alternatives.is_empty()) {
        return Ok(Vec::new());
    }
    let rows = if list.query.is_some() {
        search(connection, owner, list).await
    } else {
        read(connection, owner, list).await
    };
    let rows = rows.context("listing documents")?;
    Ok(rows.into_iter().map(|row| listed(row, list.sort.by)).collect())
}

/// The words of passages lie outside of the table proper, and PostgreSQL takes reading all of them from
/// end to end for cheap. With many rows it is not: ten times as slow as the index and more.
async fn search(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    list: &DocumentList<'_>,
) -> QueryResult<Vec<Row>> {
    connection
        .transaction(async |connection| {
            connection.batch_execute("set local enable_seqscan = off; set local jit = off").await?;
            read(connection, owner, list).await
        })
        .await
}

async fn read(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    list: &DocumentList<'_>,
) -> QueryResult<Vec<Row>> {
    statement(owner, list).load(connection).await
}

fn listed(row: Row, by: SortBy) -> Listed {
    let Row { document, score, places } = row;
    let value = match by {
        SortBy::Relevance => KeyValue::Number(score),
        SortBy::Created => KeyValue::Time(document.created_at),
        SortBy::Filename => KeyValue::Text(document.filename.to_ascii_lowercase()),
        SortBy::Size => KeyValue::Number(document.size),
    };
    let by_term: Vec<Option<Vec<i64>>> = serde_json::from_value(places).unwrap_or_default();
    Listed { key: ListKey { value, id: document.id() }, document, places: first_places(&by_term, PLACES) }
}

/// A statement that is put together from pieces, with its arguments.
struct Statement<'a> {
    query: BoxedSqlQuery<'a, Pg, SqlQuery>,
    arguments: usize,
}

impl<'a> Statement<'a> {
    fn new() -> Self {
        Self { query: diesel::sql_query("").into_boxed(), arguments: 0 }
    }

    fn sql(self, sql: &str) -> Self {
        Self { query: self.query.sql(sql), ..self }
    }

    /// An argument, in its place.
    fn bind<T, V>(self, value: V) -> Self
    where
        Pg: diesel::sql_types::HasSqlType<T>,
        T: SingleValue + Send + 'a,
        V: diesel::serialize::ToSql<T, Pg> + Send + 'a,
    {
        let arguments = self.arguments + 1;
        Self { query: self.query.sql(format!("${arguments}")).bind::<T, V>(value), arguments }
    }
}

/// The first argument is the owner.
fn statement<'a>(owner: UserId, list: &DocumentList<'_>) -> BoxedSqlQuery<'a, Pg, SqlQuery> {
    let mut statement = Statement::new();
    let mut arguments = Vec::new();
    if let Some(query) = list.query {
        let found = found_sql(query, owner, |argument| {
            arguments.push(argument);
            format!("${}", arguments.len() + 1)
        });
        statement = statement.sql("with ").sql(&found).sql(" ");
    }
    let columns = if list.query.is_some() {
        "found.score, found.places"
    } else {
        "0::bigint as score, '[]'::jsonb as places"
    };
    statement = statement.sql("select documents.*, ").sql(columns).sql(" from documents");
    if list.query.is_some() {
        statement = statement.sql(" join found on found.id = documents.id");
    }
    statement = statement.sql(" where documents.user_id = ").bind::<BigInt, _>(owner.0);
    // What the search has named already.
    for argument in arguments {
        statement.query = statement.query.bind::<Text, _>(argument);
        statement.arguments += 1;
    }
    let statement = order(filter(statement, list.filter), list.sort, list.after);
    statement.sql(" limit ").bind::<BigInt, _>(list.limit).query
}

fn filter<'a>(mut statement: Statement<'a>, filter: &DocumentFilter) -> Statement<'a> {
    if let Some(kind) = filter.kind {
        statement = statement.sql(" and kind = ").bind::<Text, _>(kind.as_str());
    }
    if let Some(status) = filter.status {
        statement = statement.sql(" and status = ").bind::<Text, _>(status.as_str());
    }
    if let Some(media_type) = &filter.media_type {
        statement = match media_type.strip_suffix('*') {
            Some(start) => {
                statement.sql(" and starts_with(media_type, ").bind::<Text, _>(start.to_owned()).sql(")")
            }
            None => statement.sql(" and media_type = ").bind::<Text, _>(media_type.clone()),
        };
    }
    if !filter.tags.is_empty() {
        statement = statement.sql(" and tags @> ").bind::<Array<Text>, _>(filter.tags.clone());
    }
    if let Some(folder) = &filter.folder {
        statement = statement.sql(" and (folder = ").bind::<Text, _>(folder.clone());
        statement = statement.sql(" or starts_with(folder, ").bind::<Text, _>(format!("{folder}/")).sql("))");
    }
    if let Some(after) = filter.created_after {
        statement = statement.sql(" and created_at >= ").bind::<Timestamptz, _>(after);
    }
    if let Some(before) = filter.created_before {
        statement = statement.sql(" and created_at < ").bind::<Timestamptz, _>(before);
    }
    if let Some(parent) = filter.parent_id {
        statement = statement.sql(" and parent_id = ").bind::<SqlUuid, _>(parent.0);
    }
    statement
}

fn order<'a>(mut statement: Statement<'a>, sort: Sort, after: Option<&ListKey>) -> Statement<'a> {
    let column = match sort.by {
        SortBy::Relevance => "found.score",
        SortBy::Created => "created_at",
        SortBy::Filename => "lower(filename collate \"C\")",
        SortBy::Size => "size",
    };
    let (sign, direction) = if sort.is_descending { ("<", "desc") } else { (">", "asc") };
    if let Some(key) = after {
        statement = statement.sql(&format!(" and ({column}, documents.id) {sign} ("));
        statement = match &key.value {
            KeyValue::Number(number) => statement.bind::<BigInt, _>(*number),
            KeyValue::Time(time) => statement.bind::<Timestamptz, _>(*time),
            KeyValue::Text(text) => statement.bind::<Text, _>(text.clone()),
        };
        statement = statement.sql(", ").bind::<SqlUuid, _>(key.id.0).sql(")");
    }
    statement.sql(&format!(" order by {column} {direction}, documents.id {direction}"))
}

/// What is to be said of a document from now on; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = documents)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct DocumentChanges {
    /// The name of a [`DocumentKind`].
    pub kind: Option<&'static str>,
    pub filename: Option<String>,
    pub folder: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// Changes what is said of a document of this user, and gives it as it is then.
///
/// # Errors
/// When the database does not answer.
pub async fn update(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    id: DocumentId,
    changes: &DocumentChanges,
) -> Result<Option<Document>> {
    diesel::update(documents::table.find(id.0).filter(documents::user_id.eq(owner.0)))
        .set((changes, documents::updated_at.eq(now)))
        .returning(Document::as_returning())
        .get_result(connection)
        .await
        .optional()
        .context("changing a document")
}
