//! What the matrix expects: operations for anybody, and the scopes that roles have.

/// What everybody may call.
pub const PUBLIC: [&str; 29] = [
    "GET /",
    "GET /api-docs",
    "GET /api-docs/{file}",
    "GET /api/media/{uuid}",
    "GET /api/v1/health",
    "GET /assets/{file}",
    "GET /docs/{page}",
    "GET /health",
    "GET /llms.txt",
    "GET /openapi.json",
    "GET /pay/{id}",
    "POST /api/webhooks/stripe",
    "POST /api/webhooks/twilio/sms",
    "POST /api/webhooks/twilio/sms/{id}",
    "POST /api/webhooks/twilio/status",
    "GET /api/v1/auth/status",
    "POST /api/v1/auth/forgot-password",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/reset-password",
    "POST /api/v1/auth/totp/verify",
    "POST /api/v1/auth/verify-email",
    "GET /widget.js",
    "GET /_simulator/api-docs",
    "GET /_simulator/api-docs/{file}",
    "GET /_simulator/v1/openapi.json",
    "GET /_simulator/phone",
    "GET /_simulator/phone.css",
    "GET /_simulator/phone.js",
];
/// What the public token of a bot opens for everybody who knows it. It stands in the path.
pub const WITH_PUBLIC_TOKEN: [&str; 3] = [
    "GET /widget/{token}",
    "GET /api/v1/widget/{token}/config",
    "POST /api/v1/widget/{token}/sessions",
];
/// What a visitor's token opens beside it: the own conversation with that bot.
pub const FOR_VISITORS: [&str; 9] = [
    "GET /api/v1/widget/{token}/history/{session_id}",
    "GET /api/v1/widget/{token}/events",
    "POST /api/v1/widget/{token}/chat",
    "POST /api/v1/widget/{token}/stream",
    "POST /api/v1/widget/{token}/feedback",
    "POST /api/v1/widget/{token}/handoff",
    "POST /api/v1/widget/{token}/tickets",
    "GET /api/v1/widget/{token}/tickets",
    "POST /api/v1/widget/{token}/close",
];
/// Whether an operation needs no credential of the gateway's own.
pub fn is_public(name: &str) -> bool {
    [&PUBLIC[..], &WITH_PUBLIC_TOKEN[..], &FOR_VISITORS[..]].iter().any(|list| list.contains(&name))
}

/// Takes a link that was signed or a key, which its handler checks.
pub const LINK_OR_KEY: &str = "GET /api/media/{uuid}";
/// Roles of people who may not do everything, and their scopes.
pub const ROLES: [(&str, &[&str]); 2] = [
    ("AGENT", &["read", "conversations", "send", "contacts", "bots"]),
    ("VIEWER", &["read", "conversations", "contacts"]),
];
