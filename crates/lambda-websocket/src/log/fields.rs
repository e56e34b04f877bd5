//! A span's fields as a JSON object, serialised one by one.
//!
//! `tracing_subscriber`'s own `JsonFields` collects them in a map of `serde_json` values first. The fields of each event's two spans are
//! formatted even if nothing is logged, so that map would be part of what every event costs.

use std::fmt::{self, Debug};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

#[derive(Debug)]
pub(super) struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut object = OpenObject(Vec::with_capacity(192));
        object.0.push(b'{');
        fields.record(&mut object);
        writer.write_str(&object.close()?)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut object = OpenObject(std::mem::take(&mut current.fields).into_bytes());
        object.0.pop();
        fields.record(&mut object);
        current.fields = object.close()?;
        Ok(())
    }
}

/// A JSON object without its closing brace.
struct OpenObject(Vec<u8>);

impl OpenObject {
    fn add(&mut self, field: &Field, value: impl Serialize) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.write(field.name());
        self.0.push(b':');
        self.write(value);
    }

    fn write(&mut self, value: impl Serialize) {
        // Neither texts and numbers nor writing into memory can fail.
        let _ = serde_json::to_writer(&mut self.0, &value);
    }

    fn close(mut self) -> Result<String, fmt::Error> {
        self.0.push(b'}');
        String::from_utf8(self.0).map_err(|_| fmt::Error)
    }
}

impl Visit for OpenObject {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format!("{value:?}"));
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
    fn every_kind_of_field_is_valid_json_whenever_it_is_recorded() {
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
