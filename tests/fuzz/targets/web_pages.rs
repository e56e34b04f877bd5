//! The check of `Host` and `Origin`. Whoever is let in is not a web page, as a simpler reader sees it, and becomes one with a single header.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use fuzz::{Format, Sample, fuzz, latin1};
use serde::Deserialize;
use serde_json::json;
use websocket_gateway::fuzzing::{Request, admit, admit_to_console};

fuzz!(Format::Json, samples(), run);

#[derive(Deserialize)]
struct Input {
    /// What `--allow-host` names.
    allowed: Vec<String>,
    target: String,
    headers: Vec<(String, String)>,
}

const EVIL: &str = "evil.example";

fn samples() -> Vec<Sample> {
    let input = |target: &str, headers: &[(&str, &str)]| {
        let allowed = ["app.example.com", "::1", "192.0.2.1", "Tunnel.Example."];
        json!({ "allowed": allowed, "target": target, "headers": headers }).to_string()
    };
    let local = ("host", "127.0.0.1:3001");
    let good: [(&str, &[_]); 7] = [
        ("/", &[local]),
        ("/prod/@connections/a%3D", &[("Host", "LocalHost.:3001"), ("content-type", "text/plain")]),
        ("http://localhost:3001/x", &[("host", "[::1]:3001")]),
        (
            "/",
            &[
                ("host", "APP.example.com.:443"),
                ("origin", "https://app.example.com"),
                ("sec-fetch-site", "cross-site"),
            ],
        ),
        ("/", &[local, ("origin", "http://[::1]:5173"), ("origin", "http://192.0.2.1/")]),
        ("/", &[("host", "tunnel.example"), ("sec-fetch-site", "same-origin")]),
        ("/", &[("host", "api.localhost"), ("sec-fetch-site", "none")]),
    ];
    let bad: [(&str, &[_]); 8] = [
        ("/", &[]),
        ("/", &[local, local]),
        ("/", &[("host", "evil.example:3001")]),
        ("http://evil.example/", &[local]),
        ("/", &[local, ("origin", "https://me@evil.example:8080")]),
        ("/", &[local, ("origin", "null")]),
        ("/", &[local, ("sec-fetch-site", "cross-site")]),
        ("/@console/api/gateway", &[local, ("origin", "http://127.0.0.1:3001")]),
    ];
    let good = good.map(|(target, headers)| Sample::good(input(target, headers)));
    let bad = bad.map(|(target, headers)| Sample::bad(input(target, headers)));
    good.into_iter().chain(bad).collect()
}

/// True if the request is let in.
fn run(data: &[u8]) -> bool {
    let Ok(Input { allowed, target, headers }) = serde_json::from_slice(data) else { return false };
    let headers = headers.iter().map(|(name, value)| (name.clone(), latin1(value))).collect();
    let request = Request { method: "POST".to_owned(), target, headers, body: Vec::new() };
    let Some(admitted) = admit(&allowed, &request) else { return false };
    let relevant = |(name, _): &(String, Vec<u8>)| {
        ["host", "origin", "sec-fetch-site"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let only = request.headers.iter().filter(|header| relevant(header)).cloned().collect();
    let only = Request { headers: only, ..request.clone() };
    assert_eq!(admit(&allowed, &only).as_ref(), Some(&admitted), "other headers do not matter");
    check_console(&allowed, &request, admitted.is_ok());
    match &admitted {
        Ok(()) => check_admitted(&allowed, &request),
        Err(why) => check_refusal(&allowed, &request, why),
    }
    admitted.is_ok()
}

/// The console lets in whoever is let in elsewhere, and its own page: one of exactly the address that was called.
fn check_console(allowed: &[String], request: &Request, is_admitted: bool) {
    let is_let_in = admit_to_console(allowed, request).is_some_and(|let_in| let_in.is_ok());
    assert!(is_let_in || !is_admitted);
    if is_let_in && !is_admitted {
        let (hosts, origins) = (values(request, "host"), values(request, "origin"));
        let ([host], [origin]) = (hosts.as_slice(), origins.as_slice()) else { panic!("{hosts:?} {origins:?}") };
        assert!(
            ["http", "https"].iter().any(|scheme| *origin == format!("{scheme}://{host}")),
            "{origin} is not {host}"
        );
        let mut without = request.clone();
        without
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("origin") && !name.eq_ignore_ascii_case("sec-fetch-site"));
        assert!(admit(allowed, &without).is_some_and(|let_in| let_in.is_ok()), "{host} may be a page's");
    }
}

fn check_admitted(allowed: &[String], request: &Request) {
    let is_allowed = |host: &str| allowed.iter().any(|allowed| one_spelling(allowed) == host);
    let is_safe = |host: &str| {
        let is_loopback = host == "localhost" || host.ends_with(".localhost");
        is_loopback || host.parse::<IpAddr>().is_ok() || is_allowed(host)
    };
    let named = values(request, "host");
    assert!(named.len() == 1 && is_safe(&host(&named[0])), "{named:?} may be a page's");
    // What begins with a slash is a path, whatever it holds.
    if !request.target.starts_with('/')
        && let Some((_, rest)) = request.target.split_once("://")
    {
        assert!(is_safe(&host(rest)), "{rest} may be a page's");
    }
    let origins = values(request, "origin");
    for origin in &origins {
        let (_, rest) = origin.split_once("://").expect("an origin has a scheme");
        assert!(is_allowed(&host(rest)), "{origin} is a page");
    }
    let with = |name: &str, value: &str| {
        let mut headers = request.headers.clone();
        headers.push((name.to_owned(), value.as_bytes().to_vec()));
        Request { headers, ..request.clone() }
    };
    let refused = |request: &Request| matches!(admit(allowed, request), Some(Err(_)));
    assert!(refused(&with("origin", "null")) && refused(&with("host", "localhost")));
    if is_allowed(EVIL) {
        return;
    }
    assert!(refused(&with("origin", "http://evil.example")));
    let mut rebound = request.clone();
    rebound.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
    rebound.headers.push(("host".to_owned(), EVIL.into()));
    assert!(refused(&rebound));
    if origins.is_empty() {
        let sites = values(request, "sec-fetch-site");
        assert!(sites.first().is_none_or(|site| site != "cross-site" && site != "same-site"));
        assert!(!sites.is_empty() || refused(&with("sec-fetch-site", "cross-site")));
    }
}

/// It is one line, and what it proposes helps.
fn check_refusal(allowed: &[String], request: &Request, why: &str) {
    assert!(!why.trim().is_empty() && !why.contains(char::is_control), "{why:?}");
    let proposed = why.split_once("--allow-host ").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
    if let Some(proposed) = proposed.filter(|_| !why.contains("that --allow-host names")) {
        let allowed = [allowed, &[proposed.to_owned()]].concat();
        let again = admit(&allowed, request).expect("what it proposes is a host");
        assert_ne!(again.as_ref().err().map(String::as_str), Some(why), "to allow {proposed} does not help");
    }
}

fn values(request: &Request, wanted: &str) -> Vec<String> {
    let of_name = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    of_name.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

/// The host of an authority, as a browser connects to it, whatever follows.
fn host(text: &str) -> String {
    let authority = text.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let end = if authority.starts_with('[') { authority.find(']').map(|at| at + 1) } else { authority.find(':') };
    one_spelling(&authority[..end.unwrap_or(authority.len())])
}

fn one_spelling(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<Ipv6Addr>() {
        Ok(ip) => ip.to_string(),
        Err(_) => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    }
}
