//! Terms of a route: the scope, the rate limit and the meaning of a repetition.

/// What a caller must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: the endpoint is for everybody.
    Public,
    /// The same; a credential that is given must be good, and says who calls.
    Guest,
    /// A person: signed in, or by a key of theirs.
    Person,
    Read,
    Send,
    /// Reads conversations, and changes what the gateway keeps of them.
    Conversations,
    /// The contacts of the business, with their consent and timeline.
    Contacts,
    /// Broadcasts, with the contacts that they go to.
    Broadcasts,
    /// Bots, how they answer and what they know.
    Bots,
    /// The gateway as tools for assistants; each tool needs a scope of its own besides.
    Mcp,
    Admin,
}

impl Scope {
    /// Its name among the scopes of an API key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public | Self::Guest => "",
            Self::Person => "person",
            Self::Read => "read",
            Self::Send => "send",
            Self::Conversations => "conversations",
            Self::Contacts => "contacts",
            Self::Broadcasts => "broadcasts",
            Self::Bots => "bots",
            Self::Mcp => "mcp",
            Self::Admin => "admin",
        }
    }

    /// Whether nobody needs a credential.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Guest)
    }
}

/// Which rate limit a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    None,
    Creation,
    Messaging,
    General,
    /// Requests to the Chat API.
    Chat,
    /// Requests to the business API, by address.
    Business,
    /// Requests to the workspace API.
    Workspace,
    /// What signs people in, by address.
    SignIn,
    /// Questions to bots, by caller.
    Assistant,
    /// Requests of the dashboard, in place of the two before.
    Dashboard,
    /// Text messages that test the settings, of all callers together.
    SmsTest,
}

impl Bucket {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Creation => "session_creation",
            Self::Messaging => "messaging",
            Self::General => "general",
            Self::Chat => "chat",
            Self::Business => "business",
            Self::Workspace => "workspace",
            Self::SignIn => "sign_in",
            Self::Assistant => "assistant",
            Self::Dashboard => "dashboard",
            Self::SmsTest => "sms_test",
        }
    }
}

/// What an `Idempotency-Key` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it reads only, is for everybody, or controls the simulated network.
    Unkeyed,
    /// The first answer is stored and given again.
    Once,
    /// The same, but a success holds a secret that is shown once: it is not stored.
    Secret,
    /// The same, and when the gateway ended before there was an answer, it is done again: it comes
    /// to the same, or the message that it sent is found by its key.
    Repeatable,
    /// The answer is a stream, which is not stored: it is asked for again with the message key of the first, and goes on
    /// with what the first began.
    Joined,
}
