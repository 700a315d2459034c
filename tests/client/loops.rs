//! The loop of Autobahn's clients, unchanged, in any order and side by side.

use std::fs;

use futures_util::future::join_all;
use wsspec::{report::Why, session::Verdict};

use super::{Listening, driver::*, stored};

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_loop_runs_and_gives_table_json_and_html() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, html) = (folder.path().join("r.json"), folder.path().join("r.html"));
    let listening = Listening::start(&[
        "control/ping",
        "close/codes",
        &format!("--report=json={}", json.display()),
        &format!("--report=html={}", html.display()),
    ]);
    let url = listening.url.clone();
    let count = case_count(&url).await;
    assert!(count > 60, "{count}");
    let info = ask(&url, "/getCaseInfo?case=1").await.expect("an answer");
    let info: serde_json::Value = serde_json::from_str(&info.expect("a message")).expect("JSON");
    assert!(info["id"].is_string() && info["description"].is_string());
    for number in 1..=count {
        // That a case breaks the connection is what it is about.
        let _ = run_case(&url, &format!("case={number}"), "a%20client").await;
    }
    let status = ask(&url, "/getCaseStatus?case=1&agent=a%20client").await;
    assert!(
        status
            .expect("an answer")
            .is_some_and(|s| s.contains("\"behavior\":\"OK\""))
    );
    update_reports(&url, "a%20client").await;
    // They are there before the answer is.
    let reports = stored(&json);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].target.agent.as_deref(), Some("a client"));
    assert_eq!(reports[0].cases.len(), count);
    assert_eq!(reports[0].summary.verdicts.fail, 0);
    assert!(
        fs::read_to_string(&html)
            .expect("a page")
            .contains("a client")
    );
    let ran = listening.interrupted();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("wsspec") && ran.out.contains(" 0 fail"),
        "{}",
        ran.out
    );
    assert_eq!(
        ran.out.matches("category ").count(),
        1,
        "one table is enough: {}",
        ran.out
    );
    assert!(!folder.path().join("r.json.journal").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_come_in_any_order_side_by_side_and_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let listening =
        Listening::start(&["control/ping", &format!("--report=json={}", json.display())]);
    let url = listening.url.clone();
    let count = case_count(&url).await;
    let numbers = (1..=count).rev().chain([1, 1, count]);
    let each = numbers.map(|number| {
        let url = url.clone();
        async move { run_case(&url, &format!("case={number}"), "one").await }
    });
    let by_id = ["control/ping/at-once", "control/ping/length[125]"].map(|id| {
        let url = url.clone();
        async move { run_case(&url, &format!("casetuple={id}"), "two").await }
    });
    let ((), ()) = tokio::join!(async { drop(join_all(each).await) }, async {
        drop(join_all(by_id).await)
    });
    update_reports(&url, "one").await;
    let ran = listening.interrupted();
    // The second client has not asked for its reports, nor for all cases.
    assert_eq!(ran.code, Some(130), "{}{}", ran.out, ran.err);
    let reports = stored(&json);
    let of = |name: &str| {
        let is = |r: &&wsspec::report::Report| r.target.agent.as_deref() == Some(name);
        reports.iter().find(is).expect("a report")
    };
    assert_eq!((of("one").cases.len(), of("two").cases.len()), (count, 2));
    assert!(
        of("one")
            .cases
            .iter()
            .all(|case| case.verdict == Verdict::Pass)
    );
    assert!(of("one").cases.is_sorted_by_key(|case| case.position));
    let stopped = of("two").stopped.expect("not all cases");
    assert_eq!(
        (stopped.why, stopped.not_run as usize),
        (Why::Interrupted, count - 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_cases_is_no_green_run_unless_it_is_meant() {
    for (partial, code, not_run) in [(None, 3, true), (Some("--partial"), 0, false)] {
        let args: Vec<&str> = ["control/ping"].into_iter().chain(partial).collect();
        let listening = Listening::start(&args);
        let url = listening.url.clone();
        run_case(&url, "case=2", "x").await.expect("played");
        update_reports(&url, "x").await;
        let ran = listening.interrupted();
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
        assert_eq!(ran.out.contains("Not run: "), not_run, "{}", ran.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_can_end_it() {
    for path in [
        "/stopServer",
        "/updateReports?agent=x&shutdownOnComplete=true",
    ] {
        let listening = Listening::start(&["control/ping/at-once"]);
        run_case(&listening.url, "case=1", "x")
            .await
            .expect("played");
        assert_eq!(ask(&listening.url, path).await.ok().flatten(), None);
        let ran = listening.ended();
        assert_eq!(ran.code, Some(0), "{path}: {}{}", ran.out, ran.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_has_lost_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("r.json");
    let listening =
        Listening::start(&["control/ping", &format!("--report=json={}", json.display())]);
    let url = listening.url.clone();
    for number in [3, 1, 2] {
        run_case(&url, &format!("case={number}"), "%3Cb%3E")
            .await
            .expect("played");
        // It is judged by the time that its status is told.
        let status = ask(&url, &format!("/getCaseStatus?case={number}&agent=%3Cb%3E")).await;
        assert!(status.is_ok_and(|status| status.is_some()));
    }
    listening.signal("-KILL");
    let journal = folder.path().join("r.json.journal");
    let reports = stored(&journal);
    assert_eq!(reports.len(), 1);
    let verdicts: Vec<_> = reports[0].cases.iter().map(|case| case.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass; 3]);
    let shown = super::common::ran(&["report", &journal.display().to_string(), "--gate"]);
    assert!(
        shown.out.contains("3 pass") && shown.out.contains("interrupted"),
        "{}",
        shown.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_echoes_nowhere_is_not_blamed_for_it() {
    let listening = Listening::start(&[
        "control/ping/at-once",
        "messages/large/echo[text-262144]",
        "--timeout=300ms",
    ]);
    let url = listening.url.clone();
    let count = case_count(&url).await;
    for number in 1..=count {
        let target = format!("{url}/runCase?case={number}&agent=mute");
        let (mut socket, _) = tokio_tungstenite::connect_async(target)
            .await
            .expect("open");
        while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
    }
    update_reports(&url, "mute").await;
    let ran = listening.interrupted();
    assert!(
        ran.out.contains("sent no message back in any case"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(" 0 fail"), "{}", ran.out);
}
