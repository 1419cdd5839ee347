//! Choice of what happens to browser profiles in a backup.

/// What happens to the profiles of sessions whose browser runs. All others are copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profiles {
    /// Each browser is closed in order, one after the other, copied, and opened again.
    #[default]
    Stop,
    /// They are left out: these sessions must be linked again after a restore.
    Stopped,
    /// No profile is copied at all.
    None,
}

impl Profiles {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Stopped => "stopped",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Profiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Stop, Self::Stopped, Self::None];
        let known = all.into_iter().find(|profiles| profiles.as_str() == text);
        known.ok_or_else(|| "must be stop, stopped or none".to_owned())
    }
}
