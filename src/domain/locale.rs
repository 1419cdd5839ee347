//! Languages in which the gateway writes dates to people.

use jiff::civil::Date;
/// A language with the way in which it writes a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    #[default]
    English,
    BritishEnglish,
    German,
    Spanish,
    French,
    Italian,
    Dutch,
    Portuguese,
}

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const SPANISH: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const FRENCH: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ITALIAN: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];
const DUTCH: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const PORTUGUESE: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

impl Locale {
    /// The locale of a BCP 47 tag such as `pt-BR`. English for a language that is not among these.
    pub fn of(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        let (language, rest) = tag.split_once('-').unwrap_or((&tag, ""));
        match language {
            "en" if !rest.is_empty() && rest != "us" => Self::BritishEnglish,
            "de" => Self::German,
            "es" => Self::Spanish,
            "fr" => Self::French,
            "it" => Self::Italian,
            "nl" => Self::Dutch,
            "pt" => Self::Portuguese,
            _ => Self::English,
        }
    }

    /// A date with the month in words.
    pub fn long_date(self, date: Date) -> String {
        let (year, day, month) = (date.year(), date.day(), self.month(date));
        match self {
            Self::English => format!("{month} {day}, {year}"),
            Self::German => format!("{day}. {month} {year}"),
            Self::Spanish | Self::Portuguese => format!("{day} de {month} de {year}"),
            Self::BritishEnglish | Self::French | Self::Italian | Self::Dutch => {
                format!("{day} {month} {year}")
            }
        }
    }

    fn month(self, date: Date) -> &'static str {
        let months = match self {
            Self::English | Self::BritishEnglish => &ENGLISH,
            Self::German => &GERMAN,
            Self::Spanish => &SPANISH,
            Self::French => &FRENCH,
            Self::Italian => &ITALIAN,
            Self::Dutch => &DUTCH,
            Self::Portuguese => &PORTUGUESE,
        };
        // A month counts from 1.
        let place = usize::from(date.month().unsigned_abs()).saturating_sub(1);
        months.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const ALL: [(Locale, &str, &str); 8] = [
        (Locale::English, "en", "March 24, 2026"),
        (Locale::BritishEnglish, "en-GB", "24 March 2026"),
        (Locale::German, "de", "24. März 2026"),
        (Locale::Spanish, "es", "24 de marzo de 2026"),
        (Locale::French, "fr", "24 mars 2026"),
        (Locale::Italian, "it", "24 marzo 2026"),
        (Locale::Dutch, "nl", "24 maart 2026"),
        (Locale::Portuguese, "pt", "24 de março de 2026"),
    ];

    #[test]
    fn each_language_writes_the_month_in_its_own_words() {
        for (locale, name, written) in ALL {
            assert_eq!(locale.long_date(date(2026, 3, 24)), written);
            assert_eq!(Locale::of(name), locale);
        }
    }

    #[test]
    fn a_tag_leads_to_the_language_of_its_country() {
        for (tag, locale) in [
            ("pt-BR", Locale::Portuguese),
            ("DE-at", Locale::German),
            ("en-US", Locale::English),
            ("en-IN", Locale::BritishEnglish),
            ("tlh", Locale::English),
        ] {
            assert_eq!(Locale::of(tag), locale, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn no_two_days_of_a_year_are_written_alike(one in 0..365_i64, other in 0..365_i64) {
            let day = |number: i64| date(2026, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap();
            for (locale, _, _) in ALL {
                let is_alike = locale.long_date(day(one)) == locale.long_date(day(other));
                prop_assert_eq!(is_alike, one == other);
            }
        }
    }
}
