//! Which web pages may connect.

use std::str::FromStr;

const VARIABLE: &str = "ALLOWED_ORIGINS";

/// The origins whose pages may connect, for [`Connect::check_origin`](crate::Connect::check_origin): a list such as
/// `https://example.com, http://localhost:8080`. An empty list allows all.
///
/// Scheme, host and port must all be the same; the case of scheme and host does not matter, and neither does a default port that is
/// spelt out. There are no wildcards, and `null`, the origin of files and sandboxed frames, is never allowed: any page can assume it.
///
/// ```
/// use lambda_websocket::AllowedOrigins;
///
/// let allowed: AllowedOrigins = "https://example.com".parse()?;
/// assert!(allowed.admits("https://example.com"));
/// assert!(!allowed.admits("https://example.com.evil.example"));
/// # Ok::<(), lambda_websocket::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<WebOrigin>);

/// An entry in a list of origins can't be the `Origin` of a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin: write scheme://host or scheme://host:port, in ASCII and with nothing after it")]
pub struct InvalidOrigin(String);

impl AllowedOrigins {
    /// The list in the environment variable `ALLOWED_ORIGINS`. If the variable is not set or empty, all origins are allowed.
    ///
    /// # Errors
    /// If an entry in the list is not an origin. A `main` that ends with this error lets no client in.
    pub fn from_env() -> Result<Self, InvalidOrigin> {
        let list = std::env::var_os(VARIABLE).unwrap_or_default();
        list.into_string().map_err(|list| InvalidOrigin(list.to_string_lossy().into_owned()))?.parse()
    }

    /// Whether a page of this origin, the value of the `Origin` header, may connect.
    #[must_use]
    pub fn admits(&self, origin: &str) -> bool {
        self.0.is_empty() || WebOrigin::parse(origin).is_some_and(|origin| self.0.contains(&origin))
    }
}

impl FromStr for AllowedOrigins {
    type Err = InvalidOrigin;

    fn from_str(list: &str) -> Result<Self, InvalidOrigin> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let origins = entries.map(|entry| WebOrigin::parse(entry).ok_or_else(|| InvalidOrigin(entry.to_owned())));
        let origins = origins.collect::<Result<Vec<_>, _>>()?;
        // Commas alone are a mistake, and not a list that allows all.
        if origins.is_empty() && !list.trim().is_empty() {
            return Err(InvalidOrigin(list.to_owned()));
        }
        Ok(Self(origins))
    }
}

/// Source: RFC 6454, sections 4 and 6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
struct WebOrigin {
    scheme: String,
    host: String,
    /// `None` for the scheme's default port.
    port: Option<u16>,
}

impl WebOrigin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = split_port(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let is_default = matches!((&*scheme, port), ("http", Some(80)) | ("https", Some(443)));
        (is_scheme(&scheme) && is_host(host)).then(|| Self {
            host: host.to_ascii_lowercase(),
            port: port.filter(|_| !is_default),
            scheme,
        })
    }
}

/// The colons within an IPv6 address in brackets do not begin a port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let is_number = port.bytes().all(|digit| digit.is_ascii_digit());
            Some((host, Some(port.parse().ok().filter(|_| is_number)?)))
        }
        _ => Some((authority, None)),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_host(text: &str) -> bool {
    let is_address = |inner: &str| inner.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => !inner.is_empty() && is_address(inner),
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AllowedOrigins {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_list_admits_every_origin() {
        for empty in ["", "  ", "\n"] {
            assert!(list(empty).admits("https://anywhere.example"));
            assert!(list(empty).admits("null"));
        }
    }

    #[test]
    fn scheme_host_and_port_must_be_the_same() {
        let allowed =
            list(" https://example.com ,http://localhost:8080,https://[2001:DB8::1]:8443, capacitor://localhost");
        let same = [
            "https://example.com",
            "https://example.com:443",
            "HTTPS://Example.COM",
            "http://localhost:8080",
            "https://[2001:db8::1]:8443",
            "capacitor://localhost",
        ];
        for origin in same {
            assert!(allowed.admits(origin), "{origin}");
        }
        let others = [
            "",
            "null",
            "example.com",
            "//example.com",
            "http://example.com",
            "https://example.com:8443",
            "https://example.com:80",
            "https://example.com:",
            "https://example.com:+443",
            "https://example.com.",
            "https://example.com/",
            "https://example.com@evil.example",
            "https://evil.example@example.com",
            "https://evil.example/https://example.com",
            "https://evil.example,https://example.com",
            "https://evil.example https://example.com",
            "https://www.example.com",
            "https://evilexample.com",
            "https://example.com.evil.example",
            "https://example.comevil.example",
            "https://example.co",
            "http://localhost",
            "http://localhost:80800",
            "https://[2001:db8::1]",
        ];
        for origin in others {
            assert!(!allowed.admits(origin), "{origin}");
        }
    }

    #[test]
    fn an_entry_that_is_not_an_origin_is_refused_by_name() {
        let not_origins = [
            "*",
            "null",
            "example.com",
            "https://",
            "https://*.example.com",
            "https://example.com/",
            "https://example.com/chat",
            "https://user@example.com",
            "https://bücher.example",
            "https://example.com:x",
            "https://example.com:99999",
            "https://[::1",
            "1http://example.com",
        ];
        for entry in not_origins {
            let error = format!("https://good.example, {entry}").parse::<AllowedOrigins>().unwrap_err();
            assert_eq!(error, InvalidOrigin(entry.to_owned()));
        }
        assert_eq!(",".parse::<AllowedOrigins>(), Err(InvalidOrigin(",".to_owned())));
    }
}
