//! `PostgreSQL` (Debian's 15), one connection with its prepared statements. What waits for no answer goes out together with
//! what does; bulk rows go by binary COPY.

mod gathered;
mod tls;

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use ::postgres::config::SslMode;
use ::postgres::error::SqlState;
use ::postgres::tls::MakeTlsConnect;
use ::postgres::types::{IsNull, ToSql, Type as PgType};
use ::postgres::{Config, NoTls, Socket, Statement};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{SinkExt as _, TryStreamExt as _};
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, RowStream, SimpleQueryMessage};

use self::tls::Secured;
use super::{Apart, Asked, Each, EachOf, Engine, Row, Session, Table, Type, Value};
use crate::seal::SealKeys;
use crate::store::place::is_here;
use crate::store::{Server, StoreError, TlsFault, schema};

/// How often one knocks at a server that has gone before giving up: about three seconds, and about fifty where several
/// hosts are named, of which one is to take the other's place.
const KNOCKS: [u32; 2] = [6, 30];

/// Octets of rows that are handed over at once.
const COPY_PART: usize = 128 * 1024;

/// Whose rows belong to a person without a foreign key (decision 0173).
const OWNED: [&str; 3] = ["person_act", "outbox", "linked_step"];

/// The register asks by keys. A plan is kept with its statement; one that was made while a table was empty would read the
/// table whole long after it has grown, or an index that holds all the columns asked for, which then looks as good as any other. Where
/// there is no key to go by, the table is read whole as before, and nothing is compiled for it because it looks costly. A plan is
/// made once for all values: there is one way to go by a key.
const SETTINGS: &str = "SET enable_seqscan = off; SET enable_indexonlyscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan; \
    SELECT 1 FROM pg_extension WHERE extname = 'citus'";

pub(in crate::store) struct Postgres {
    server: Server,
    client: Client,
    /// The connection lives in it; it runs while this thread waits for an answer.
    runtime: Runtime,
    prepared: HashMap<String, Statement>,
    /// What goes out before the next statement, in order.
    waiting: Vec<Waiting>,
    /// Whether its rows may lie on several machines.
    distributed: bool,
    seal: SealKeys,
}

enum Waiting {
    Script(&'static str),
    /// With the number of rows that it has to change, if it does.
    Statement(String, Vec<Value<'static>>, Option<u64>),
}

impl Postgres {
    pub(in crate::store) fn connect(server: &Server, seal: SealKeys) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Engine(Box::new(error)))?;
        let (client, distributed) = connected(&runtime, server)?;
        let (prepared, waiting) = (HashMap::new(), Vec::new());
        Ok(Self { server: server.clone(), client, runtime, prepared, waiting, distributed, seal })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.runtime.block_on(self.client.prepare(&numbered(sql))).map_err(engine)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Sends all that waits and these, then reads the answers in order. The first that failed is the error; the others
    /// were refused with it, as statements of a transaction are.
    fn together(
        &mut self,
        asked: &[(Statement, &[Value<'_>])],
        script: Option<&'static str>,
        each: &mut EachOf<'_>,
    ) -> Result<Vec<u64>, StoreError> {
        let waiting = gathered::gathered(core::mem::take(&mut self.waiting));
        let prepared: Vec<Option<Statement>> = waiting
            .iter()
            .map(|waiting| match waiting {
                Waiting::Script(_) => Ok(None),
                Waiting::Statement(sql, ..) => self.statement(sql).map(Some),
            })
            .collect::<Result<_, StoreError>>()?;
        let client = &self.client;
        let before = waiting.iter().zip(&prepared).filter_map(|one| match one {
            (Waiting::Script(sql), _) => Some(One::Script(sql)),
            (Waiting::Statement(_, values, _), Some(statement)) => Some(One::Statement(statement, values)),
            (Waiting::Statement(..), None) => None,
        });
        let these = asked.iter().map(|(statement, values)| One::Statement(statement, values));
        let all: Vec<One<'_>> = before.chain(these).chain(script.map(One::Script)).collect();
        let first = waiting.len();
        self.runtime.block_on(async {
            let mut open: Vec<_> = all.into_iter().map(|one| Box::pin(begin(client, one))).collect();
            // A future sends when it is first asked: each is, in order, before any answer is waited for.
            let mut ready = Vec::with_capacity(open.len());
            std::future::poll_fn(|context| {
                for one in &mut open {
                    ready.push(match one.as_mut().poll(context) {
                        Poll::Ready(begun) => Some(begun),
                        Poll::Pending => None,
                    });
                }
                Poll::Ready(())
            })
            .await;
            let mut changed = Vec::with_capacity(asked.len());
            for (place, (one, ready)) in open.into_iter().zip(ready).enumerate() {
                let begun = match ready {
                    Some(begun) => begun,
                    None => one.await,
                };
                let Some(rows) = begun.map_err(engine)? else { continue };
                let mut rows = pin!(rows);
                let waited = waiting.get(place);
                let place = place.checked_sub(first).filter(|place| *place < asked.len());
                while let Some(row) = rows.try_next().await.map_err(engine)? {
                    if let Some(place) = place {
                        each(place, &row)?;
                    }
                }
                if let Some(Waiting::Statement(.., Some(count))) = waited
                    && rows.rows_affected() != Some(*count)
                {
                    return Err(StoreError::Busy);
                }
                if place.is_some() {
                    changed.push(rows.rows_affected().unwrap_or_default());
                }
            }
            Ok(changed)
        })
    }
}

/// One thing that is sent.
enum One<'s> {
    Script(&'s str),
    Statement(&'s Statement, &'s [Value<'s>]),
}

/// Sends; the rows are read afterwards, one after another.
async fn begin(client: &Client, one: One<'_>) -> Result<Option<RowStream>, ::postgres::Error> {
    match one {
        One::Script(sql) => client.batch_execute(sql).await.map(|()| None),
        One::Statement(statement, values) => client.query_raw(statement, parameters(values)).await.map(Some),
    }
}

/// The same place, for the client that sends before it waits.
fn asynchronous(config: &Config) -> tokio_postgres::Config {
    let mut other = tokio_postgres::Config::new();
    if let Some(user) = config.get_user() {
        other.user(user);
    }
    if let Some(password) = config.get_password() {
        other.password(password);
    }
    if let Some(name) = config.get_dbname() {
        other.dbname(name);
    }
    if let Some(options) = config.get_options() {
        other.options(options);
    }
    if let Some(name) = config.get_application_name() {
        other.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        other.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        other.tcp_user_timeout(*timeout);
    }
    for host in config.get_hosts() {
        match host {
            ::postgres::config::Host::Tcp(name) => other.host(name),
            ::postgres::config::Host::Unix(path) => other.host_path(path),
        };
    }
    for address in config.get_hostaddrs() {
        other.hostaddr(*address);
    }
    for port in config.get_ports() {
        other.port(*port);
    }
    other
        .ssl_mode(config.get_ssl_mode())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    other
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
        let changed = self.together(&[(statement, values)], None, &mut |_, _| Ok(()))?;
        Ok(changed.first().copied().unwrap_or_default())
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<(), StoreError> {
        let statement = self.statement(sql)?;
        self.together(&[(statement, values)], None, &mut |_, row| each(row)).map(drop)
    }

    fn ask(&mut self, asked: &[Asked<'_>], each: &mut EachOf<'_>) -> Result<Vec<u64>, StoreError> {
        let asked: Vec<(Statement, &[Value<'_>])> = asked
            .iter()
            .map(|(sql, values)| Ok((self.statement(sql)?, values.as_slice())))
            .collect::<Result<_, StoreError>>()?;
        self.together(&asked, None, each)
    }

    fn later(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError> {
        let values = values.into_iter().map(Value::into_owned).collect();
        self.waiting.push(Waiting::Statement(sql.to_owned(), values, None));
        Ok(())
    }

    fn replace(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError> {
        let values = values.into_iter().map(Value::into_owned).collect();
        self.waiting.push(Waiting::Statement(sql.to_owned(), values, Some(1)));
        Ok(())
    }

    fn load<'v>(
        &mut self,
        table: &Table<'_>,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'v>>, StoreError>>,
    ) -> Result<bool, StoreError> {
        // A row that is there already undoes this load only.
        self.script("SAVEPOINT load")?;
        match self.copy(table, rows) {
            Ok(()) => {
                self.waiting.push(Waiting::Script("RELEASE SAVEPOINT load"));
                Ok(true)
            }
            Err(NotCopied::Engine(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                self.script("ROLLBACK TO SAVEPOINT load")?;
                Ok(false)
            }
            Err(NotCopied::Engine(error)) => Err(engine(error)),
            Err(NotCopied::Row(error)) => Err(error),
        }
    }

    fn locks_several(&self) -> bool {
        !self.distributed
    }

    fn seal(&self) -> &SealKeys {
        &self.seal
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.together(&[], None, &mut |_, _| Ok(()))?;
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(engine)
    }
}

enum NotCopied {
    Row(StoreError),
    Engine(::postgres::Error),
}

impl From<::postgres::Error> for NotCopied {
    fn from(error: ::postgres::Error) -> Self {
        Self::Engine(error)
    }
}

impl Postgres {
    /// One stream of rows in the binary form of COPY; a row is made while the server checks those before it.
    fn copy<'v>(
        &mut self,
        table: &Table<'_>,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'v>>, StoreError>>,
    ) -> Result<(), NotCopied> {
        let sql = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.columns);
        let client = &self.client;
        self.runtime.block_on(async {
            let mut sink = pin!(client.copy_in::<_, Bytes>(&sql).await?);
            let mut part = BytesMut::with_capacity(COPY_PART * 2);
            // Signature, flags, no extension.
            part.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
            for row in rows {
                let row = row.map_err(NotCopied::Row)?;
                put_row(table, &row, &mut part).map_err(NotCopied::Row)?;
                if part.len() >= COPY_PART {
                    sink.send(part.split().freeze()).await?;
                    part.reserve(COPY_PART * 2);
                }
            }
            part.put_i16(-1);
            sink.send(part.freeze()).await?;
            let sink: Pin<&mut _> = sink.as_mut();
            sink.finish().await?;
            Ok(())
        })
    }
}

fn put_row(table: &Table<'_>, row: &[Value<'_>], out: &mut BytesMut) -> Result<(), StoreError> {
    let long = |_| StoreError::Inconsistent("a row that is too long");
    out.put_i16(i16::try_from(row.len()).map_err(long)?);
    for (value, kind) in row.iter().zip(table.types) {
        let octets = match (value, kind) {
            (Value::Null, _) => {
                out.put_i32(-1);
                continue;
            }
            (Value::Int(number), Type::Int) => {
                out.put_i32(8);
                out.put_i64(*number);
                continue;
            }
            (Value::Text(text), Type::Text) => text.as_bytes(),
            (Value::Bytes(octets), Type::Octets) => octets.as_ref(),
            _ => return Err(StoreError::Inconsistent("a value of another type than its column")),
        };
        out.put_i32(i32::try_from(octets.len()).map_err(long)?);
        out.put_slice(octets);
    }
    Ok(())
}

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn begin(&mut self, apart: Apart) -> Result<(), StoreError> {
        self.waiting.push(Waiting::Script(match apart {
            Apart::Rows => "BEGIN",
            Apart::Whole => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Apart::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        // Whoever was quicker is seen before, not by the answers of what is on the disk already.
        if self.waiting.iter().any(|one| matches!(one, Waiting::Statement(.., Some(_)))) {
            self.together(&[], None, &mut |_, _| Ok(()))?;
        }
        self.together(&[], Some("COMMIT"), &mut |_, _| Ok(())).map(drop)
    }

    fn rollback(&mut self) {
        self.waiting.clear();
        // A lost connection has rolled back already.
        let _ = self.runtime.block_on(self.client.batch_execute("ROLLBACK"));
    }

    fn reconnect(&mut self) -> Result<bool, StoreError> {
        self.prepared.clear();
        self.waiting.clear();
        let [alone, several] = KNOCKS;
        let hosts = self.server.config.get_hosts().len().max(self.server.config.get_hostaddrs().len());
        let knocks = if hosts > 1 { several } else { alone };
        for knock in 0..knocks {
            match connected(&self.runtime, &self.server) {
                Ok((client, distributed)) => {
                    (self.client, self.distributed) = (client, distributed);
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

    fn check_owners(&mut self) -> Result<(), StoreError> {
        OWNED.iter().try_for_each(|table| {
            let sql = format!(
                "SELECT 1 FROM {table} LEFT JOIN person ON person.personal_number = {table}.personal_number \
                 WHERE person.personal_number IS NULL LIMIT 1"
            );
            self.query(&sql, &[], &mut |_| Err(StoreError::Inconsistent("a row belongs to nobody")))
        })
    }

    fn check_integrity(&mut self) -> Result<(), StoreError> {
        self.check_owners()?;
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
    fn str(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.try_get(column).map_err(engine)
    }

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

/// A connection, encrypted to the roots that the place names, or not encrypted within this machine; and whether the database
/// may be one of several machines.
fn connected(runtime: &Runtime, server: &Server) -> Result<(Client, bool), StoreError> {
    let encrypted = matches!(server.config.get_ssl_mode(), SslMode::Require);
    match &server.root {
        Some(root) if encrypted => opened(runtime, &server.config, Secured::by(root)?),
        _ if encrypted => Err(TlsFault::NoRoot.into()),
        _ if is_here(&server.config) => opened(runtime, &server.config, NoTls),
        _ => Err(StoreError::Unprotected),
    }
}

fn opened<T>(runtime: &Runtime, config: &Config, tls: T) -> Result<(Client, bool), StoreError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let config = asynchronous(config);
    let client = runtime.block_on(async {
        let (client, connection) = config.connect(tls).await?;
        // Ends with the client; what fails in it fails in the statement that waits.
        tokio::spawn(connection);
        let said = client.simple_query(SETTINGS).await?;
        let distributed = said.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_)));
        Ok((client, distributed))
    });
    client.map_err(unconnected)
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
