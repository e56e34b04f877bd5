use std::collections::BTreeMap;

use http::request::Parts;
use serde::Serialize;

use crate::ids::trace_root;
use crate::wire::written_head::WrittenHead;

/// What API Gateway removes from a client's headers.
const REMOVED: [&str; 3] = ["connection", "upgrade", "content-length"];

/// What it writes itself, whatever a client has sent. The values are those of AWS, where every client connects over TLS, so that a function sees no
/// difference.
const OWN: [&str; 4] = ["X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"];

/// `headers`, with one value for each name, and `multiValueHeaders`, with all values.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Headers {
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
}

impl Headers {
    /// The headers of `$connect`: those that the client sent, as it wrote them, without those that API Gateway removes, and with those that it
    /// writes itself.
    pub(super) fn of_handshake(request: &Parts, source_ip: &str, now_ms: u64) -> Self {
        let head = request.extensions.get::<WrittenHead>().cloned().unwrap_or_default();
        let written = head.names();
        let mut headers = Self::default();
        for (name, value) in &request.headers {
            if !REMOVED.contains(&name.as_str()) && !is_own(name.as_str()) {
                let name = written.get(name).copied().unwrap_or(name.as_str());
                headers.add(name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
        }
        let values = [trace_root(now_ms), source_ip.to_owned(), "443".to_owned(), "https".to_owned()];
        for (name, value) in OWN.into_iter().zip(values) {
            headers.add(name.to_owned(), value);
        }
        headers
    }

    /// The same for an authorizer, which also gets the headers that API Gateway removes elsewhere, in API Gateway's spelling.
    pub(super) fn of_authorization(request: &Parts, source_ip: &str, now_ms: u64) -> Self {
        let mut headers = Self::of_handshake(request, source_ip, now_ms);
        for (name, value) in [("Connection", "upgrade"), ("Upgrade", "websocket"), ("content-length", "0")] {
            headers.add(name.to_owned(), value.to_owned());
        }
        headers
    }

    /// The headers of `$disconnect`. The list is complete.
    pub(super) fn of_disconnect(domain_name: &str) -> Self {
        let mut headers = Self::default();
        for (name, value) in [("Host", domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")] {
            headers.add(name.to_owned(), value.to_owned());
        }
        headers
    }

    /// Of several values the last one counts: a guess, because REST APIs do so.
    fn add(&mut self, name: String, value: String) {
        self.headers.insert(name.clone(), value.clone());
        self.multi_value_headers.entry(name).or_default().push(value);
    }
}

fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn repeated_headers_are_all_in_the_multi_value_map_and_what_the_client_forged_is_gone() {
        let head = "GET /prod HTTP/1.1\r\nX-TENANT: acme\r\nhello: world\r\nCookie: a=1\r\ncookie: b=2\r\n\r\n";
        let request = Request::get("/prod").header("x-tenant", "acme").header("hello", "world");
        let request = request.header("cookie", "a=1").header("cookie", "b=2").header("x-forwarded-for", "10.9.8.7");
        let request = request
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("content-length", "0")
            .extension(WrittenHead::from(head))
            .body(())
            .unwrap();
        let headers = Headers::of_handshake(&request.into_parts().0, "192.0.2.1", 0);
        let names: Vec<_> = headers.headers.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "Cookie",
                "X-Amzn-Trace-Id",
                "X-Forwarded-For",
                "X-Forwarded-Port",
                "X-Forwarded-Proto",
                "X-TENANT",
                "hello"
            ]
        );
        assert_eq!(headers.headers["Cookie"], "b=2");
        assert_eq!(headers.multi_value_headers["Cookie"], ["a=1", "b=2"]);
        assert_eq!(headers.multi_value_headers["X-Forwarded-For"], ["192.0.2.1"]);
    }
}
