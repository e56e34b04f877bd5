use std::collections::BTreeMap;

use http::Uri;
use serde::Serialize;

/// `queryStringParameters`, with one value for each name, and `multiValueQueryStringParameters`, with all values.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Query {
    query_string_parameters: BTreeMap<String, String>,
    multi_value_query_string_parameters: BTreeMap<String, Vec<String>>,
}

impl Query {
    /// `None` for a URL without a query: the event then has neither key.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(uri.query()?.as_bytes()) {
            query.query_string_parameters.insert(name.clone().into_owned(), value.clone().into_owned());
            query.multi_value_query_string_parameters.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        (!query.query_string_parameters.is_empty()).then_some(query)
    }
}
