//! The index that documents are found by: the words of their texts, in passages, and of what people
//! said about them, as page 0.
//!
//! Triggers note what has to be indexed; [`index_pending`] does it. Among the words of each passage is
//! one that stands for the owner (`@` and the id: no text has such a word), so that the index itself
//! tells whose a passage is, and a search costs what the owner has and not what everybody has.

use std::{collections::BTreeMap, fmt::Write as _};

use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, Result, UserId,
    search::{Alternative, Passage, Query, Term, passages, tokens},
};
use uuid::Uuid;

use crate::{error::Context, schema::search_pending};

/// The longest text of a page that is searched, in characters: the first ones.
const TEXT_MAX: i32 = 4_000_000;

/// The longest text that is given for a passage, in characters.
const PASSAGE_TEXT_MAX: i32 = 60_000;

/// So many words are between what people said in one field and in the next: no phrase goes across.
const GAP: usize = 100;

#[derive(QueryableByName)]
struct Pending {
    #[diesel(sql_type = SqlUuid)]
    document_id: Uuid,
    #[diesel(sql_type = Integer)]
    page: i32,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    filename: String,
    #[diesel(sql_type = Text)]
    folder: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Array<Text>)]
    tags: Vec<String>,
}

#[derive(QueryableByName)]
struct PageText {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Rows of passages, column by column.
#[derive(Default)]
struct Rows {
    documents: Vec<Uuid>,
    pages: Vec<i32>,
    starts: Vec<i32>,
    lengths: Vec<i32>,
    words: Vec<String>,
}

/// Makes the words of up to `limit` pages that wait for it, and says how many it did. What somebody
/// else is at is left to them.
///
/// # Errors
/// When the database does not answer; then nothing of it is done.
pub async fn index_pending(connection: &mut AsyncPgConnection, limit: i64) -> Result<usize> {
    // Mostly there is nothing to do, and then nothing is locked.
    let anything = diesel::select(exists(search_pending::table.select(search_pending::page)))
        .get_result::<bool>(connection)
        .await;
    if !anything.context("looking for what is to be indexed")? {
        return Ok(0);
    }
    connection
        .transaction(async |connection| {
            let pending: Vec<Pending> =
                diesel::sql_query(PENDING).bind::<BigInt, _>(limit).load(connection).await?;
            if pending.is_empty() {
                return Ok(0);
            }
            let documents: Vec<_> = pending.iter().map(|page| page.document_id).collect();
            let pages: Vec<_> = pending.iter().map(|page| page.page).collect();
            for done in [FORGET_PASSAGES, FORGET_PENDING] {
                diesel::sql_query(done)
                    .bind::<Array<SqlUuid>, _>(&documents)
                    .bind::<Array<Integer>, _>(&pages)
                    .execute(connection)
                    .await?;
            }
            let mut rows = Rows::default();
            for page in &pending {
                index_page(connection, page, &mut rows).await?;
            }
            rows.insert(connection).await?;
            diesel::QueryResult::Ok(pending.len())
        })
        .await
        .context("making words for the search")
}

/// The document is locked before what waits of it, as those who delete it do.
const PENDING: &str = "\
    select pending.document_id, pending.page, d.user_id, d.filename, d.folder, d.description, d.tags \
    from search_pending pending join documents d on d.id = pending.document_id \
    order by pending.page, pending.document_id limit $1 \
    for key share of d skip locked for update of pending skip locked";

const FORGET_PASSAGES: &str = "\
    delete from search_passages p using unnest($1, $2) as done (document_id, page) \
    where p.document_id = done.document_id and p.page = done.page";

const FORGET_PENDING: &str = "\
    delete from search_pending p using unnest($1, $2) as done (document_id, page) \
    where p.document_id = done.document_id and p.page = done.page";

const PAGE_TEXT: &str =
    "select left(text, $3) as text from document_pages where document_id = $1 and number = $2";

const INSERT: &str = "\
    insert into search_passages (document_id, page, start, length, words) \
    select document_id, page, start, length, words::tsvector \
    from unnest($1, $2, $3, $4, $5) as passage (document_id, page, start, length, words)";

async fn index_page(
    connection: &mut AsyncPgConnection,
    page: &Pending,
    rows: &mut Rows,
) -> diesel::QueryResult<()> {
    if page.page == 0 {
        rows.add(page, 0, 0, words_said(page));
        return Ok(());
    }
    let found: Option<PageText> = diesel::sql_query(PAGE_TEXT)
        .bind::<SqlUuid, _>(page.document_id)
        .bind::<Integer, _>(page.page)
        .bind::<Integer, _>(TEXT_MAX)
        .get_result(connection)
        .await
        .optional()?;
    let text = found.map(|page| page.text).unwrap_or_default();
    for passage in passages(&text) {
        let words = words_read(&passage, page.user_id);
        rows.add(page, as_column(passage.start), as_column(passage.length), words);
        // Few pages have so many passages; they are not all held at once.
        if rows.words.len() >= 100 {
            std::mem::take(rows).insert(connection).await?;
        }
    }
    Ok(())
}

impl Rows {
    fn add(&mut self, page: &Pending, start: i32, length: i32, words: String) {
        self.documents.push(page.document_id);
        self.pages.push(page.page);
        self.starts.push(start);
        self.lengths.push(length);
        self.words.push(words);
    }

    async fn insert(self, connection: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
        diesel::sql_query(INSERT)
            .bind::<Array<SqlUuid>, _>(self.documents)
            .bind::<Array<Integer>, _>(self.pages)
            .bind::<Array<Integer>, _>(self.starts)
            .bind::<Array<Integer>, _>(self.lengths)
            .bind::<Array<Text>, _>(self.words)
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// A place in a text that is bounded by [`TEXT_MAX`].
fn as_column(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

/// The words of a passage as a `tsvector`. Words have letters and digits alone, so that nothing in them
/// needs escaping.
fn words_read(passage: &Passage, owner: i64) -> String {
    let mut vector = owned_by(owner);
    for (word, places) in &passage.words {
        let places: Vec<_> = places.iter().map(u16::to_string).collect();
        let _ = write!(vector, " '{word}':{}", places.join(","));
    }
    vector
}

/// What people said about a document, as a `tsvector`: its name weighs most, then where it belongs.
fn words_said(document: &Pending) -> String {
    let mut vector = owned_by(document.user_id);
    let mut place = 0;
    let tags = document.tags.iter().map(|tag| (tag, 'B'));
    let fields = [(&document.filename, 'A'), (&document.folder, 'B')].into_iter().chain(tags);
    for (text, weight) in fields.chain([(&document.description, 'C')]) {
        for token in tokens(text) {
            place += 1;
            let _ = write!(vector, " '{}':{place}{weight}", token.word);
        }
        place += GAP;
    }
    vector
}

fn owned_by(owner: i64) -> String {
    format!("'@{owner}'")
}

/// A term as a `tsquery`.
fn tsquery(term: &Term) -> String {
    let last = term.words.len().saturating_sub(1);
    let words: Vec<_> = (0..)
        .zip(&term.words)
        .map(
            |(place, word)| {
                if place == last && term.is_prefix { format!("'{word}':*") } else { format!("'{word}'") }
            },
        )
        .collect();
    words.join(" <-> ")
}

/// What a search for `query` asks the database: common table expressions, the last of them
/// `found (id, score, places)`, one row for each document. `argument` puts a value in and names it.
pub(crate) fn found_sql(query: &Query, owner: UserId, mut argument: impl FnMut(String) -> String) -> String {
    let mut sql = String::new();
    for (number, term) in query.terms.iter().enumerate() {
        let wanted = tsquery(term);
        let among_own = argument(format!("{} & ({wanted})", owned_by(owner.0)));
        let term = TERM.replace("$own", &among_own).replace("$wanted", &argument(wanted));
        let _ = write!(sql, "term{number} as materialized ({term}), ");
    }
    let alternatives: Vec<_> = query.alternatives.iter().map(alternative_sql).collect();
    let _ = write!(
        sql,
        "found as (select distinct on (id) id, (1000000 * score)::bigint as score, places \
         from ({}) as alternative order by id, alternative.score desc)",
        alternatives.join(" union all ")
    );
    sql
}

/// The documents with a term, how good an answer each is, and where in it the term is: the first
/// passages, each as its page and, in the lower 32 bits, its start. A document is a good answer when
/// people used the word in speaking of it, and the better the more of its pages have it.
const TERM: &str = "\
    select document_id as id, \
        coalesce(max(1 + ts_rank('{0, 0.2, 0.5, 1}', words, $wanted::tsquery)) filter (where page = 0), 0) \
        + count(distinct page) filter (where page > 0) \
        / (2.0::float8 + count(distinct page) filter (where page > 0)) as score, \
        (array_agg(page::bigint << 32 | start order by page, start) filter (where page > 0))[1:8] as places \
    from search_passages where words @@ $own::tsquery group by document_id";

fn alternative_sql(alternative: &Alternative) -> String {
    let unwanted = alternative
        .unwanted
        .iter()
        .map(|number| format!("not exists (select from term{number} where term{number}.id = candidate.id)"));
    let mut conditions: Vec<_> = unwanted.collect();
    let Some((first, more)) = alternative.wanted.split_first() else {
        conditions.push("candidate.user_id = $1".to_owned());
        return format!(
            "select candidate.id, 0.0::float8 as score, '[]'::jsonb as places from documents candidate where {}",
            conditions.join(" and ")
        );
    };
    let joins: String = more.iter().map(|n| format!(" join term{n} on term{n}.id = candidate.id")).collect();
    let columns = |column: &str| -> Vec<_> {
        let more = more.iter().map(|number| format!("term{number}.{column}"));
        std::iter::once(format!("candidate.{column}")).chain(more).collect()
    };
    let conditions =
        if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    format!(
        "select candidate.id, {} as score, jsonb_build_array({}) as places from term{first} candidate{joins}{conditions}",
        columns("score").join(" + "),
        columns("places").join(", ")
    )
}

/// A passage by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassagePlace {
    /// The page it is on; the first is 1.
    pub page: i32,
    /// Where it begins there, in characters.
    pub start: i32,
}

impl PassagePlace {
    pub(crate) fn from_column(place: i64) -> Self {
        let start = i32::try_from(place & i64::from(u32::MAX)).unwrap_or_default();
        Self { page: i32::try_from(place >> 32).unwrap_or_default(), start }
    }
}

/// The text of a passage.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PassageText {
    #[diesel(sql_type = SqlUuid)]
    document_id: Uuid,
    /// The page it is on.
    #[diesel(sql_type = Integer)]
    pub page: i32,
    /// The text, or its beginning.
    #[diesel(sql_type = Text)]
    pub text: String,
}

impl PassageText {
    /// Whose text it is.
    pub fn document_id(&self) -> DocumentId {
        DocumentId(self.document_id)
    }
}

/// The texts of these passages of this user, by document and page.
///
/// # Errors
/// When the database does not answer.
pub async fn passage_texts(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    places: &[(DocumentId, PassagePlace)],
) -> Result<Vec<PassageText>> {
    let column = |value: fn(&PassagePlace) -> i32| -> Vec<_> {
        places.iter().map(|(_, place)| value(place)).collect()
    };
    diesel::sql_query(
        "select p.document_id, p.page, substr(page.text, p.start + 1, least(p.length, $5)) as text \
         from unnest($2, $3, $4) as wanted (document_id, page, start) \
         join search_passages p using (document_id, page, start) \
         join document_pages page on page.document_id = p.document_id and page.number = p.page \
         join documents d on d.id = p.document_id \
         where d.user_id = $1 order by p.document_id, p.page",
    )
    .bind::<BigInt, _>(owner.0)
    .bind::<Array<SqlUuid>, _>(places.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(column(|place| place.page))
    .bind::<Array<Integer>, _>(column(|place| place.start))
    .bind::<Integer, _>(PASSAGE_TEXT_MAX)
    .load(connection)
    .await
    .context("reading what was found")
}

/// The first passages of up to `limit` pages, those first in which the rarest words were found: one for
/// each term in turn.
pub(crate) fn first_places(by_term: &[Option<Vec<i64>>], limit: usize) -> Vec<PassagePlace> {
    let mut chosen = BTreeMap::new();
    let longest = by_term.iter().flatten().map(Vec::len).max().unwrap_or_default();
    for rank in 0..longest {
        for places in by_term.iter().flatten() {
            let Some(place) = places.get(rank).map(|place| PassagePlace::from_column(*place)) else {
                continue;
            };
            if chosen.len() < limit {
                chosen.entry(place.page).or_insert(place);
            }
        }
    }
    chosen.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_has_a_page_to_show() {
        let place = |page: i64, start: i64| page << 32 | start;
        let common = Some(vec![place(1, 0), place(1, 700), place(2, 0), place(3, 0)]);
        let rare = Some(vec![place(50, 9)]);
        let pages = |by_term: &[_]| -> Vec<_> {
            first_places(by_term, 3).iter().map(|place| (place.page, place.start)).collect()
        };
        assert_eq!(pages(&[common.clone(), None, rare]), [(1, 0), (2, 0), (50, 9)]);
        assert_eq!(pages(&[common]), [(1, 0), (2, 0), (3, 0)]);
        assert_eq!(pages(&[None]), []);
    }

    #[test]
    fn terms_are_asked_for_among_the_words_of_their_owner() {
        let query = Query::parse("\"old wharf\" ship").unwrap();
        let mut asked = Vec::new();
        found_sql(&query, UserId(7), |argument| {
            asked.push(argument);
            format!("${}", asked.len() + 1)
        });
        assert_eq!(
            asked,
            ["'@7' & ('old' <-> 'wharf')", "'old' <-> 'wharf'", "'@7' & ('ship':*)", "'ship':*"]
        );
    }
}
