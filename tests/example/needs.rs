//! What `template.yaml` gives each function: everything that it needs, and nothing else.

use std::fmt::Debug;
use std::path::Path;

use websocket_gateway::{Adopted, Gateway, Happenings, InvocationResult, Level, What};

use super::broadcast::{whole_channel, work};
use crate::support::{
    Client, Refused, SECRET, START_MS, Table, authorizer_event, connection_url, ended, in_time, options_with, post,
    root, start,
};

const ORIGIN: &str = "https://example.com";

/// Clients that went away long ago: the `$disconnect` of the first has failed half-way, the second's has not come and its session has ended.
const GONE: [&str; 2] = ["AAAAAAAAAAAAAAA=", "BBBBBBBBBBBBBBA="];

/// A client that does not read.
const DEAF: &str = "CCCCCCCCCCCCCCA=";

#[tokio::test]
async fn a_function_that_loses_a_permission_or_a_variable_fails() {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    assert_eq!(everything_works(&template).await, Ok(()));
    let mut lost = 0;
    for (number, line) in template.lines().enumerate() {
        for needed in needed(line) {
            // Something that means nothing to a function, in its place.
            let other = if needed.contains(':') { "s3:GetObject" } else { "UNUSED" };
            let without = line.replacen(needed, other, 1);
            let mut lines: Vec<_> = template.lines().collect();
            lines[number] = &without;
            let outcome = everything_works(&lines.join("\n")).await;
            assert!(outcome.is_err(), "template.yaml:{}: everything works without {needed}", number + 1);
            lost += 1;
        }
    }
    assert!(lost > 10, "only {lost} permissions and variables were found");
}

/// The actions that a line of the template allows, and the variable that it sets.
fn needed(line: &str) -> Vec<&str> {
    let text = line.trim_start();
    if text.starts_with('#') {
        return Vec::new();
    }
    // The AWS SDK's own variables don't matter here: the gateway sets them for every function.
    let variable =
        ["TABLE_NAME", "ALLOWED_ORIGINS", "JWT_SECRET", "BROADCAST_QUEUE_URL", "BROADCAST_WORKERS"].into_iter();
    let variable = variable.filter(|name| text.starts_with(&format!("{name}:")));
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-:".contains(letter));
    let actions =
        words.filter(|word| ["dynamodb:", "execute-api:", "sqs:"].iter().any(|service| word.starts_with(service)));
    actions.filter(|word| !word.ends_with(':')).chain(variable).collect()
}

/// Writes a template to where the example's code is not, and returns the path of the file.
fn written(template: &str) -> String {
    let package = root().canonicalize().unwrap().join("crates/routes");
    let template = template.replace("CodeUri: crates/routes", &format!("CodeUri: {}", package.display()));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("needs.yaml");
    std::fs::write(&file, template).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Does with the example all that its functions can do. `Err` says what did not work.
async fn everything_works(template: &str) -> Result<(), String> {
    let file = written(template);
    let parameters = [("AllowedOrigins", ORIGIN), ("JwtSecret", SECRET)];
    let options = options_with(&file, &parameters);
    // What an event source needs is Lambda's own to ask for. Here it is known at the start.
    let warnings = options.read_template().map_err(|error| error.to_string())?.warnings;
    if let Some(warning) = warnings.iter().find(|warning| warning.message.contains("`sqs:")) {
        return Err(warning.to_string());
    }
    let gateway = start(options).await;
    let outcome = use_everything(&gateway).await;
    gateway.stop().await;
    outcome
}

async fn use_everything(gateway: &Gateway) -> Result<(), String> {
    let event = authorizer_event("authorize");
    let token = event["queryStringParameters"]["token"].as_str().unwrap();
    let [good, bad] = [token, "bad"].map(|token| format!("{}?token={token}", gateway.url()));
    let table = Table::of(gateway).await;
    let mut invocations = gateway.invocations();

    let foreign = Client::try_connect(&good, &[("origin", "https://evil.example")]).await;
    expect("a page of another origin", &foreign.err(), &Some(Refused(403)))?;
    let with_a_bad_token = Client::try_connect(&bad, &[("origin", ORIGIN)]).await;
    expect("a bad token", &with_a_bad_token.err(), &Some(Refused(401)))?;
    let mut client = Client::try_connect(&good, &[("origin", ORIGIN)]).await.map_err(|why| format!("{why:?}"))?;
    let [id] = <[_; 1]>::try_from(table.ids().await).map_err(|ids| format!("the table has {ids:?}"))?;

    client.send("hi").await;
    expect("$default", &client.try_hear().await?, &r#""hello client, I am the $default route!""#.to_owned())?;
    client.send(r#"{"action":"hello"}"#).await;
    expect("hello", &client.try_hear().await?.starts_with("Hello from hello."), &true)?;
    put_those_who_are_gone(&table).await;
    client.send(r#"{"action":"join","name":"Eve"}"#).await;
    expect("join", &client.try_hear().await?, &r#"{"here":["alice"]}"#.to_owned())?;
    expect("the rows after join", &table.ids().await, &vec![id.clone()])?;
    put_those_who_are_gone(&table).await;
    client.say("good morning").await;
    expect("sendmessage", &client.try_hear().await?, &"good morning".to_owned())?;
    let ended_well = InvocationResult::Status(200);
    expect("sendmessage", &ended(&mut invocations, "sendmessage").await.result, &ended_well)?;
    expect("the rows after sendmessage", &table.ids().await, &vec![id.clone()])?;

    // Who does not read hears it later, and nobody waits for that.
    let deaf = one_who_does_not_read(gateway, &table).await;
    let mut happenings = gateway.happenings(Level::Detail);
    client.say("good afternoon").await;
    expect("sendmessage", &client.try_hear().await?, &"good afternoon".to_owned())?;
    expect("what sendmessage hands over", &is_put_on_the_queue(&mut happenings).await, &true)?;
    put_those_who_are_gone(&table).await;
    let job = whole_channel("lobby", "good evening").to_string();
    let failures = work(gateway, &[job]).await.map_err(|error| error.to_string())?;
    expect("broadcast", &failures, &Vec::new())?;
    expect("broadcast", &client.try_hear().await?, &"good evening".to_owned())?;
    table.delete_row(DEAF).await;
    drop(deaf);
    expect("the rows after broadcast", &table.ids().await, &vec![id])?;

    put_those_who_are_gone(&table).await;
    client.try_close(None).await?;
    ended(&mut invocations, "$disconnect").await;
    expect("the rows after $disconnect", &table.ids().await, &Vec::new())
}

/// A member of the channel for whom API Gateway has no room any more.
async fn one_who_does_not_read(gateway: &Gateway, table: &Table) -> Adopted {
    let deaf = gateway.adopt(DEAF).unwrap();
    table.put(DEAF, "lobby", START_MS).await;
    let url = connection_url(gateway, DEAF);
    // At last not even a single letter fits.
    for bytes in [128 * 1024, 16 * 1024, 1] {
        in_time("a full connection", async { while post(&url, "POST", &"x".repeat(bytes)).await == 200 {} }).await;
    }
    deaf
}

/// Whether the next call of the queues is let in.
async fn is_put_on_the_queue(happenings: &mut Happenings) -> bool {
    let next = async {
        loop {
            match &happenings.next().await.unwrap().what {
                What::Queued { .. } => return true,
                What::Refused { why, .. } if why.starts_with("SQS: ") => return false,
                _ => {}
            }
        }
    };
    in_time("a call of the queues", next).await
}

async fn put_those_who_are_gone(table: &Table) {
    table.put_row(GONE[0], "+lobby", "lobby", START_MS, None).await;
    table.put_row(GONE[1], "$connect", "lobby", START_MS, Some(START_MS / 1000)).await;
}

fn expect<T: PartialEq + Debug>(what: &str, seen: &T, expected: &T) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, seen {seen:?}")) }
}
