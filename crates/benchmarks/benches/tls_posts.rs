//! What a post costs over TLS, as on AWS: over HTTP/1.1, and over HTTP/2 where the server offers it. The baseline is the SDK with its own defaults
//! in a loop, 64 posts at once; beside it is this crate's broadcast.
//!
//! The servers answer at once, which shows what a post costs, or after 5 to 20 ms as API Gateway does. They run on threads of their own, whose time is
//! not counted. The two ways take turns, so that other work on the machine slows both alike.

use std::convert::Infallible;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use aws_config::BehaviorVersion;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::{Credentials, Region};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use benchmarks::Error;
use benchmarks::goals::Goals;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use lambda_websocket::{ConnectionId, Connections, Text};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use tokio_rustls::TlsAcceptor;

/// The posts of a new client, which has no connections, and of a round after that.
const FIRST: usize = 100;
const POSTS: usize = 3_000;
const ROUNDS: usize = 9;
const IN_FLIGHT: usize = 64;

/// The goals: this multiple of the loop's posts in a second, and no more CPU time than differs from run to run.
const FASTER: f64 = 1.3;
const FOR_THE_SAME_CPU: f64 = 0.95;

/// What a new client's first posts must reach: over HTTP/2 it opens one connection, and over HTTP/1.1 as many as the loop.
const FIRST_OVER_H2: f64 = 2.0;
const FIRST_OVER_HTTP_1_1: f64 = 0.9;

/// What a server offers, and how long it takes to answer in ms: at least, and at most.
const SERVERS: [(&str, u64, u64); 4] = [("http/1.1", 0, 0), ("http/1.1", 5, 20), ("h2", 0, 0), ("h2", 5, 20)];

/// Goals that have never been met: with so many posts at once, the server's time to answer is most of a post.
const MISSED: [&str; 4] = [
    "posts a second, http/1.1 after 0 to 0 ms",
    "posts a second, http/1.1 after 5 to 20 ms",
    "posts a second, h2 after 0 to 0 ms",
    "posts a second, h2 after 5 to 20 ms",
];

/// Where the process that measures finds the server's key.
const KEY: &str = "TLS_POSTS_KEY";

fn main() -> Result<(), Error> {
    if let Some(key) = env::var_os(KEY) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(measure(&Certificate::read(&PathBuf::from(key))?));
    }
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls_posts.pem");
    let key = bundle.with_extension("key");
    fs::write(&bundle, certified.cert.pem())?;
    fs::write(&key, certified.signing_key.serialize_pem())?;
    // In a process of its own, because the crate reads from its environment what it trusts.
    let mut measuring = Command::new(env::current_exe()?);
    measuring.env("AWS_CA_BUNDLE", bundle).env(KEY, key).env("AWS_REGION", "eu-west-1");
    measuring.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    if measuring.status()?.success() { Ok(()) } else { Err("a goal was missed".into()) }
}

/// The servers' certificate, which is its own root.
struct Certificate {
    pem: Vec<u8>,
    key: PathBuf,
}

impl Certificate {
    fn read(key: &Path) -> Result<Self, Error> {
        Ok(Self { pem: fs::read(key.with_extension("pem"))?, key: key.to_owned() })
    }

    fn acceptor(&self, protocol: &str) -> Result<TlsAcceptor, Error> {
        let chain = rustls::pki_types::CertificateDer::pem_slice_iter(&self.pem).collect::<Result<Vec<_>, _>>()?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&self.key)?)?;
        config.alpn_protocols = vec![protocol.into()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// A server that takes every post.
struct Server {
    url: String,
    /// How many connections were opened.
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(certificate: &Certificate, (protocol, least, most): (&str, u64, u64)) -> Result<Self, Error> {
        let acceptor = certificate.acceptor(protocol)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("https://{}/prod", listener.local_addr()?);
        let (connections, posts) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let opened = Arc::clone(&connections);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::Relaxed);
                let (acceptor, posts) = (acceptor.clone(), Arc::clone(&posts));
                tokio::spawn(async move {
                    // If the option can't be set, answers only arrive later.
                    let _ = stream.set_nodelay(true);
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let answer = service_fn(|request| answer(request, Arc::clone(&posts), (least, most)));
                    let server = auto::Builder::new(TokioExecutor::new());
                    // A client that goes away is not an error.
                    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        };
        thread::spawn(move || runtime.block_on(serve));
        Ok(Self { url, connections })
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn answer(
    request: Request<Incoming>,
    posts: Arc<AtomicUsize>,
    (least, most): (u64, u64),
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    if most > 0 {
        // Evenly spread, and in no order.
        let nth = posts.fetch_add(1, Ordering::Relaxed) as u64;
        let us = 1000 * least + nth * 7_919 % (1000 * (most - least));
        tokio::time::sleep(Duration::from_micros(us)).await;
    }
    Ok(Response::new(Empty::new()))
}

/// A way to post.
enum Way {
    Crate(Connections),
    Sdk(Client),
}

impl Way {
    /// Both, each with a server of its own.
    fn both(certificate: &Certificate, server: (&str, u64, u64)) -> Result<[(Self, Server); 2], Error> {
        let [ours, theirs] = [Server::start(certificate, server)?, Server::start(certificate, server)?];
        let tls = TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(&*certificate.pem));
        let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring));
        let config = aws_sdk_apigatewaymanagement::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "benchmark"))
            .endpoint_url(&theirs.url)
            .http_client(http.tls_context(tls.build()?).build_https());
        let sdk = Self::Sdk(Client::from_conf(config.build()));
        Ok([(Self::Crate(Connections::at(&ours.url)), ours), (sdk, theirs)])
    }

    /// Returns the posts in a second, and the CPU time of each in µs.
    async fn post(&self, posts: usize) -> Result<(f64, f64), Error> {
        let ids = (0..posts).map(|nth| format!("{nth:015}="));
        let (text, start, cpu) = ("good morning", Instant::now(), cpu_ns()?);
        match self {
            Self::Crate(connections) => {
                let ids = ids.map(|id| id.parse::<ConnectionId>()).collect::<Result<Vec<_>, _>>()?;
                let report = connections.broadcast_to(ids, &Text::from(text)).await?;
                if report.sent != posts {
                    return Err(format!("{report:?}").into());
                }
            }
            Self::Sdk(client) => {
                let calls = ids.map(|id| client.post_to_connection().connection_id(id).data(Blob::new(text)).send());
                let mut answers = stream::iter(calls).buffer_unordered(IN_FLIGHT);
                while let Some(answer) = answers.next().await {
                    answer?;
                }
            }
        }
        let cpu_us = (cpu_ns()? - cpu) as f64 / 1e3 / posts as f64;
        Ok((posts as f64 / start.elapsed().as_secs_f64(), cpu_us))
    }
}

async fn measure(certificate: &Certificate) -> Result<(), Error> {
    let mut goals = Goals::new(&MISSED);
    println!(
        "{:<24}{:^26} | {:^26} | {:^26}| {:^12}",
        "", "posts/s", "CPU µs a post", "of the first 100", "connections"
    );
    for server in SERVERS {
        let mut first = [vec![], vec![]];
        for _ in 0..ROUNDS {
            for ((way, _), first) in Way::both(certificate, server)?.iter().zip(&mut first) {
                first.push(way.post(FIRST).await?);
            }
        }
        let both = Way::both(certificate, server)?;
        let mut rounds = [vec![], vec![]];
        for nth in 0..=ROUNDS {
            for ((way, _), rounds) in both.iter().zip(&mut rounds) {
                let round = way.post(POSTS).await?;
                // The first warms up.
                rounds.extend((nth > 0).then_some(round));
            }
        }
        let (protocol, least, most) = server;
        let what = format!("{protocol} after {least} to {most} ms");
        let rates = rounds.each_ref().map(|rounds| median(rounds.iter().map(|round| round.0)));
        let [cpu, first] = [&rounds, &first].map(|of| of.each_ref().map(|of| median(of.iter().map(|round| round.1))));
        let mark = goals.at_least(&format!("posts a second, {what}"), rates[0] / rates[1], FASTER);
        print!("{what:<24}{:>8.0} / {:<8.0}{:>5.2}{mark}  |", rates[0], rates[1], rates[0] / rates[1]);
        let of_first = if protocol == "h2" { FIRST_OVER_H2 } else { FIRST_OVER_HTTP_1_1 };
        for ([ours, theirs], which, goal) in [(cpu, "posts", FOR_THE_SAME_CPU), (first, "first posts", of_first)] {
            let ratio = theirs / ours;
            let mark = goals.at_least(&format!("{which} for the same CPU time, {what}"), ratio, goal);
            print!("{ours:>8.1} / {theirs:<8.1}{ratio:>5.2}{mark}  |");
        }
        let connections = both.map(|(_, server)| server.connections());
        println!("{:>4} / {:<4}", connections[0], connections[1]);
    }
    println!(
        "\nthis crate / the SDK in a loop; goals: at least {FASTER} times the loop's posts in a second, {FOR_THE_SAME_CPU} in a µs; of the first, \
        {FIRST_OVER_H2} over HTTP/2"
    );
    Ok(goals.finish()?)
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<_> = of.collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// The CPU time of this thread.
fn cpu_ns() -> Result<u64, Error> {
    let line = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(line.split(' ').next().unwrap_or_default().parse()?)
}
