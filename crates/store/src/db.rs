//! The seam over both engines: one SQL text, `?1` parameters, four kinds of values. Nothing else knows which engine runs.

use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::collections::HashMap;

use crate::StoreError;

/// A value in or out of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB, BYTEA.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Value::Int(i64::from(v))
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}
impl From<&[u8]> for Value {
    fn from(v: &[u8]) -> Self {
        Value::Blob(v.to_vec())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

/// Makes a parameter list of anything that is a [`Value`].
#[macro_export]
macro_rules! params {
    ($($v:expr),* $(,)?) => { &[$($crate::db::Value::from($v)),*] };
}

/// A row, read by position.
#[derive(Clone, Debug)]
pub struct Row(Vec<Value>);

impl Row {
    /// All values, in order.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// A BIGINT.
    ///
    /// # Errors
    /// Corrupt if it is something else.
    pub fn int(&self, i: usize) -> Result<i64, StoreError> {
        match self.0.get(i) {
            Some(Value::Int(v)) => Ok(*v),
            other => Err(StoreError::corrupt(format!(
                "column {i} is not a number: {}",
                kind(other)
            ))),
        }
    }

    /// A BIGINT or NULL.
    ///
    /// # Errors
    /// Corrupt if it is something else.
    pub fn opt_int(&self, i: usize) -> Result<Option<i64>, StoreError> {
        if matches!(self.0.get(i), Some(Value::Null)) {
            Ok(None)
        } else {
            self.int(i).map(Some)
        }
    }

    /// A TEXT.
    ///
    /// # Errors
    /// Corrupt if it is something else.
    pub fn text(&self, i: usize) -> Result<&str, StoreError> {
        match self.0.get(i) {
            Some(Value::Text(v)) => Ok(v),
            other => Err(StoreError::corrupt(format!(
                "column {i} is not text: {}",
                kind(other)
            ))),
        }
    }

    /// A TEXT or NULL.
    ///
    /// # Errors
    /// Corrupt if it is something else.
    pub fn opt_text(&self, i: usize) -> Result<Option<&str>, StoreError> {
        if matches!(self.0.get(i), Some(Value::Null)) {
            Ok(None)
        } else {
            self.text(i).map(Some)
        }
    }

    /// A BLOB.
    ///
    /// # Errors
    /// Corrupt if it is something else.
    pub fn blob(&self, i: usize) -> Result<&[u8], StoreError> {
        match self.0.get(i) {
            Some(Value::Blob(v)) => Ok(v),
            other => Err(StoreError::corrupt(format!(
                "column {i} is not bytes: {}",
                kind(other)
            ))),
        }
    }

    /// A TEXT read as something.
    ///
    /// # Errors
    /// Corrupt if it cannot be read.
    pub fn parse<T: std::str::FromStr>(&self, i: usize) -> Result<T, StoreError> {
        self.text(i)?
            .parse()
            .map_err(|_| StoreError::corrupt(format!("column {i} cannot be read")))
    }
}

fn kind(v: Option<&Value>) -> &'static str {
    match v {
        None => "missing",
        Some(Value::Null) => "NULL",
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "text",
        Some(Value::Blob(_)) => "bytes",
    }
}

/// A PostgreSQL connection with the statements prepared on it.
pub struct Pg {
    pub(crate) client: postgres::Client,
    statements: HashMap<String, postgres::Statement>,
}

/// A connection that says good-bye on a thread of its own: it waits for the server, and whoever lets go of it may not wait.
pub(crate) struct Parting(pub(crate) Option<Box<Pg>>);

impl Drop for Parting {
    fn drop(&mut self) {
        if let Some(pg) = self.0.take() {
            // Without a thread the connection is closed by the end of the process.
            let _ = std::thread::Builder::new()
                .name("parting".into())
                .spawn(move || drop(pg));
        }
    }
}

impl Pg {
    pub(crate) fn new(client: postgres::Client) -> Self {
        Self {
            client,
            statements: HashMap::new(),
        }
    }

    fn statement(&mut self, sql: &str) -> Result<postgres::Statement, StoreError> {
        if let Some(s) = self.statements.get(sql) {
            return Ok(s.clone());
        }
        let s = self.client.prepare(&dollar(sql))?;
        // Queries of users make ever new texts; the common ones come back soon enough.
        if self.statements.len() >= 500 {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), s.clone());
        Ok(s)
    }
}

/// PostgreSQL writes parameters `$1`. (SQLite would take `$1` as a name, numbered by first appearance.)
fn dollar(sql: &str) -> String {
    sql.replace('?', "$")
}

/// A transaction, or a connection outside one, on either engine.
pub enum Tx<'a> {
    /// SQLite.
    Lite(&'a rusqlite::Connection),
    /// PostgreSQL.
    Pg(&'a mut Pg),
}

impl Tx<'_> {
    /// Runs a statement; the number of rows changed.
    ///
    /// # Errors
    /// As the engine says.
    pub fn exec(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        match self {
            Tx::Lite(c) => {
                let n = c
                    .prepare_cached(sql)?
                    .execute(rusqlite::params_from_iter(params))?;
                Ok(n as u64)
            }
            Tx::Pg(pg) => {
                let s = pg.statement(sql)?;
                Ok(pg.client.execute(&s, &pg_params(params))?)
            }
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// As the engine says.
    pub fn all(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        match self {
            Tx::Lite(c) => {
                let mut s = c.prepare_cached(sql)?;
                let columns = s.column_count();
                let mut rows = s.query(rusqlite::params_from_iter(params))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    let values: Result<Vec<Value>, StoreError> =
                        (0..columns).map(|i| lite_value(row, i)).collect();
                    out.push(Row(values?));
                }
                Ok(out)
            }
            Tx::Pg(pg) => {
                let s = pg.statement(sql)?;
                let rows = pg.client.query(&s, &pg_params(params))?;
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|i| pg_value(row, i))
                            .collect::<Result<_, _>>()
                            .map(Row)
                    })
                    .collect()
            }
        }
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As the engine says.
    pub fn opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.all(sql, params)?.into_iter().next())
    }

    /// The first row, which must be there.
    ///
    /// # Errors
    /// Corrupt if it is not.
    pub fn one(&mut self, sql: &str, params: &[Value]) -> Result<Row, StoreError> {
        self.opt(sql, params)?
            .ok_or_else(|| StoreError::corrupt("a row that must exist is missing"))
    }

    /// Runs statements without parameters or rows, such as BEGIN.
    ///
    /// # Errors
    /// As the engine says.
    pub fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Tx::Lite(c) => Ok(c.execute_batch(sql)?),
            Tx::Pg(pg) => Ok(pg.client.batch_execute(sql)?),
        }
    }

    /// Whether this is PostgreSQL: for full-text search and locking only.
    pub fn is_pg(&self) -> bool {
        matches!(self, Tx::Pg(_))
    }

    /// Prepares a statement without running it; used to check every statement on both engines.
    ///
    /// # Errors
    /// As the engine says.
    pub fn check(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Tx::Lite(c) => c.prepare(sql).map(|_| ()).map_err(Into::into),
            Tx::Pg(pg) => pg.statement(sql).map(|_| ()),
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Blob(v) => ValueRef::Blob(v),
        }))
    }
}

fn lite_value(row: &rusqlite::Row<'_>, i: usize) -> Result<Value, StoreError> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(i)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Text(v) => Value::Text(
            std::str::from_utf8(v)
                .map_err(StoreError::corrupt)?
                .to_owned(),
        ),
        ValueRef::Blob(v) => Value::Blob(v.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::corrupt("a column holds a fraction")),
    })
}

fn pg_params(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|v| v as &(dyn ToSql + Sync)).collect()
}

fn pg_value(row: &postgres::Row, i: usize) -> Result<Value, StoreError> {
    let ty = row.columns()[i].type_();
    Ok(if *ty == Type::INT8 {
        row.try_get::<_, Option<i64>>(i)?.into()
    } else if *ty == Type::INT4 {
        row.try_get::<_, Option<i32>>(i)?.map(i64::from).into()
    } else if *ty == Type::BYTEA {
        row.try_get::<_, Option<Vec<u8>>>(i)?
            .map_or(Value::Null, Value::Blob)
    } else {
        row.try_get::<_, Option<String>>(i)?.into()
    })
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(v) if *ty == Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
            Value::Int(v) => v.to_sql(ty, out),
            Value::Text(v) => v.to_sql(ty, out),
            Value::Blob(v) => v.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
