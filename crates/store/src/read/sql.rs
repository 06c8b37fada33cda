//! A statement put together from constant parts, with its parameters numbered as they are bound. Knows no tables.

use crate::db::Value;

/// Parameters of a statement in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<Value>);

impl Params {
    /// Binds a value; how to write it in the text.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("?{}", self.0.len())
    }

    /// Binds several; how to write them between parentheses. The list must not be empty.
    pub(crate) fn bind_all<V: Into<Value>>(
        &mut self,
        values: impl IntoIterator<Item = V>,
    ) -> String {
        let each: Vec<String> = values.into_iter().map(|v| self.bind(v)).collect();
        each.join(", ")
    }

    /// The number that the next parameter will have.
    pub(crate) fn next(&self) -> usize {
        self.0.len() + 1
    }

    /// All values, in order.
    pub(crate) fn values(&self) -> &[Value] {
        &self.0
    }
}
