use std::{fs, path::Path};

use wsspec::{
    Error, Level, Server,
    peer::{
        faults,
        serve::{self, Spawned},
    },
};

async fn reference(fault: Option<&str>) -> (Spawned, String) {
    let fault = fault.map(|name| faults::find(name).expect("a fault"));
    let server = serve::spawn(fault, 1).await.expect("a free port");
    let url = format!("ws://{}", server.address);
    (server, url)
}

const MASKS: &str = "masks-pongs";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_conforms_passes() {
    let (_server, url) = reference(None).await;
    let report = Server::at(&url)
        .cases(["control/ping", "close/codes/*"])
        .exclude(["control/ping/length[125]"])
        .run()
        .await
        .expect("it is up");
    assert!(report.summary.verdicts.pass > 20, "{:?}", report.summary);
    assert!(
        !report
            .cases
            .iter()
            .any(|case| case.id == "control/ping/length[125]")
    );
    report.assert();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_is_told_of_readably() {
    let (_server, url) = reference(Some(MASKS)).await;
    let report = Server::at(&url).cases(["control/ping"]).run().await;
    let report = report.expect("it is up");
    let deviates = report.verdict().expect_err("it deviates");
    let text = deviates.to_string();
    // `?` ends a test with what Debug says.
    assert_eq!(format!("{:?}", Error::from(deviates)), text);
    for words in [
        &format!("server {url}: "),
        " cases fail, of ",
        "FAIL control/ping/",
        "RFC 6455, section 5.1 (6455-5.1-5, must)",
        "  octets    8a 8",
        " more in the same way: control/ping/",
        &format!("  replay    wsspec server {url} --seed 0 "),
        "`.cases([\"ID\"])` plays one of them alone.",
    ] {
        assert!(text.contains(words), "{words:?} is missing:\n{text}");
    }
    let panic = tokio::spawn(async move { report.assert() }).await;
    let panic = panic.expect_err("it panics").into_panic();
    assert_eq!(panic.downcast_ref::<String>(), Some(&text));
}

#[tokio::test(flavor = "multi_thread")]
async fn known_deviations_pass_until_they_no_longer_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = folder.path().join("known.txt");
    fs::write(&known, "control/ping/* fail|pass # pongs are masked here\n").expect("a file");
    let (_server, url) = reference(Some(MASKS)).await;
    let test = |url: &str| Server::at(url).cases(["control/ping"]);
    let report = test(&url).known(&known).run().await.expect("it is up");
    report.assert();

    fs::write(&known, "control/ping/* fail # pongs are masked here\n").expect("a file");
    let (_server, url) = reference(None).await;
    let report = test(&url).known(&known).run().await.expect("it is up");
    let text = report.verdict().expect_err("a line is stale").to_string();
    assert!(text.contains("1 known deviation no longer holds"), "{text}");
    assert!(text.contains("known.txt:1 no longer holds"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_decide_and_views_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("run.html");
    let (_server, url) = reference(Some("answers-one-octet-close")).await;
    let test = |level| {
        Server::at(&url)
            .cases(["close/bodies/one-octet-answered"])
            .level(level)
    };
    let report = test(Level::Must)
        .name("reference 1.0")
        .report(format!("html={}", page.display()))
        .run()
        .await
        .expect("it is up");
    let written = fs::read_to_string(&page).expect("the page");
    assert!(written.contains("close/bodies/one-octet-answered"));
    assert_eq!(report.target.name.as_deref(), Some("reference 1.0"));
    let fails = report.summary.fails;
    assert_eq!(fails.must, 0, "{fails:?}");
    assert!(fails.should > 0, "{fails:?}");
    report.assert();
    let report = test(Level::Should).run().await.expect("it is up");
    report.verdict().expect_err("a should counts now");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_before_anything_is_played() {
    let url = "ws://127.0.0.1:9";
    let missing = Path::new("no/such/file");
    for (test, said) in [
        (Server::at("http://x"), "ws://"),
        (Server::at(url).cases(["no-such"]), "no-such"),
        (Server::at(url).known(missing), "no/such/file"),
        (Server::at(url).report("nonsense"), "nonsense"),
        (
            Server::at(url).report("json=no/such/folder/x.json"),
            "no/such/folder",
        ),
        (Server::at(url).header("a b", "c"), "no header line"),
        (Server::at(url).header("a", "c\r\nd"), "no header line"),
        (
            Server::at(url).header("origin", "a").origin("b"),
            "set twice",
        ),
        (Server::at(url).case_files(missing), "no/such/file"),
        // And then it is not up.
        (Server::at(url).cases(["control"]), "is the server running"),
    ] {
        let error = test.clone().run().await.expect_err(said);
        let text = error.to_string();
        assert!(text.contains(said), "{said:?}: {text}");
        assert_eq!(format!("{error:?}"), text);
    }
}
