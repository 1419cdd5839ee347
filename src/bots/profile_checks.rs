//! Checks of what callers say of a bot's texts, of when it hands over, and of its web chat. Pure.

use crate::{
    bots::{
        bot::Bot,
        change::BotChange,
        field_checks::{blank, keywords, number, text, within},
        profile::Widget,
    },
    domain::Error,
};

const LONGEST_DOMAIN: usize = 50;
const LONGEST_DESCRIPTION: usize = 500;
const LONGEST_TONE: usize = 100;
/// Of a message that the bot says.
const LONGEST_TEXT: usize = 1_600;
const MOST_TOKENS: u32 = 32_000;
const MOST_FALLBACKS: u32 = 20;
const MOST_ORIGINS: usize = 50;
const LONGEST_ORIGIN: usize = 253;
const LONGEST_TITLE: usize = 100;
const LONGEST_URL: usize = 2_048;
const MOST_SUGGESTIONS: usize = 6;
const LONGEST_SUGGESTION: usize = 100;
const TOKEN: &str = "pk_";
const TOKEN_LETTERS: usize = 22;

/// The part of a change that concerns texts, hand-over and web chat, without a fault.
#[derive(Clone, Debug, Default)]
pub struct CheckedProfile {
    change: BotChange,
}

/// Takes its part out of a change; every field with a fault is named.
pub fn check(change: &mut BotChange) -> Result<CheckedProfile, Error> {
    let change = BotChange {
        domain: change.domain.take(),
        description: change.description.take(),
        language: change.language.take(),
        tone: change.tone.take(),
        max_tokens: change.max_tokens.take(),
        welcome: change.welcome.take(),
        fallback: change.fallback.take(),
        handoff: change.handoff.take(),
        handoff_enabled: change.handoff_enabled.take(),
        handoff_keywords: change.handoff_keywords.take(),
        after_fallbacks: change.after_fallbacks.take(),
        web: change.web.take(),
        allowed_origins: change.allowed_origins.take(),
        widget: change.widget.take(),
        new_token: std::mem::take(&mut change.new_token),
        ..BotChange::default()
    };
    let optional = |field: &str, given: Option<Option<String>>, most: usize| {
        within(field, given.map(blank), most)
    };
    let domain =
        change.domain.map(|domain| text("domain", domain.trim(), LONGEST_DOMAIN)).transpose();
    let language = change.language.map(|language| read_language(&language)).transpose();
    let description = optional("description", change.description, LONGEST_DESCRIPTION);
    let tone = optional("tone", change.tone, LONGEST_TONE);
    let welcome = optional("welcomeMessage", change.welcome, LONGEST_TEXT);
    let fallback = optional("fallbackMessage", change.fallback, LONGEST_TEXT);
    let handoff = optional("handoffMessage", change.handoff, LONGEST_TEXT);
    let words = change.handoff_keywords;
    let words = words.map(|words| keywords("handoff.keywords", words)).transpose();
    let after = number("handoff.afterFallbacks", change.after_fallbacks, (1, MOST_FALLBACKS));
    let tokens = number("model.maxTokens", change.max_tokens.flatten(), (1, MOST_TOKENS));
    let origins = change.allowed_origins.map(read_origins).transpose();
    let widget = change.widget.map(read_widget).transpose();
    let about = Error::both(Error::both(domain, language), Error::both(description, tone));
    let said = Error::both(Error::both(welcome, fallback), handoff);
    let rules = Error::both(Error::both(words, after), tokens);
    let page = Error::both(origins, widget);
    let ((about, said), (rules, page)) =
        Error::both(Error::both(about, said), Error::both(rules, page))?;
    let ((domain, language), (description, tone)) = about;
    let ((welcome, fallback), handoff) = said;
    let ((handoff_keywords, after_fallbacks), tokens) = rules;
    let (allowed_origins, widget) = page;
    let change = BotChange {
        domain,
        description,
        language,
        tone,
        max_tokens: change.max_tokens.map(|_| tokens),
        welcome,
        fallback,
        handoff,
        handoff_keywords,
        after_fallbacks,
        allowed_origins,
        widget,
        handoff_enabled: change.handoff_enabled,
        web: change.web,
        new_token: change.new_token,
        ..BotChange::default()
    };
    Ok(CheckedProfile { change })
}

impl CheckedProfile {
    pub fn applied(self, mut bot: Bot) -> Bot {
        let change = self.change;
        bot.domain = change.domain.unwrap_or(bot.domain);
        bot.description = change.description.unwrap_or(bot.description);
        bot.language = change.language.unwrap_or(bot.language);
        bot.tone = change.tone.unwrap_or(bot.tone);
        bot.max_tokens = change.max_tokens.unwrap_or(bot.max_tokens);
        bot.texts.welcome = change.welcome.unwrap_or(bot.texts.welcome);
        bot.texts.fallback = change.fallback.unwrap_or(bot.texts.fallback);
        bot.texts.handoff = change.handoff.unwrap_or(bot.texts.handoff);
        bot.handoff.enabled = change.handoff_enabled.unwrap_or(bot.handoff.enabled);
        bot.handoff.keywords = change.handoff_keywords.unwrap_or(bot.handoff.keywords);
        bot.handoff.after_fallbacks = change.after_fallbacks.unwrap_or(bot.handoff.after_fallbacks);
        bot.web.is_on = change.web.unwrap_or(bot.web.is_on);
        bot.web.allowed_origins = change.allowed_origins.unwrap_or(bot.web.allowed_origins);
        bot.web.widget = change.widget.unwrap_or(bot.web.widget);
        if change.new_token || bot.web.public_token.is_none() {
            bot.web.public_token = Some(new_token());
        }
        bot
    }
}

/// A token that nobody guesses.
pub fn new_token() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    format!("{TOKEN}{}", (0..TOKEN_LETTERS).map(letter).collect::<String>())
}

fn read_language(given: &str) -> Result<String, Error> {
    let given = given.trim();
    let mut parts = given.split(['-', '_']);
    let is_first = |part: &str| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_rest = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_tag =
        parts.next().is_some_and(is_first) && parts.clone().count() <= 2 && parts.all(is_rest);
    if given == "auto" || is_tag {
        return Ok(given.to_owned());
    }
    Err(Error::invalid_field(
        "language",
        "must be auto, or the tag of a language such as en or pt-BR",
    ))
}

fn read_origins(given: Vec<String>) -> Result<Vec<String>, Error> {
    let fault = |fault: &str| Error::invalid_field("allowedOrigins", fault);
    if MOST_ORIGINS < given.len() {
        return Err(fault("must have at most 50 entries"));
    }
    let mut origins: Vec<String> = Vec::new();
    for origin in given {
        let origin = origin.trim().trim_end_matches('/').to_lowercase();
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_host = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        };
        if LONGEST_ORIGIN < origin.len() || !host.is_some_and(is_host) {
            return Err(fault("must be origins such as https://www.example.com"));
        }
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

fn read_widget(widget: Widget) -> Result<Widget, Error> {
    let Widget { color, position, title, avatar_url, suggestions } = widget;
    let is_color = |color: &String| {
        color.len() == 7
            && color.starts_with('#')
            && color.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
    };
    let color = match blank(color) {
        Some(color) if !is_color(&color) => {
            Err(Error::invalid_field("widget.color", "must be a color such as #1f6feb"))
        }
        color => Ok(color),
    };
    let title = within("widget.title", Some(blank(title)), LONGEST_TITLE);
    let is_url = |url: &String| url.starts_with("https://") && url.len() <= LONGEST_URL;
    let avatar_url = match blank(avatar_url) {
        Some(url) if !is_url(&url) => {
            Err(Error::invalid_field("widget.avatarUrl", "must be an https address"))
        }
        url => Ok(url),
    };
    let suggestions = read_suggestions(&suggestions);
    let ((color, title), (avatar_url, suggestions)) =
        Error::both(Error::both(color, title), Error::both(avatar_url, suggestions))?;
    Ok(Widget { color, position, title: title.flatten(), avatar_url, suggestions })
}

fn read_suggestions(given: &[String]) -> Result<Vec<String>, Error> {
    let given = given.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty());
    let given: Vec<String> = given.collect();
    let is_long = |one: &String| one.chars().nth(LONGEST_SUGGESTION).is_some();
    if MOST_SUGGESTIONS < given.len() || given.iter().any(is_long) {
        let fault = "must be at most 6 questions of at most 100 characters";
        return Err(Error::invalid_field("widget.suggestions", fault));
    }
    Ok(given)
}
