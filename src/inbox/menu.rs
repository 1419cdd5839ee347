//! Menus of buttons or of a list: sent as numbered text, with the replies mapped back. Pure.
//!
//! Phones do not show buttons and lists of linked devices reliably, so a menu is a text that every phone shows.

use std::{fmt::Write, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Timestamp, clock::between, details, fold::fold},
    store::{Record, Scope, Table, Tree},
};

/// How long a reply is taken for one to the menu.
const LIFE: Duration = Duration::from_secs(24 * 3_600);
const ASK: &str = "Reply with a number";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MenuKind {
    Buttons,
    List,
}

impl MenuKind {
    pub fn details(self) -> details::Menu {
        match self {
            Self::Buttons => details::Menu::Buttons,
            Self::List => details::Menu::List,
        }
    }
}

/// A menu that is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuDraft {
    pub kind: MenuKind,
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub title: Option<String>,
    pub options: Vec<OptionDraft>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OptionDraft {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

/// The menu that a chat was sent last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMenu {
    pub kind: MenuKind,
    pub options: Vec<MenuOption>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuOption {
    pub id: String,
    pub title: String,
}

impl Record for SentMenu {
    const TABLE: Table = Table {
        tree: Tree::new(164, "SentMenus"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Account,
    };
}

impl MenuDraft {
    /// The text that is sent.
    pub fn text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        blocks.extend(self.header.as_deref().map(bold));
        blocks.push(self.body.clone());
        let mut number = 0;
        for section in &self.sections {
            let mut block = section.title.as_deref().map(bold).unwrap_or_default();
            for option in &section.options {
                number += 1;
                if !block.is_empty() {
                    block.push('\n');
                }
                let _ = write!(block, "{number}. {}", option.title);
                if let Some(description) = &option.description {
                    let _ = write!(block, " – {description}");
                }
            }
            blocks.push(block);
        }
        blocks.extend(self.footer.as_deref().map(|footer| format!("_{footer}_")));
        blocks.push(ASK.to_owned());
        blocks.join("\n\n")
    }

    /// What a reply is compared with.
    pub fn sent(&self, at: Timestamp) -> SentMenu {
        let options = self.sections.iter().flat_map(|section| &section.options);
        let option = |option: &OptionDraft| MenuOption {
            id: option.id.clone(),
            title: option.title.clone(),
        };
        SentMenu { kind: self.kind, options: options.map(option).collect(), at }
    }
}

fn bold(text: &str) -> String {
    format!("*{text}*")
}

impl SentMenu {
    /// The menu of a template's buttons; none without a button to reply with.
    pub fn of_template(options: Vec<MenuOption>, at: Timestamp) -> Option<Self> {
        (!options.is_empty()).then_some(Self { kind: MenuKind::Buttons, options, at })
    }

    /// The option that a text chooses: by its number, its title or its id. None for another text, and after a day.
    pub fn chosen(&self, text: &str, now: Timestamp) -> Option<&MenuOption> {
        if LIFE <= between(self.at, now) {
            return None;
        }
        let text = text.trim();
        let number = text.trim_end_matches(['.', ')']).parse::<usize>().ok();
        let by_number = number.and_then(|number| self.options.get(number.checked_sub(1)?));
        let folded = fold(text);
        let by_words =
            || self.options.iter().find(|one| fold(&one.title) == folded || one.id == text);
        by_number.or_else(by_words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn option(id: &str, title: &str, description: Option<&str>) -> OptionDraft {
        let description = description.map(str::to_owned);
        OptionDraft { id: id.to_owned(), title: title.to_owned(), description }
    }

    fn menu() -> MenuDraft {
        let tea = Section {
            title: Some("Tea".to_owned()),
            options: vec![option("t-1", "Green", Some("from Uji")), option("t-2", "Black", None)],
        };
        let coffee = Section { title: None, options: vec![option("c-1", "Café", None)] };
        MenuDraft {
            kind: MenuKind::List,
            header: Some("Menu".to_owned()),
            body: "What would you like?".to_owned(),
            footer: Some("Open till 6".to_owned()),
            sections: vec![tea, coffee],
        }
    }

    #[test]
    fn a_menu_is_a_text_whose_numbers_run_through_its_sections() {
        let expected = "*Menu*\n\nWhat would you like?\n\n*Tea*\n1. Green – from Uji\n2. Black\n\n\
                        3. Café\n\n_Open till 6_\n\nReply with a number";
        assert_eq!(menu().text(), expected);
    }

    #[test]
    fn a_reply_is_a_number_a_title_or_an_id_for_a_day() {
        let sent = menu().sent(from_seconds(0));
        let chosen =
            |text: &str, at| sent.chosen(text, from_seconds(at)).map(|option| option.id.as_str());
        for (text, id) in [
            ("2", Some("t-2")),
            (" 2. ", Some("t-2")),
            ("3)", Some("c-1")),
            ("CAFE", Some("c-1")),
            ("t-1", Some("t-1")),
            ("0", None),
            ("4", None),
            ("2 please", None),
            ("", None),
        ] {
            assert_eq!(chosen(text, 1), id, "{text:?}");
        }
        assert_eq!((chosen("2", 86_399), chosen("2", 86_400)), (Some("t-2"), None));
    }
}
