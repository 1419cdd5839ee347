//! Settings of the business that change while the gateway runs. A group of them is a file with its view and its changes.

mod broadcast;
mod change;
mod csat;
mod hours;
mod providers;
mod view;
mod words;

use self::{change::SettingsChange, view::SettingsView};
use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Body, Call, Data, Read, Repeat},
    },
    domain::SessionId,
    settings::Patch,
};

const TAG: &str = "Business";
const PATH: &str = "/api/whatsapp-api/settings";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(PATH, read)
            .named("getBusinessSettings")
            .about(TAG, "The settings of the business that are in effect")
            .details("Those that were never changed here are those of the configuration. No secret is shown."),
        Endpoint::patch(PATH, change)
            .named("updateBusinessSettings")
            .about(TAG, "Change settings of the business")
            .details(
                "A change counts at once and outlives a restart. What is not given stays as it is; null gives a \
                 setting, or a group of them, back to the configuration. Secrets of providers are written here and never \
                 shown; they lie sealed.",
            )
            .repeats(Repeat::Repeatable),
    ]
}

async fn read(call: Call<Read>) -> Result<Data<SettingsView>, ApiError> {
    Ok(Data::of(SettingsView::from(&*call.settings.now())))
}

async fn change(
    call: Call<Admin>,
    Body(body): Body<SettingsChange>,
) -> Result<Data<SettingsView>, ApiError> {
    let session = body.primary_session_id.clone().flatten();
    let mut patch = Patch::from(body);
    if session.is_some_and(|name| !is_session(&call, &name)) {
        patch.refuse("primarySessionId", "must be the name of a session that is there");
    }
    let settings = call.settings.change(&patch, call.principal().id()).await?;
    Ok(Data::of(SettingsView::from(&*settings)))
}

fn is_session(call: &Call<Admin>, name: &str) -> bool {
    name.parse::<SessionId>().is_ok_and(|id| call.supervisor.get(&id).is_ok())
}
