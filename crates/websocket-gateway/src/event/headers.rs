use std::collections::BTreeMap;

use http::HeaderMap;
use serde::Serialize;

use crate::ids::trace_root;

/// `headers`, with one value for each name, and `multiValueHeaders`, with all values.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Headers {
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
}

impl Headers {
    /// The headers of `$connect`: those that the client sent, without those that API Gateway removes, and with those that it adds.
    pub(super) fn of_handshake(sent: &HeaderMap, source_ip: &str, now_ms: u64) -> Self {
        let mut headers = Self::default();
        for (name, value) in sent {
            if !matches!(name.as_str(), "connection" | "upgrade" | "content-length") {
                headers.add(spelling(name.as_str()), String::from_utf8_lossy(value.as_bytes()).into_owned());
            }
        }
        // The values are those of AWS, where every client connects over TLS, so that a function sees no difference.
        for (name, value) in [
            ("X-Amzn-Trace-Id", trace_root(now_ms)),
            ("X-Forwarded-For", source_ip.to_owned()),
            ("X-Forwarded-Port", "443".to_owned()),
            ("X-Forwarded-Proto", "https".to_owned()),
        ] {
            headers.multi_value_headers.remove(name);
            headers.add(name.to_owned(), value);
        }
        headers
    }

    /// The same for an authorizer, which also gets the headers that API Gateway removes elsewhere, in API Gateway's spelling.
    pub(super) fn of_authorization(sent: &HeaderMap, source_ip: &str, now_ms: u64) -> Self {
        let mut headers = Self::of_handshake(sent, source_ip, now_ms);
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

/// hyper gives header names in lower case; in API Gateway's events the first letter of each word is upper-case.
fn spelling(name: &str) -> String {
    let words: Vec<_> = name.split('-').map(capitalised).collect();
    words.join("-")
}

fn capitalised(word: &str) -> String {
    if word == "websocket" {
        return "WebSocket".to_owned();
    }
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_in_real_events() {
        for (name, spelt) in [
            ("host", "Host"),
            ("sec-websocket-key", "Sec-WebSocket-Key"),
            ("user-agent", "User-Agent"),
            ("x-api-key", "X-Api-Key"),
        ] {
            assert_eq!(spelling(name), spelt);
        }
    }

    #[test]
    fn repeated_headers_are_all_in_the_multi_value_map_and_what_the_client_forged_is_gone() {
        let mut sent = HeaderMap::new();
        sent.append("cookie", "a=1".parse().unwrap());
        sent.append("cookie", "b=2".parse().unwrap());
        sent.append("x-forwarded-for", "10.9.8.7".parse().unwrap());
        sent.append("connection", "Upgrade".parse().unwrap());
        let headers = Headers::of_handshake(&sent, "192.0.2.1", 0);
        assert_eq!(headers.headers["Cookie"], "b=2");
        assert_eq!(headers.multi_value_headers["Cookie"], ["a=1", "b=2"]);
        assert_eq!(headers.multi_value_headers["X-Forwarded-For"], ["192.0.2.1"]);
        assert!(!headers.headers.contains_key("Connection"));
    }
}
