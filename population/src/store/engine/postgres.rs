//! `PostgreSQL` (Debian's 15), one connection with its prepared statements. Bulk rows go by binary COPY.

mod tls;

use std::collections::HashMap;
use std::time::Duration;

use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::config::SslMode;
use ::postgres::error::SqlState;
use ::postgres::types::{IsNull, ToSql, Type as PgType};
use ::postgres::{Client, NoTls, Statement};
use bytes::BytesMut;
use jiff::Timestamp;

use self::tls::Secured;
use super::{Apart, Each, Engine, Row, Session, Table, Type, Value};
use crate::seal::SealKeys;
use crate::store::place::is_here;
use crate::store::{Server, StoreError, TlsFault, schema};

/// How often one knocks at a server that has gone before giving up: about three seconds, and about fifty where several
/// hosts are named, of which one is to take the other's place.
const KNOCKS: [u32; 2] = [6, 30];

pub(in crate::store) struct Postgres {
    server: Server,
    client: Client,
    prepared: HashMap<String, Statement>,
    seal: SealKeys,
}

impl Postgres {
    pub(in crate::store) fn connect(server: &Server, seal: SealKeys) -> Result<Self, StoreError> {
        Ok(Self { server: server.clone(), client: connected(server)?, prepared: HashMap::new(), seal })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&numbered(sql)).map_err(engine)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// `?1` → `$1`. No statement of the register has a question mark elsewhere.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

fn parameters<'v>(values: &'v [Value<'v>]) -> impl ExactSizeIterator<Item = &'v (dyn ToSql + Sync)> {
    values.iter().map(|value| -> &(dyn ToSql + Sync) { value })
}

impl Session for Postgres {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let values: Vec<_> = parameters(values).collect();
        self.client.execute(&statement, &values).map_err(engine)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<(), StoreError> {
        use ::postgres::fallible_iterator::FallibleIterator as _;
        let statement = self.statement(sql)?;
        let mut rows = self.client.query_raw(&statement, parameters(values)).map_err(engine)?;
        while let Some(row) = rows.next().map_err(engine)? {
            each(&row)?;
        }
        Ok(())
    }

    fn load(&mut self, table: &Table<'_>, rows: &[Vec<Value<'_>>]) -> Result<bool, StoreError> {
        if rows.is_empty() {
            return Ok(true);
        }
        // A row that is there already undoes this load only.
        self.client.batch_execute("SAVEPOINT load").map_err(engine)?;
        let copied = self.copy(table, rows);
        match copied {
            Ok(()) => {
                self.client.batch_execute("RELEASE SAVEPOINT load").map_err(engine)?;
                Ok(true)
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                self.client.batch_execute("ROLLBACK TO SAVEPOINT load").map_err(engine)?;
                Ok(false)
            }
            Err(error) => Err(engine(error)),
        }
    }

    fn seal(&self) -> &SealKeys {
        &self.seal
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(engine)
    }
}

impl Postgres {
    fn copy(&mut self, table: &Table<'_>, rows: &[Vec<Value<'_>>]) -> Result<(), ::postgres::Error> {
        let sql = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.columns);
        let types: Vec<PgType> = table
            .types
            .iter()
            .map(|kind| match kind {
                Type::Text => PgType::TEXT,
                Type::Int => PgType::INT8,
                Type::Octets => PgType::BYTEA,
            })
            .collect();
        let mut writer = BinaryCopyInWriter::new(self.client.copy_in(&sql)?, &types);
        for row in rows {
            writer.write_raw(parameters(row))?;
        }
        writer.finish().map(drop)
    }
}

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn begin(&mut self, apart: Apart) -> Result<(), StoreError> {
        self.client
            .batch_execute(match apart {
                Apart::Rows => "BEGIN",
                Apart::Whole => "BEGIN ISOLATION LEVEL SERIALIZABLE",
                Apart::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .map_err(engine)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.client.batch_execute("COMMIT").map_err(engine)
    }

    fn rollback(&mut self) {
        // A lost connection has rolled back already.
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn reconnect(&mut self) -> Result<bool, StoreError> {
        self.prepared.clear();
        let [alone, several] = KNOCKS;
        let hosts = self.server.config.get_hosts().len().max(self.server.config.get_hostaddrs().len());
        let knocks = if hosts > 1 { several } else { alone };
        for knock in 0..knocks {
            match connected(&self.server) {
                Ok(client) => {
                    self.client = client;
                    return Ok(true);
                }
                Err(StoreError::Unreachable) => {
                    let wait = 100_u64.checked_shl(knock).unwrap_or(u64::MAX).min(2_000);
                    std::thread::sleep(Duration::from_millis(wait));
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unreachable)
    }

    fn migrate(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.begin(Apart::Rows)?;
        let migrated = schema::postgres::migrate(self, at).and_then(|()| self.commit());
        if migrated.is_err() {
            self.rollback();
        }
        migrated
    }

    fn dialect(&self, sql: &str) -> String {
        schema::additions::for_postgres(sql)
    }

    fn asks_for_table(&self) -> &'static str {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename::text = ?1"
    }

    fn keep_migration(&mut self, table: &str) -> Result<(), StoreError> {
        self.script(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE"))
    }

    fn check(&mut self) -> Result<(), StoreError> {
        schema::check(
            self,
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migration'",
        )
    }

    fn catalogue(&self) -> (&'static str, &'static str) {
        (
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
            "SELECT column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name::text = ?1",
        )
    }

    fn hold(&mut self, table: &str) -> Result<(), StoreError> {
        self.script(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE"))
    }

    fn check_integrity(&mut self) -> Result<(), StoreError> {
        // The engine holds its own constraints; what spans tables without a key between them is ours to ask.
        self.query(
            "SELECT 1 FROM sod_claim LEFT JOIN card ON card.personal_number = sod_claim.personal_number \
             AND card.sod_sha256 = sod_claim.sod_sha256 WHERE card.sod_sha256 IS NULL LIMIT 1",
            &[],
            &mut |_| Err(StoreError::Inconsistent("a claim without its card")),
        )
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &PgType,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn core::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Text(text) => text.as_ref().to_sql(kind, out),
            Value::Int(number) if *kind == PgType::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Value::Int(number) => number.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.as_ref().to_sql(kind, out),
        }
    }

    fn accepts(kind: &PgType) -> bool {
        [PgType::TEXT, PgType::VARCHAR, PgType::INT8, PgType::INT4, PgType::BYTEA].contains(kind)
    }

    ::postgres::types::to_sql_checked!();
}

impl Row for ::postgres::Row {
    fn text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.try_get(column).map_err(engine)
    }

    fn int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        if self.columns().get(column).is_some_and(|column| *column.type_() == PgType::INT4) {
            return self
                .try_get::<_, Option<i32>>(column)
                .map(|number| number.map(i64::from))
                .map_err(engine);
        }
        self.try_get(column).map_err(engine)
    }

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(column).map_err(engine)
    }
}

/// What `PostgreSQL` says: its code, never its detail, which quotes rows.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL reports {0}")]
struct Code(String);

fn engine(error: ::postgres::Error) -> StoreError {
    match error.code() {
        Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)) => StoreError::Busy,
        Some(&SqlState::UNDEFINED_TABLE) => StoreError::NotInitialised,
        Some(&(SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN)) => {
            StoreError::Unreachable
        }
        Some(code) => StoreError::Engine(Box::new(Code(code.code().to_owned()))),
        None if error.is_closed() || of_the_system(&error) => StoreError::Unreachable,
        None => StoreError::Engine(Box::new(Code("a value that it does not take".to_owned()))),
    }
}

/// A connection: encrypted to the roots that the place names, or not encrypted within this machine.
fn connected(server: &Server) -> Result<Client, StoreError> {
    let encrypted = matches!(server.config.get_ssl_mode(), SslMode::Require);
    match &server.root {
        Some(root) if encrypted => server.config.connect(Secured::by(root)?).map_err(unconnected),
        _ if encrypted => Err(TlsFault::NoRoot.into()),
        _ if is_here(&server.config) => server.config.connect(NoTls).map_err(unconnected),
        _ => Err(StoreError::Unprotected),
    }
}

fn of_the_system(error: &::postgres::Error) -> bool {
    core::error::Error::source(error).is_some_and(<dyn core::error::Error>::is::<std::io::Error>)
}

/// A server that answers says why it lets nobody in; where only the system has something to say, nobody answered.
fn unconnected(error: ::postgres::Error) -> StoreError {
    let source = core::error::Error::source(&error);
    if let Some(fault) = source.and_then(|source| source.downcast_ref::<TlsFault>()) {
        return fault.clone().into();
    }
    match (error.code(), of_the_system(&error)) {
        (None, true) => StoreError::Unreachable,
        // The driver's words for an answer that is no handshake.
        (None, false) if error.to_string().starts_with("error performing TLS handshake") => {
            TlsFault::NotOffered.into()
        }
        (None, false) if !error.is_closed() => {
            StoreError::Engine(Box::new(Code("no way in with this user and password".to_owned())))
        }
        _ => engine(error),
    }
}

/// Class 23 of `PostgreSQL`'s codes: integrity constraint violation.
pub(super) fn is_constraint(error: &(dyn core::error::Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(|Code(code)| code.starts_with("23"))
}
