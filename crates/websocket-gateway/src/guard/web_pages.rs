//! Keeping web pages out. A browser sends what any page tells it to, also to servers on the same machine, and a request that is not signed
//! would be taken for one of the person who started the gateway.
//!
//! Two things give a page away. A page of another origin can't hide its `Origin`. A page whose own name was pointed at this machine (DNS
//! rebinding) is of the same origin to its browser, but then its name is the request's `Host`.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use hyper::body::Body;
use serde_json::json;

use crate::api::Account;
use crate::happenings::{Door, HappeningSender, Level, What};
use crate::wire::answer::{Answer, aws_error};
use crate::wire::body;

/// The name of the error.
const FORBIDDEN: &str = "ForbiddenException";

/// The longest name that DNS allows, in characters.
const NAME_CHARACTERS: usize = 253;

/// The services of AWS that are here, too. A function's runtime may lead calls of their hosts here.
const SERVICES: [&str; 4] = ["dynamodb", "execute-api", "lambda", "sqs"];

/// The hosts that requests may name, besides loopback names and IP addresses in `Host`.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts {
    /// Those that the user names.
    named: BTreeSet<Host>,
    /// The hosts of [`SERVICES`]. No page that was rebound has one, because only AWS points these names anywhere.
    of_aws: Vec<String>,
}

/// A host without its port, in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

/// Why a request is not served.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("the request must have exactly one Host header, with a valid host")]
    NoHost,
    #[error(
        "the Host `{0}` may be another web site's (DNS rebinding); if you call the gateway by this name yourself, start it with \
         --allow-host {0}"
    )]
    UnknownHost(String),
    #[error(
        "a web page of {origin} has sent the request, and web pages are not served here; if the page is yours, start the gateway with \
         --allow-host {host}"
    )]
    UnknownOrigin { origin: String, host: String },
    #[error(
        "a web page without a name of its own has sent the request, and web pages are not served here; if the page is yours, serve it \
         from a host that --allow-host names"
    )]
    NamelessPage,
}

impl AllowedHosts {
    /// # Errors
    /// The first that is neither a host name nor an IP address.
    pub(crate) fn new(hosts: &[String]) -> Result<Self, &str> {
        let named = hosts.iter().map(|host| Host::bare(host).ok_or(host.as_str())).collect::<Result<_, _>>()?;
        Ok(Self { named, of_aws: Vec::new() })
    }

    /// Also allows the hosts of AWS's services that are here, and what is below them, as an API's own host is.
    pub(crate) fn and_of_aws(self, account: &Account) -> Self {
        Self { of_aws: SERVICES.map(|service| account.host_of(service)).into(), ..self }
    }

    /// The hosts, without brackets around IPv6 addresses, as certificates name them.
    #[cfg(feature = "tls")]
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let of_aws = self.of_aws.iter().flat_map(|host| [host.clone(), format!("*.{host}")]);
        self.named.iter().map(Host::to_string).chain(of_aws)
    }

    /// Whether a `Host` header names one of those that the user names; a port may follow.
    pub(crate) fn has(&self, host: &str) -> bool {
        Host::with_port(host.as_bytes()).is_some_and(|host| self.named.contains(&host))
    }

    /// Lets a request through, unless a web page may have sent it. Then it tells of it, and the answer says what to do.
    pub(crate) async fn admit<B: Body<Data = Bytes, Error: Display>>(
        &self,
        door: Door,
        happenings: &HappeningSender,
        request: Request<B>,
    ) -> Result<Request<B>, Answer> {
        let checked = match door {
            Door::Console => self.check_own_page(request.uri(), request.headers()),
            _ => self.check(request.uri(), request.headers()),
        };
        let Err(refusal) = checked else { return Ok(request) };
        // To its end: a client that is still sending would see a broken connection instead of the answer.
        drop(body::read(request.into_body(), 0).await);
        happenings.tell(Level::Warning, || {
            What::refused(door, StatusCode::FORBIDDEN.as_u16(), format!("{}: {refusal}", door.name()))
        });
        // The SDKs of some services read the name of an error here, and not in the header.
        let body = json!({ "__type": FORBIDDEN, "message": refusal.to_string() });
        Err(aws_error(StatusCode::FORBIDDEN, FORBIDDEN, body.to_string()))
    }

    /// Why a request is not let in.
    #[cfg(fuzzing)]
    pub(super) fn refusal(&self, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        self.check(uri, headers).err().map(|refusal| refusal.to_string())
    }

    /// The same at the console.
    #[cfg(fuzzing)]
    pub(super) fn refusal_at_console(&self, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        self.check_own_page(uri, headers).err().map(|refusal| refusal.to_string())
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_host(uri, headers)?;
        if headers.contains_key(ORIGIN) {
            return headers.get_all(ORIGIN).iter().try_for_each(|origin| self.check_origin(origin.as_bytes()));
        }
        // A page may leave out its `Origin`, for example by loading an image. Browsers then say where it comes from in another way.
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            Some(b"cross-site" | b"same-site") => Err(Refusal::NamelessPage),
            _ => Ok(()),
        }
    }

    /// At a door that serves a page, which may ask for more: a request whose `Origin` is the very address that it was sent to. No page of
    /// another site has that, for then its own name would be the `Host`.
    fn check_own_page(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_host(uri, headers)?;
        let host = headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        let is_own = |origin: &HeaderValue| {
            let address = |scheme: &[u8]| origin.as_bytes().strip_prefix(scheme);
            address(b"http://").or_else(|| address(b"https://")).is_some_and(|address| address == host)
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if is_own(origin) => Ok(()),
            _ => self.check(uri, headers),
        }
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut named = headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return Err(Refusal::NoHost) };
        let host = Host::with_port(host.as_bytes()).ok_or(Refusal::NoHost)?;
        // A request target may be a whole URL. Its host counts then, and should be the same.
        let target = uri.authority().map(|target| Host::with_port(target.as_str().as_bytes()).ok_or(Refusal::NoHost));
        for host in [Some(Ok(host)), target].into_iter().flatten() {
            match host? {
                Host::Name(name) if !self.is_allowed(&name) => return Err(Refusal::UnknownHost(name)),
                _ => {}
            }
        }
        Ok(())
    }

    fn is_allowed(&self, name: &str) -> bool {
        let is_or_is_in =
            |host: &String| name.strip_suffix(host.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        is_loopback(name) || self.named.contains(&Host::Name(name.to_owned())) || self.of_aws.iter().any(is_or_is_in)
    }

    fn check_origin(&self, origin: &[u8]) -> Result<(), Refusal> {
        let uri = Uri::try_from(origin).ok().filter(|uri| uri.scheme().is_some());
        let host = uri.as_ref().and_then(|uri| Host::with_port(uri.authority()?.as_str().as_bytes()));
        match (uri, host) {
            (_, Some(host)) if self.named.contains(&host) => Ok(()),
            (Some(uri), Some(host)) => {
                let origin = uri.to_string().trim_end_matches('/').to_owned();
                Err(Refusal::UnknownOrigin { origin, host: host.to_string() })
            }
            _ => Err(Refusal::NamelessPage),
        }
    }
}

impl Host {
    /// As in a `Host` header: a port may follow.
    fn with_port(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        // An IPv6 address has colons in its brackets.
        let end = text.find(']').map_or_else(|| text.find(':').unwrap_or(text.len()), |bracket| bracket + 1);
        let (host, port) = text.split_at(end);
        let is_port = port.is_empty() || port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit());
        is_port.then(|| Self::parse(host)).flatten()
    }

    /// As a person writes it: an IPv6 address needs no brackets.
    fn bare(text: &str) -> Option<Self> {
        text.parse().map(Self::Ip).ok().or_else(|| Self::parse(text))
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(ip) = text.strip_prefix('[') {
            return ip.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(|ip| Self::Ip(ip.into()));
        }
        // A name with a dot at its end is the same name.
        let text = text.strip_suffix('.').unwrap_or(text);
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Some(Self::Ip(ip.into()));
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_name = text.len() <= NAME_CHARACTERS && text.split('.').all(is_label);
        is_name.then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

impl Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Browsers resolve these names themselves, so that no page can be of one.
fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &[&str], uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let allowed: Vec<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        AllowedHosts::new(&allowed).unwrap().check(request.uri(), request.headers())
    }

    fn check_host(host: &str) -> Result<(), Refusal> {
        check(&["gateway.example.com"], "/", &[("host", host)])
    }

    #[test]
    fn a_host_is_a_loopback_name_an_address_or_allowed() {
        for host in [
            "localhost",
            "localhost:3001",
            "LocalHost.:3001",
            "api.localhost:3001",
            "127.0.0.1:3001",
            "0.0.0.0",
            "192.0.2.1:80",
            "[::1]",
            "[::1]:3001",
            "[2001:db8::1]:3001",
            "[::ffff:127.0.0.1]:3001",
            "gateway.example.com",
            "GATEWAY.example.COM.:443",
        ] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn any_other_host_may_be_a_page_that_was_rebound() {
        for host in [
            "evil.example:3001",
            "localhost.evil.example",
            "notlocalhost",
            "gateway.example.com.evil.example",
            "a.gateway.example.com",
            "127.0.0.1.evil.example",
            // A browser writes these as 127.0.0.1.
            "127.1",
            "2130706433",
        ] {
            let name = host.split(':').next().unwrap();
            assert_eq!(check_host(host), Err(Refusal::UnknownHost(name.to_owned())), "{host}");
        }
    }

    #[test]
    fn a_function_may_call_what_is_here_by_its_name_on_aws() {
        let allowed = AllowedHosts::default().and_of_aws(&Account::default());
        let check = |host: &str| {
            let request = Request::get("/").header(HOST, host).body(()).unwrap();
            allowed.check(request.uri(), request.headers()).is_ok()
        };
        for host in [
            "abcd123456.execute-api.us-east-1.amazonaws.com",
            "dynamodb.us-east-1.amazonaws.com:443",
            "LAMBDA.us-east-1.amazonaws.com",
        ] {
            assert!(check(host), "{host}");
            assert!(!allowed.has(host), "a client's Host does not steer posts: {host}");
        }
        for host in [
            "s3.us-east-1.amazonaws.com",
            "dynamodb.eu-west-1.amazonaws.com",
            "notlambda.us-east-1.amazonaws.com",
            "lambda.us-east-1.amazonaws.com.evil.example",
        ] {
            assert!(!check(host), "{host}");
        }
    }

    #[test]
    fn there_is_exactly_one_host() {
        for host in
            ["", ":3001", ".", "a..b", "[::1", "[::1]x", "[localhost]", "me@localhost", "a b", "localhost, x", "é"]
        {
            assert_eq!(check_host(host), Err(Refusal::NoHost), "{host:?}");
        }
        assert_eq!(check_host(&"a".repeat(254)), Err(Refusal::NoHost));
        assert_eq!(check(&[], "/", &[]), Err(Refusal::NoHost));
        assert_eq!(check(&[], "/", &[("host", "localhost"), ("host", "localhost")]), Err(Refusal::NoHost));
    }

    #[test]
    fn the_host_of_a_whole_url_counts_too() {
        let host = [("host", "localhost")];
        assert_eq!(check(&[], "http://localhost:3001/x", &host), Ok(()));
        let evil = Err(Refusal::UnknownHost("evil.example".to_owned()));
        assert_eq!(check(&[], "http://evil.example/x", &host), evil);
        assert_eq!(check(&[], "http://localhost/x", &[("host", "evil.example")]), evil);
    }

    #[test]
    fn a_page_is_served_only_if_its_host_is_allowed() {
        let check_origin = |origin: &str| {
            check(&["app.example.com", "::1", "192.0.2.1"], "/", &[("host", "localhost"), ("origin", origin)])
        };
        for origin in
            ["https://app.example.com", "http://APP.example.com:8080", "http://[::1]:5173", "http://192.0.2.1"]
        {
            assert_eq!(check_origin(origin), Ok(()), "{origin}");
        }
        for (origin, host) in [
            ("http://evil.example:8080", "evil.example"),
            // Another program's page on this machine is a page, too.
            ("http://localhost:3001", "localhost"),
            ("http://127.0.0.1:3001", "127.0.0.1"),
        ] {
            let refusal = Refusal::UnknownOrigin { origin: origin.to_owned(), host: host.to_owned() };
            assert_eq!(check_origin(origin), Err(refusal), "{origin}");
        }
        for origin in ["null", "", "app.example.com", "https://", "https://app.example.com https://evil.example", "é"]
        {
            assert_eq!(check_origin(origin), Err(Refusal::NamelessPage), "{origin:?}");
        }
        let good = ("origin", "https://app.example.com");
        let two = [("host", "localhost"), good, ("origin", "null")];
        assert_eq!(check(&["app.example.com"], "/", &two), Err(Refusal::NamelessPage));
    }

    #[test]
    fn the_consoles_own_page_is_served_and_no_other() {
        let check = |host: &str, origin: &str| {
            let request = Request::get("/@console").header("host", host).header("origin", origin).body(()).unwrap();
            AllowedHosts::default().check_own_page(request.uri(), request.headers()).is_ok()
        };
        for host in ["127.0.0.1:3001", "localhost:3001", "[::1]:3001"] {
            assert!(check(host, &format!("http://{host}")) && check(host, &format!("https://{host}")), "{host}");
        }
        for (host, origin) in [
            ("127.0.0.1:3001", "http://127.0.0.1:3000"),
            ("127.0.0.1:3001", "http://localhost:3001"),
            ("127.0.0.1:3001", "http://127.0.0.1:3001.evil.example"),
            ("127.0.0.1:3001", "null"),
            ("evil.example:3001", "http://evil.example:3001"),
        ] {
            assert!(!check(host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn a_page_that_leaves_out_its_origin_is_known_by_sec_fetch_site() {
        for (site, good) in [("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true)] {
            let checked = check(&[], "/", &[("host", "localhost"), ("sec-fetch-site", site)]);
            assert_eq!(checked.is_ok(), good, "{site}");
        }
        let allowed = [("host", "localhost"), ("origin", "https://app.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check(&["app.example"], "/", &allowed), Ok(()));
    }

    #[test]
    fn what_is_allowed_is_a_bare_host() {
        for good in [
            "gateway.example.com",
            "Gateway.Example.Com.",
            "xn--bcher-kva.example",
            "my_pc",
            "::1",
            "[::1]",
            "10.0.0.1",
        ] {
            assert!(AllowedHosts::new(&[good.to_owned()]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://a.example",
            "a.example:3001",
            "a.example/",
            "*.example.com",
            ".example.com",
            "a b",
            "bücher.example",
        ] {
            assert_eq!(AllowedHosts::new(&[bad.to_owned()]).unwrap_err(), bad);
        }
    }

    #[test]
    fn a_refusal_names_the_option() {
        for refusal in
            [check_host("evil.example"), check(&[], "/", &[("host", "localhost"), ("origin", "http://a.example")])]
        {
            assert!(refusal.unwrap_err().to_string().contains("--allow-host "));
        }
    }
}
