//! Tunnels of a function through the gateway's proxy to a server that says nothing, more than there is room for, and others who have no key.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::dead_work::recovered;
use super::{MEMORY_SLACK, Scene};
use crate::Error;
use crate::client::{PATIENCE, reset, tcp};
use crate::conversation::message;
use crate::gateway::Workshop;
use crate::http::{exchange, invoke};
use crate::report::Report;
use crate::wait::settled;

/// How many files the gateway may open. It keeps 512 of them, of which 256 are for connections that only ask for something. A tunnel takes two.
const FILES: usize = 1_200;
const MOST: usize = (FILES - 512 + 256) / 2;

/// How many have no key.
const CALLERS: usize = 4;

/// How long a function may take to write its key down.
const KEY_WITHIN: Duration = Duration::from_secs(20);

/// How long it may take until there is room again when all have left.
const ROOM_AGAIN_WITHIN: Duration = Duration::from_secs(30);

/// A function that writes its proxy down and does nothing more.
const FUNCTION: &str = r#"
  Proxied:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Handler: app, CodeUri: "@FOLDER@", Timeout: 3 }
"#;

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let (folder, key) = (workshop.folder.join("proxied"), workshop.folder.join("key"));
    fs::create_dir_all(&folder)?;
    let _ = fs::remove_file(&key);
    fs::write(folder.join("app"), format!("#!/bin/sh\necho \"$HTTPS_PROXY\" >'{}'\nexec sleep 60\n", key.display()))?;
    fs::set_permissions(folder.join("app"), PermissionsExt::from_mode(0o755))?;
    let function = FUNCTION.replace("@FOLDER@", &folder.display().to_string());
    let template = workshop.template(29, 0).replacen("\n  Table:\n", &format!("{function}  Table:\n"), 1);
    let template = workshop.write_template(&template)?;
    let gateway = workshop.start_with_files(FILES, "gateway", &template).await?;
    let scene = Scene::of(report, gateway, "?tag=quiet", message(0, Vec::new(), 0)).await?;
    let address = scene.gateway.address().to_owned();
    let status = invoke(&mut tcp(&address).await?, "Proxied", "{}").await?;
    report.note("the function with the key is invoked", status);
    let look = async || fs::read_to_string(&key).unwrap_or_default();
    let proxy = settled(KEY_WITHIN, look, |proxy| proxy.ends_with('\n')).await;
    let user = proxy.trim_start_matches("http://").split('@').next().unwrap_or_default().to_owned();

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let target = listener.local_addr()?.to_string();
    // It takes whoever comes, echoes the first bytes, and is silent from then on.
    let server = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            kept.push(tokio::spawn(async move {
                let mut bytes = [0; 5];
                let _ = stream.read_exact(&mut bytes).await;
                let _ = stream.write_all(&bytes).await;
                std::future::pending::<()>().await;
            }));
        }
    });
    let quiet = scene.quiet();
    let end = Instant::now() + lasting;
    let mut without_key = JoinSet::new();
    for n in 0..CALLERS {
        let (address, target) = (address.clone(), target.clone());
        without_key.spawn(async move { knock(&address, &target, &format!("function:{n:032x}"), end).await });
    }
    let (mut tunnels, mut turned_away, mut hung_up) = (Vec::new(), 0, 0);
    for _ in 0..FILES {
        match connect(&address, &target, &user).await {
            Ok((200, stream)) => tunnels.push(stream),
            Ok((503, _)) => turned_away += 1,
            Ok((status, _)) => return Err(format!("a tunnel is answered with {status}").into()),
            Err(_) => hung_up += 1,
        }
    }
    report.check("tunnels", (1..=MOST).contains(&tunnels.len()), format_args!("at most {MOST}"), tunnels.len());
    report.note("others turned away with 503, hung up on", format_args!("{turned_away}, {hung_up}"));
    report.check("both together", turned_away + hung_up > 0, "some", turned_away + hung_up);
    let passed = match tunnels.first_mut() {
        Some(first) => pass(first).await.is_ok(),
        None => false,
    };
    report.check("a tunnel", passed, "passes bytes on in both directions", passed);
    let (mut refused, mut strange) = (0, 0);
    while let Some(one) = without_key.join_next().await {
        let (one, other) = one?;
        (refused, strange) = (refused + one, strange + other);
    }
    report.note("others without the key, answered with 407", refused);
    report.none("others without the key that got in, or another answer while there was room", strange);
    scene.judge(report, &quiet.finish().await);

    // Some leave in good order, and some don't.
    for (n, tunnel) in tunnels.into_iter().enumerate() {
        if n % 2 == 0 {
            reset(&tunnel);
        }
    }
    let again = recovered(&scene.gateway.url).await;
    let kept = again.is_some_and(|again| again <= ROOM_AGAIN_WITHIN);
    let shown = format!("{again:.1?}");
    report.check("room for a new client", kept, format_args!("within {ROOM_AGAIN_WITHIN:?}"), shown);
    let ended = scene.end(report, workshop, MEMORY_SLACK).await;
    server.abort();
    ended
}

fn request(target: &str, user: &str) -> String {
    format!(
        "CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: Basic {}\r\n\r\n",
        STANDARD.encode(user)
    )
}

/// Asks for a tunnel. Returns the status, and what may be one.
async fn connect(address: &str, target: &str, user: &str) -> Result<(u16, TcpStream), Error> {
    let mut stream = tcp(address).await?;
    let answer = exchange(&mut stream, request(target, user).as_bytes()).await?;
    Ok((answer.status().ok_or("the answer has no status")?, stream))
}

/// Sends five bytes and waits for their echo.
async fn pass(tunnel: &mut TcpStream) -> Result<(), Error> {
    let mut echo = [0; 5];
    tunnel.write_all(b"hello").await?;
    timeout(PATIENCE, tunnel.read_exact(&mut echo)).await??;
    if echo == *b"hello" { Ok(()) } else { Err("that is not what was sent".into()) }
}

/// Asks for tunnels without the key until `end`. Returns how many got 407, and how many another answer. Where there is no room, they are hung up on.
async fn knock(address: &str, target: &str, user: &str, end: Instant) -> (usize, usize) {
    let (mut refused, mut strange) = (0, 0);
    while Instant::now() < end {
        match connect(address, target, user).await {
            Ok((407, _)) => refused += 1,
            Ok(_) => strange += 1,
            Err(_) => {}
        }
    }
    (refused, strange)
}
