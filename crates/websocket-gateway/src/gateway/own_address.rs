//! The addresses on AWS of the API and of its queues, which lead to the gateway here.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::api::Api;
use crate::service::Homes;

/// The variable that tells a runtime which hosts it must not look up, because they are elsewhere here: `host=address:port`, separated by
/// commas. For a function that puts the API's address together from the API id, and for SDKs that read no variable with an endpoint.
pub(super) const HOSTS: &str = "WEBSOCKET_GATEWAY_HOSTS";

/// The value of [`HOSTS`].
pub(super) fn hosts(api: &Api, homes: Homes) -> String {
    let hosts = homes.of(api).map(|(host, address)| format!("{host}={address}"));
    hosts.collect::<Vec<_>>().join(",")
}

/// Puts the gateway's address in the place of the API's own in the functions' environments. Returns which variables that has changed, by their
/// functions.
pub(super) fn lead_home(api: &mut Api, gateway: SocketAddr, has_tls: bool) -> BTreeMap<String, Vec<String>> {
    let host = api.host();
    let mut led: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in api.functions.values_mut() {
        for (name, value) in &mut function.environment {
            if let Some(local) = with_local_address(value, &host, gateway, has_tls) {
                *value = local;
                led.entry(function.logical_id.clone()).or_default().push(name.clone());
            }
        }
    }
    led
}

/// Puts the URLs that queues have here, by the queues' names, in the place of those that they have on AWS: also in the functions' environments,
/// because some SDKs send to the host of a queue's URL and not to the endpoint that the environment names.
pub(super) fn lead_to_queues(api: &mut Api, urls: &BTreeMap<String, String>) {
    for queue in &mut api.queues {
        let Some(local) = urls.get(&queue.name) else { continue };
        for value in api.functions.values_mut().flat_map(|function| function.environment.values_mut()) {
            if let Some(led) = with_queue_here(value, &queue.url, local) {
                *value = led;
            }
        }
        queue.url.clone_from(local);
    }
}

/// `None` if the value does not have the URL. One that goes on after it is another queue's.
fn with_queue_here(value: &str, url: &str, local: &str) -> Option<String> {
    let (mut led, mut rest) = (String::new(), value);
    while let Some((before, after)) = rest.split_once(url) {
        let is_other = after.starts_with(is_of_a_host);
        led.extend([before, if is_other { url } else { local }]);
        rest = after;
    }
    led.push_str(rest);
    (led != value).then_some(led)
}

/// `None` if the value does not name the host. Without TLS a URL gets the scheme that goes without it, too.
fn with_local_address(value: &str, host: &str, gateway: SocketAddr, has_tls: bool) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let mut local = String::new();
    let mut done = 0;
    for (at, _) in lower.match_indices(host) {
        let (before, after) = (&value[done..at], &value[at + host.len()..]);
        if before.ends_with(is_of_a_host) || after.starts_with(is_of_a_host) {
            continue;
        }
        let scheme = [("https://", "http://"), ("wss://", "ws://")].into_iter().find_map(|(scheme, plain)| {
            let rest = before.get(..before.len().checked_sub(scheme.len())?)?;
            (!has_tls && before[rest.len()..].eq_ignore_ascii_case(scheme)).then_some((rest, plain))
        });
        let (before, scheme) = scheme.unwrap_or((before, ""));
        local.extend([before, scheme, &gateway.to_string()]);
        // The port that every API has on AWS.
        let port = after.strip_prefix(":443").filter(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()));
        done = value.len() - port.unwrap_or(after).len();
    }
    (done > 0).then(|| local + &value[done..])
}

/// Whether a character next to a host makes it another host.
fn is_of_a_host(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "abcd123456.execute-api.us-east-1.amazonaws.com";

    fn led(value: &str, has_tls: bool) -> Option<String> {
        with_local_address(&value.replace('@', HOST), HOST, "127.0.0.1:3001".parse().unwrap(), has_tls)
    }

    #[test]
    fn every_form_of_the_address_becomes_the_local_one() {
        for (value, with_tls, without) in [
            ("https://@/prod", "https://127.0.0.1:3001/prod", "http://127.0.0.1:3001/prod"),
            ("wss://@", "wss://127.0.0.1:3001", "ws://127.0.0.1:3001"),
            (
                "HTTPS://@:443/prod/%40connections",
                "HTTPS://127.0.0.1:3001/prod/%40connections",
                "http://127.0.0.1:3001/prod/%40connections",
            ),
            ("@", "127.0.0.1:3001", "127.0.0.1:3001"),
            ("@/prod", "127.0.0.1:3001/prod", "127.0.0.1:3001/prod"),
            (
                r#"{"a":"https://@/x","b":"@"}"#,
                r#"{"a":"https://127.0.0.1:3001/x","b":"127.0.0.1:3001"}"#,
                r#"{"a":"http://127.0.0.1:3001/x","b":"127.0.0.1:3001"}"#,
            ),
        ] {
            assert_eq!(led(value, true).as_deref(), Some(with_tls));
            assert_eq!(led(value, false).as_deref(), Some(without));
        }
    }

    #[test]
    fn a_queues_url_becomes_the_local_one_and_no_other() {
        let url = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs";
        let here = "http://127.0.0.1:3003/123456789012/jobs";
        let led = |value: &str| with_queue_here(&value.replace('@', url), url, here).map(|led| led.replace(here, "#"));
        for (value, expected) in [("@", Some("#")), ("a=@,b=@-dead,c=@", Some(&*format!("a=#,b={url}-dead,c=#")))] {
            assert_eq!(led(value).as_deref(), expected, "{value}");
        }
        for value in ["", "jobs", "@2", "@.fifo", "@_x"] {
            assert_eq!(led(value), None, "{value}");
        }
    }

    #[test]
    fn what_names_another_host_stays() {
        for value in
            ["", "x.@", "@.example.com", "https://a-@/x", "wxyz987654.execute-api.us-east-1.amazonaws.com", "é"]
        {
            assert_eq!(led(value, true), None, "{value}");
        }
        assert_eq!(led("é @:4430 x@", false).unwrap(), format!("é 127.0.0.1:3001:4430 x{HOST}"));
    }
}
