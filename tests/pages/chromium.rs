//! Headless Chromium, spoken to in its own protocol over a WebSocket.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// No answer of Chromium takes so long, and no test depends on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A Chromium without a window, with a profile of its own. It ends with this value.
pub struct Chromium {
    _child: Child,
    _profile: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
    /// What a page has complained of: exceptions, and what its policy did not allow.
    pub complaints: Vec<String>,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub width: u32,
    pub dark: bool,
    pub script: bool,
}

/// The program: `WSSPEC_CHROMIUM`, or the first of the usual names.
fn program() -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let named = env::var_os("WSSPEC_CHROMIUM").map(PathBuf::from);
    named
        .or_else(|| {
            ["chromium", "chromium-browser", "google-chrome"]
                .iter()
                .flat_map(|name| env::split_paths(&folders).map(move |folder| folder.join(name)))
                .find(|path| path.is_file())
        })
        .expect("Chromium; tests/pages/run installs it, WSSPEC_CHROMIUM names one")
}

impl Chromium {
    pub async fn start() -> Chromium {
        let profile = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(program())
            .args([
                "--headless",
                "--remote-debugging-port=0",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            // Its sandbox refuses root, and needs more than a container grants. The pages are ours.
            .arg("--no-sandbox")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Chromium starts");
        let mut said = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut url = None;
        let listens = async {
            while let Ok(Some(line)) = said.next_line().await {
                if let Some(at) = line.strip_prefix("DevTools listening on ") {
                    url = Some(at.trim().to_owned());
                    break;
                }
            }
        };
        timeout(PATIENCE, listens).await.expect("Chromium listens");
        // Nobody else reads what it says, and a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) =
            connect_async_with_config(url.expect("Chromium says where"), Some(config), false)
                .await
                .expect("Chromium answers");
        Chromium {
            _child: child,
            _profile: profile,
            socket,
            last: 0,
            complaints: Vec::new(),
        }
    }

    async fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        let sent = self.socket.send(Message::text(call.to_string())).await;
        sent.expect("Chromium is there");
        self.until(|message| message["id"] == id, method).await["result"].clone()
    }

    /// Reads until a message of this kind comes.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool, what: &str) -> Value {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            let message = next.unwrap_or_else(|_| panic!("Chromium does not answer {what}"));
            let Message::Text(text) = message.expect("Chromium is there").expect("a message")
            else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if let Some("Runtime.exceptionThrown" | "Log.entryAdded") = message["method"].as_str() {
                self.complaints.push(message["params"].to_string());
            }
            assert!(message["error"].is_null(), "{what}: {message}");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Opens a page, and gives what it is spoken to with.
    pub async fn open(&mut self, url: &str, look: Look) -> Page<'_> {
        let target = self
            .call(None, "Target.createTarget", json!({ "url": "about:blank" }))
            .await["targetId"]
            .clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach).await["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let mut page = Page {
            chromium: self,
            session,
            target,
        };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await;
        }
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        page.call("Emulation.setEmulatedMedia", media).await;
        let size =
            json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        page.call("Emulation.setDeviceMetricsOverride", size).await;
        let off = json!({ "value": !look.script });
        page.call("Emulation.setScriptExecutionDisabled", off).await;
        page.call("Page.navigate", json!({ "url": url })).await;
        let session = page.session.clone();
        let loaded = move |message: &Value| {
            message["method"] == "Page.loadEventFired" && message["sessionId"] == *session
        };
        page.chromium.until(loaded, "Page.navigate").await;
        page
    }
}

/// A page that is open.
pub struct Page<'c> {
    chromium: &'c mut Chromium,
    session: String,
    target: Value,
}

impl Page<'_> {
    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.chromium
            .call(Some(&self.session), method, params)
            .await
    }

    /// What an expression comes to. It is asked from outside, so a page whose scripts are off answers too.
    pub async fn ask(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub async fn sees(&mut self, expression: &str) {
        let long = async { while self.ask(expression).await != true {} };
        let seen = timeout(PATIENCE, long).await;
        assert!(seen.is_ok(), "never true: {expression}");
    }

    /// Presses a key: one character, or `Enter`, `Escape`, `Tab`.
    pub async fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "Tab" => (9, ""),
            other => (0, other),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Writes where the focus is.
    pub async fn write(&mut self, text: &str) {
        let params = json!({ "text": text });
        self.call("Input.insertText", params).await;
    }

    /// Clicks on the first element of this kind, as a person does.
    pub async fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const one = document.querySelector({}); one.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const {{ x, y, width, height }} = one.getBoundingClientRect(); return [x + width / 2, y + height / 2]; }})()",
            json!(selector)
        );
        let place = self.ask(&place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// The page on paper: as it lies in Chromium's PDF, in octets of base64.
    pub async fn printed(&mut self) -> String {
        let answer = self
            .call("Page.printToPDF", json!({ "printBackground": true }))
            .await;
        answer["data"].as_str().expect("a PDF").to_owned()
    }

    /// As it would be printed, on the screen.
    pub async fn as_print(&mut self) {
        self.call("Emulation.setEmulatedMedia", json!({ "media": "print" }))
            .await;
    }

    pub async fn close(self) {
        let params = json!({ "targetId": self.target });
        self.chromium.call(None, "Target.closeTarget", params).await;
    }
}
