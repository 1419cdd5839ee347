//! Figures as a tool.

use serde_json::json;

use crate::{
    app::TestApp,
    mcp::{refused, tools::checked},
};

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_section_that_is_asked_for() {
    let app = TestApp::start().await;
    for (section, path, field) in [
        ("overview", "", "messages"),
        ("ctwa", "/ctwa", "ads"),
        ("csat", "/csat", "distribution"),
        ("agents", "/agents", "agents"),
    ] {
        let figures = checked(&app, "get_analytics", json!({ "section": section })).await;
        let endpoint = app.get(&format!("/api/whatsapp-api/analytics{path}")).await.1;
        assert_eq!(figures, endpoint, "{section}");
        assert!(figures.get(field).is_some() && figures.get("period").is_some(), "{figures}");
    }
    let figures =
        checked(&app, "get_analytics", json!({ "from": "2026-03-01", "to": "2026-03-02" }));
    assert_eq!(figures.await["period"], json!({ "from": "2026-03-01", "to": "2026-03-02" }));
    for wrong in [json!({ "section": "all" }), json!({ "from": "yesterday" })] {
        let code = refused(&app, app.key().await, "get_analytics", wrong).await;
        assert_eq!(code, "validation_error");
    }
    app.stop().await;
}
