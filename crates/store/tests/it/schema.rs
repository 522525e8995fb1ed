//! `schema.rs` is written by hand; here it is held against the database.

use std::{collections::BTreeMap, fmt::Write as _};

use quire_testkit::TestDatabase;
use serde::Deserialize;

const DECLARED: &str = include_str!("../../src/schema.rs");

/// Rows that outlive what they speak of.
const NOT_CASCADING: [&str; 7] = [
    "audit_log.actor_id",
    "audit_log.subject_id",
    "cv_edits.user_id",
    "documents.parent_id",
    "uploads.document_id",
    "uploads.task_id",
    "uploads.user_id",
];

/// Tables by name, each as `diesel::table!` writes it.
type Tables = BTreeMap<String, String>;

fn declared(source: &str) -> Tables {
    let blocks = source.split("diesel::table! {").skip(1);
    blocks
        .map(|block| {
            let mut lines =
                block.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("use "));
            let head = lines.next().unwrap().trim_end_matches('{').trim();
            let columns = lines.take_while(|line| *line != "}").map(|line| line.trim_end_matches(','));
            let table = columns.fold(head.to_owned(), |table, column| format!("{table}\n{column}"));
            (head.split(' ').next().unwrap().to_owned(), table)
        })
        .collect()
}

async fn in_database(database: &TestDatabase) -> Tables {
    #[derive(Deserialize)]
    struct Column {
        relation: String,
        column: String,
        sql_type: String,
        nullable: bool,
        primary_key: String,
    }
    let columns: Vec<Column> = database
        .query_all(
            "select c.relname as relation, a.attname as \"column\", t.typname as sql_type,
                 not a.attnotnull as nullable,
                 (select string_agg(k.attname, ', ' order by array_position(i.indkey, k.attnum))
                  from pg_index i join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any(i.indkey)
                  where i.indrelid = c.oid and i.indisprimary) as primary_key
             from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                 and c.relname <> '__diesel_schema_migrations' and a.attnum > 0 and not a.attisdropped
             order by c.relname, a.attnum",
        )
        .await;
    let mut tables = Tables::new();
    for Column { relation, column, sql_type, nullable, primary_key } in columns {
        let head = format!("{relation} ({primary_key})");
        let kind = diesel_type(&sql_type);
        let kind = if nullable { format!("Nullable<{kind}>") } else { kind.to_owned() };
        write!(tables.entry(relation).or_insert(head), "\n{column} -> {kind}").unwrap();
    }
    tables
}

fn diesel_type(sql_type: &str) -> &str {
    match sql_type {
        "_int4" => "Array<Integer>",
        "_text" => "Array<Text>",
        "bool" => "Bool",
        "bytea" => "Binary",
        "date" => "Date",
        "float4" => "Float",
        "int2" => "SmallInt",
        "int4" => "Integer",
        "int8" => "BigInt",
        "jsonb" => "Jsonb",
        "numeric" => "Numeric",
        "text" => "Text",
        "timestamptz" => "Timestamptz",
        "tsvector" => "Tsvector",
        "uuid" => "Uuid",
        other => panic!("which diesel type is {other}? Add it here."),
    }
}

#[tokio::test]
async fn schema_rs_is_what_the_migrations_make() {
    let database = TestDatabase::new().await;
    let (declared, made) = (declared(DECLARED), in_database(&database).await);
    let names = |tables: &Tables| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&declared), names(&made));
    for (name, table) in &declared {
        assert_eq!(table, &made[name], "src/schema.rs (left) and the database (right) differ");
    }
}

#[tokio::test]
async fn a_drift_is_seen() {
    let drifts = [
        "alter table users add column extra int",
        "alter table users alter column phone drop not null",
        "alter table tasks alter column progress type integer",
        "alter table events drop column message",
        "alter table document_pages drop constraint document_pages_pkey, add primary key (number, document_id)",
        "create table more (id bigint primary key)",
    ];
    let database = TestDatabase::new().await;
    let mut seen = in_database(&database).await;
    for drift in drifts {
        database.execute(drift).await;
        let now = in_database(&database).await;
        assert_ne!(now, seen, "{drift}");
        seen = now;
    }
}

#[derive(Deserialize)]
struct ForeignKey {
    column: String,
    on_delete: String,
    indexed: bool,
}

#[tokio::test]
async fn what_belongs_to_something_goes_with_it() {
    let database = TestDatabase::new().await;
    let keys: Vec<ForeignKey> = database
        .query_all(
            "select format('%s.%s', k.conrelid::regclass, a.attname) as \"column\",
                 case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' else 'refuse' end as on_delete,
                 exists (select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1]
                     and i.indpred is null) as indexed
             from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
             where k.contype = 'f' order by 1",
        )
        .await;
    assert!(keys.iter().any(|key| key.column == "tasks.document_id"));
    for ForeignKey { column, on_delete, indexed } in &keys {
        let wanted = if NOT_CASCADING.contains(&column.as_str()) { "set null" } else { "cascade" };
        assert_eq!(on_delete, wanted, "{column}");
        // Without one, each deletion reads the whole table.
        assert!(indexed, "{column} has no index");
    }
    for reviewed in NOT_CASCADING {
        assert!(keys.iter().any(|key| key.column == reviewed), "{reviewed} is gone: take it off the list");
    }
}
