use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{connect_async, tungstenite};
use wsspec::{
    Client, Error,
    peer::{Ask, Peer, faults, serve},
};

/// The reference client, with a fault or without.
async fn reference(url: String, fault: Option<&'static str>) {
    let (host, resource) = url
        .strip_prefix("ws://")
        .and_then(|rest| rest.split_once('/'))
        .expect("a URL of ours");
    let ask = Ask {
        host: host.to_owned(),
        resource: format!("/{resource}"),
        subprotocols: Vec::new(),
        browser: false,
    };
    let fault = fault.map(|name| faults::find(name).expect("a fault"));
    // Many a case ends in an error.
    let _ = serve::dial(host, Peer::client(fault, fastrand::u64(..), &ask)).await;
}

async fn tungstenite(url: String) -> tungstenite::Result<()> {
    let (mut socket, _) = connect_async(url).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_conforms_passes() {
    let report = Client::new(|url| reference(url, None))
        .cases(["control", "handshake/response"])
        .run()
        .await
        .expect("it comes");
    assert!(report.summary.verdicts.pass > 50, "{:?}", report.summary);
    report.assert();
    let report = Client::new(tungstenite)
        .cases(["control/ping", "utf8/valid"])
        .name("tungstenite & co 0.30")
        .run()
        .await
        .expect("it comes");
    assert_eq!(report.target.name.as_deref(), Some("tungstenite & co 0.30"));
    assert!(report.measured.duration_us > 0);
    report.assert();
}

#[tokio::test]
async fn a_client_that_does_not_is_told_of_readably() {
    let report = Client::new(|url| reference(url, Some("sends-unmasked-frames")))
        .cases(["control/ping/payload"])
        .run()
        .await
        .expect("it comes");
    let text = report.verdict().expect_err("it deviates").to_string();
    for words in [
        "client ",
        "FAIL control/ping/payload[",
        "RFC 6455, section 5.1",
        "  replay    wsspec client --seed 0 ",
    ] {
        assert!(text.contains(words), "{words:?} is missing:\n{text}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_come_is_no_client_that_conforms() {
    let never = Client::new(|_| async {})
        .cases(["control/ping"])
        .timeout(Duration::from_millis(50));
    let error = never.run().await.expect_err("nobody came");
    assert!(matches!(error, Error::NoClient), "{error}");

    let mut calls = 0;
    let sometimes = Client::new(|url| {
        calls += 1;
        let comes = calls <= 2;
        async move {
            if comes {
                reference(url, None).await;
            }
        }
    });
    // The time is what those are waited for that do not come.
    let test = sometimes
        .cases(["control/ping"])
        .timeout(Duration::from_secs(2));
    let report = test.run().await.expect("it came");
    assert_eq!(report.summary.cases, 2);
    let text = report
        .verdict()
        .expect_err("it did not come for all")
        .to_string();
    assert!(
        text.contains("The client did not ask for all cases"),
        "{text}"
    );
    assert_eq!(calls, 5);
}
