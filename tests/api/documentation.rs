//! The documentation that the gateway serves.

use std::collections::BTreeSet;

use crate::app::TestApp;

/// Where the links of a text in Markdown lead.
fn links(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_leads_to_every_page_and_no_page_to_nowhere() {
    let app = TestApp::start().await;
    let (status, index) = app.text("/llms.txt").await;
    assert_eq!(status, 200);
    assert!(index.starts_with("# wagate\n\n> "), "{index}");
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = links(&index).map(str::to_owned).collect();
    while let Some(link) = open.pop() {
        let path = link.split('#').next().unwrap().to_owned();
        if path.is_empty() || path.contains("://") || !seen.insert(path.clone()) {
            continue;
        }
        let (status, text) = app.text(&path).await;
        assert_eq!(status, 200, "{path}");
        if path.starts_with("/docs/") {
            assert!(text.starts_with("# "), "{path}");
            open.extend(links(&text).map(|link| match link.strip_prefix('/') {
                Some(_) => link.to_owned(),
                None if link.starts_with('#') || link.contains("://") => link.to_owned(),
                None => format!("/docs/{link}"),
            }));
        }
    }
    assert!(seen.contains("/docs/sending.md") && seen.contains("/openapi.json"), "{seen:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_page_is_an_error() {
    let app = TestApp::start().await;
    for path in ["/docs/none.md", "/docs/sending", "/docs/..%2FCargo.toml", "/docs/openapi.json"] {
        let (status, answer) = app.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(answer["error"]["code"], "NOT_FOUND", "{path}");
    }
    app.stop().await;
}
