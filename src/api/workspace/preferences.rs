//! Preferences of notifications, as bodies and answers have them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::notifications::{Kind, Preferences, PreferencesChange, QuietTime, QuietTimeChange};

macro_rules! switches {
    ($($name:ident: $about:literal,)*) => {
        /// Whether notifications of each kind come.
        #[derive(Serialize, ToSchema)]
        #[schema(as = WorkspaceNotificationSwitches)]
        struct SwitchesView {
            $(
                #[doc = $about]
                $name: bool,
            )*
        }

        impl SwitchesView {
            fn of(is_on: impl Fn(Kind) -> bool) -> Self {
                let named = |word| Kind::of(word).is_some_and(&is_on);
                Self { $($name: named(stringify!($name)),)* }
            }
        }

        /// Whether notifications of each kind shall come.
        #[derive(Default, Deserialize, ToSchema)]
        #[serde(default)]
        #[schema(as = WorkspaceNotificationSwitchesChange)]
        struct SwitchesBody {
            $(
                #[doc = $about]
                $name: Option<bool>,
            )*
        }

        impl SwitchesBody {
            fn chosen(self) -> BTreeMap<String, bool> {
                let all = [$((stringify!($name), self.$name),)*];
                all.into_iter().filter_map(|(word, on)| Some((word.to_owned(), on?))).collect()
            }
        }
    };
}
switches! {
    new_message: "A contact wrote.",
    handoff_requested: "A bot asked for a person.",
    session_assigned: "A conversation was assigned to one.",
    mention: "One was mentioned in a note.",
    ticket_created: "A ticket was opened.",
    task_created: "A task was assigned to one.",
    task_due: "A task or a ticket is due.",
    feedback_received: "A contact rated the service.",
    broadcast_completed: "A broadcast is complete.",
    session_disconnected: "A session lost its connection.",
    team_invite: "One was taken into a team.",
    window_expiring: "The messaging window of a contact closes soon.",
}

/// Which notifications a person gets, and where.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNotificationPreferences)]
pub struct PreferencesView {
    /// What is listed.
    in_app: SwitchesView,
    /// What goes by mail while one is offline.
    email: SwitchesView,
    /// Whether the dashboard makes a sound.
    sound: bool,
    /// When no mail comes.
    quiet_hours: QuietView,
}

/// A part of each day in which no mail comes.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceQuietHours)]
struct QuietView {
    /// Whether it counts.
    enabled: bool,
    /// When it begins, HH:MM.
    #[schema(example = "22:00")]
    start: String,
    /// When it ends, HH:MM; may lie on the next day.
    #[schema(example = "07:00")]
    end: String,
    /// IANA name of the time zone.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
}

impl PreferencesView {
    pub fn of(chosen: &Preferences) -> Self {
        let QuietTime { enabled, start, end, zone } = chosen.quiet.clone();
        Self {
            in_app: SwitchesView::of(|kind| chosen.shows(kind)),
            email: SwitchesView::of(|kind| chosen.mails(kind)),
            sound: chosen.sound,
            quiet_hours: QuietView { enabled, start, end, timezone: zone },
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceNotificationPreferencesChange, example = json!({
    "email": { "new_message": true }, "quiet_hours": { "enabled": true, "timezone": "Europe/Berlin" },
}))]
pub struct PreferencesBody {
    /// What is listed.
    in_app: Option<SwitchesBody>,
    /// What goes by mail while one is offline.
    email: Option<SwitchesBody>,
    /// Whether the dashboard makes a sound.
    sound: Option<bool>,
    /// When no mail comes.
    quiet_hours: Option<QuietBody>,
}

/// A part of each day in which no mail comes.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceQuietHoursChange)]
struct QuietBody {
    /// Whether it counts.
    enabled: Option<bool>,
    /// When it begins, HH:MM.
    #[schema(max_length = 5, example = "22:00")]
    start: Option<String>,
    /// When it ends, HH:MM.
    #[schema(max_length = 5, example = "07:00")]
    end: Option<String>,
    /// IANA name of the time zone.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    timezone: Option<String>,
}

impl From<PreferencesBody> for PreferencesChange {
    fn from(body: PreferencesBody) -> Self {
        let quiet = body.quiet_hours.map(|quiet| QuietTimeChange {
            enabled: quiet.enabled,
            start: quiet.start,
            end: quiet.end,
            zone: quiet.timezone,
        });
        Self {
            in_app: body.in_app.unwrap_or_default().chosen(),
            email: body.email.unwrap_or_default().chosen(),
            sound: body.sound,
            quiet: quiet.unwrap_or_default(),
        }
    }
}
