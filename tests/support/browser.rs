use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::{in_time, own_folder, try_in_time};

/// How long one script looks at the page.
const LOOK_MS: u32 = 1000;

/// How long the driver waits for a script. A script that is never heard of again ran in a page that has been loaded anew.
const SCRIPT_MS: u32 = 5000;

/// How long the driver is left alone after an error.
const AGAIN: Duration = Duration::from_millis(100);

/// How long the page is left alone between two looks.
const PAUSE_MS: u32 = 20;

/// The first element that `selector` finds which can be seen and has `text` in it.
const FIND: &str = "const found = [...document.querySelectorAll(selector)].find(element => \
    element.checkVisibility() && `${element.value ?? ''} ${element.textContent}`.includes(text));";

/// A Chromium without a window, driven by its own `WebDriver`. `WebDriver` is HTTP with JSON, of which a test needs five calls: less than a crate for
/// it would bring along.
pub(crate) struct Browser {
    /// It ends when this is dropped.
    _driver: Child,
    address: String,
    session: String,
    /// What it writes goes with it, and not into the home of whoever runs the tests.
    home: PathBuf,
}

impl Browser {
    /// `None` where Chromium or its driver is not installed; then standard error says so.
    pub(crate) async fn start() -> Option<Self> {
        let (Some(driver), Some(chromium)) = (program("chromedriver"), program("chromium")) else {
            // `eprintln!` would be captured.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED a test of the console: chromium and chromedriver are not installed (Debian: apt install chromium-driver)"
            );
            return None;
        };
        let home = own_folder("browser");
        std::fs::create_dir(&home).unwrap();
        let mut driver = Command::new(driver);
        driver.args(["--port=0"]).env("HOME", &home).env("TMPDIR", &home);
        driver.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut driver = driver.spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = in_time("the driver", lines.next_line()).await.unwrap().expect("the driver did not start");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let address = format!("127.0.0.1:{port}");
        let mut browser = Self { _driver: driver, address, session: String::new(), home };
        // Root, as which containers run, has no sandbox.
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
        let options = json!({ "binary": chromium, "args": arguments });
        let wanted =
            json!({ "browserName": "chrome", "goog:chromeOptions": options, "timeouts": { "script": SCRIPT_MS } });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        // Chromium does not always start on a machine that is short of something.
        let mut session = browser.try_call("POST", "", &wanted).await;
        if session.is_err() {
            session = browser.try_call("POST", "", &wanted).await;
        }
        let session = session.unwrap_or_else(|why| panic!("Chromium does not start: {why}"));
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser.resize(1280, 800).await;
        Some(browser)
    }

    /// The size of the page itself.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics).await;
    }

    /// `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &features).await;
    }

    /// From now on, requests for this file fail as if nobody could be reached; for none with `None`.
    pub(crate) async fn block(&self, file: Option<&str>) {
        self.devtools("Network.enable", &json!({})).await;
        let urls: Vec<_> = file.iter().map(|file| format!("*/{file}")).collect();
        self.devtools("Network.setBlockedURLs", &json!({ "urls": urls })).await;
    }

    async fn devtools(&self, command: &str, parameters: &Value) {
        self.call("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        let body = json!({ "url": url });
        // Chromium gives up on what it is loading when an address of the machine comes or goes.
        let opening = async {
            while let Err(why) = self.try_call("POST", "/url", &body).await {
                assert!(why.to_string().contains("ERR_NETWORK_CHANGED"), "{url}: {why}");
            }
        };
        in_time(url, opening).await;
    }

    /// What a function of JavaScript returns, as soon as that is neither `false` nor nothing. It is asked again and again, also where nothing is drawn
    /// and when the page is loaded anew. If that takes too long, the test fails with the text that the page shows.
    pub(crate) async fn until(&self, function: &str, arguments: &[&str]) -> Value {
        let script = format!(
            "const given = [...arguments], done = given.pop(), ask = {function}, end = Date.now() + {LOOK_MS}; \
             const look = () => {{ \
                 const found = ask(...given); \
                 if (found) {{ return done({{ found }}); }} \
                 return Date.now() < end ? setTimeout(look, {PAUSE_MS}) : done({{ shown: document.body?.innerText ?? '' }}); \
             }}; \
             look();"
        );
        let body = json!({ "script": script, "args": arguments });
        let mut shown = Value::Null;
        let asking = async {
            loop {
                match self.try_call("POST", "/execute/async", &body).await {
                    Ok(answer) if answer["shown"].is_null() => return answer["found"].clone(),
                    Ok(answer) => shown = answer["shown"].clone(),
                    // The page may be loaded anew meanwhile: the driver has many words for that, and then there may be nothing in it yet.
                    Err(why) => {
                        shown = why;
                        sleep(AGAIN).await;
                    }
                }
            }
        };
        let found = try_in_time(&format!("{function} of {arguments:?}"), asking).await;
        found.unwrap_or_else(|why| panic!("{why}: the page shows\n{shown}"))
    }

    /// Waits until an element that this selector finds can be seen and has this text in it.
    pub(crate) async fn see(&self, selector: &str, text: &str) {
        self.until(&format!("(selector, text) => {{ {FIND} return found !== undefined; }}"), &[selector, text]).await;
    }

    /// Clicks the first such element as soon as it can be seen, as a mouse does.
    pub(crate) async fn click(&self, selector: &str, text: &str) {
        let click = format!("(selector, text) => {{ {FIND} found?.click(); return found !== undefined; }}");
        self.until(&click, &[selector, text]).await;
    }

    /// Types at the element that has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })))
            .collect();
        self.call("POST", "/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }))
            .await;
    }

    /// Replaces what is in a field.
    pub(crate) async fn enter(&self, selector: &str, text: &str) {
        self.see(selector, "").await;
        let enter = "(selector, text) => { const field = document.querySelector(selector); if (!field) { return false; } \
            field.focus(); field.value = text; \
            field.dispatchEvent(new Event('input')); return true; }";
        self.until(enter, &[selector, text]).await;
    }

    /// Chooses an option of a list by its value, as soon as it is there.
    pub(crate) async fn choose_option(&self, selector: &str, value: &str) {
        let choose = "(selector, value) => { const list = document.querySelector(selector); \
            if (![...list?.options ?? []].some(option => option.value === value)) { return false; } \
            list.value = value; list.dispatchEvent(new Event('change')); return true; }";
        self.until(choose, &[selector, value]).await;
    }

    /// Chooses a file.
    pub(crate) async fn choose(&self, selector: &str, file: &Path) {
        let found = self.call("POST", "/element", &json!({ "using": "css selector", "value": selector })).await;
        let (_, id) = found.as_object().unwrap().iter().next().unwrap();
        let path = format!("/element/{}/value", id.as_str().unwrap());
        self.call("POST", &path, &json!({ "text": file.to_str().unwrap() })).await;
    }

    /// A picture of the page, as PNG.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        use base64::Engine;
        let picture = self.call("GET", "/screenshot", &Value::Null).await;
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).await.unwrap_or_else(|why| panic!("{method} {path} {body}: {why}"))
    }

    /// What the driver returns, or its error.
    async fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let at = if self.session.is_empty() { String::new() } else { format!("/{}", self.session) };
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let head = format!(
            "{method} /session{at}{path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let json = in_time(&format!("{method} {path} {body}"), body_of(BufReader::new(stream))).await;
        let mut json: Value = serde_json::from_slice(&json).unwrap();
        let value = json["value"].take();
        if value["error"].is_null() { Ok(value) } else { Err(value) }
    }
}

/// The browser is the driver's child, and would outlive it.
impl Drop for Browser {
    fn drop(&mut self) {
        if let Ok(mut stream) = std::net::TcpStream::connect(&self.address) {
            let patience = Some(Duration::from_secs(10));
            let ends = format!("DELETE /session/{} HTTP/1.1\r\nhost: {}\r\n\r\n", self.session, self.address);
            // The driver answers when the browser has ended.
            let _ = stream.set_read_timeout(patience);
            let _ = stream.write_all(ends.as_bytes()).and_then(|()| stream.read(&mut [0]));
        }
        // The last of its processes may still write there.
        let mut tries = 50;
        while tries > 0 && std::fs::remove_dir_all(&self.home).is_err() {
            tries -= 1;
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The body of an answer, whose head says how long it is. The driver keeps the connection open.
async fn body_of(mut answer: BufReader<TcpStream>) -> Vec<u8> {
    let (mut line, mut length) = (String::new(), 0);
    while answer.read_line(&mut line).await.unwrap() > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body).await.unwrap();
    body
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
