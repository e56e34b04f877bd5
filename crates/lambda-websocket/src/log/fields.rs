//! A span's fields as a JSON object, written as they come. Each event has two spans, and their fields are formatted whether or not
//! anything is logged.

use std::fmt::{self, Debug};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

#[derive(Debug)]
pub(super) struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut object = Object { json: String::with_capacity(192) };
        object.json.push('{');
        fields.record(&mut object);
        object.json.push('}');
        writer.write_str(&object.json)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        current.fields.pop();
        let mut object = Object { json: std::mem::take(&mut current.fields) };
        fields.record(&mut object);
        object.json.push('}');
        current.fields = object.json;
        Ok(())
    }
}

/// An object that is not closed yet.
struct Object {
    json: String,
}

impl Object {
    fn name(&mut self, field: &Field) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.quoted(field.name());
        self.json.push(':');
    }

    fn quoted(&mut self, text: &str) {
        if text.bytes().any(|byte| byte == b'"' || byte == b'\\' || byte < b' ') {
            self.json.push_str(&Value::from(text).to_string());
        } else {
            self.json.push('"');
            self.json.push_str(text);
            self.json.push('"');
        }
    }
}

impl Visit for Object {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.quoted(value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.json.push_str(if value { "true" } else { "false" });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        self.json.push_str(&value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        self.json.push_str(&value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        // JSON has no NaN and no infinity: `Value` makes null of them.
        self.json.push_str(&Value::from(value).to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.quoted(&format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::prelude::*;

    use super::JsonFields;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn every_kind_of_field_is_one_of_json_whenever_it_is_recorded() {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer().json().fmt_fields(JsonFields).with_writer(lines.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!(
                "a",
                text = "\"\\\n",
                yes = true,
                less = -1,
                ratio = 0.5,
                nan = f64::NAN,
                r#type = 7_u64
            );
            let _outer = span.enter();
            let span = tracing::info_span!("b", debug = ?Some("x"), first = Empty, second = Empty);
            let _inner = span.enter();
            span.record("first", 1);
            let span = tracing::info_span!("c", first = Empty, second = Empty);
            let _innermost = span.enter();
            span.record("first", "é").record("second", 2);
            tracing::info!("here");
        });
        let line: Value = serde_json::from_slice(&lines.0.lock().unwrap()).unwrap();
        let spans = json!([
            { "name": "a", "text": "\"\\\n", "yes": true, "less": -1, "ratio": 0.5, "nan": null, "type": 7 },
            { "name": "b", "debug": "Some(\"x\")", "first": 1 },
            { "name": "c", "first": "é", "second": 2 },
        ]);
        assert_eq!(line["spans"], spans);
    }
}
