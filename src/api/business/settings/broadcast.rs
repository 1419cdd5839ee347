//! The group `broadcast` of the settings: pace and limits of broadcasts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::business::{
        contact_view::given,
        settings::words::{Nullable, within},
    },
    settings::{InEffect, Patch},
};

/// Settings of broadcasts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessBroadcastSettings)]
pub struct BroadcastView {
    /// The shortest and the longest pause between two messages.
    #[schema(example = json!([1500, 4000]))]
    gap_milliseconds: [u64; 2],
    /// Messages that a session may send in a day; 0 for no limit.
    #[schema(example = 0)]
    daily_limit: u32,
    /// Hours in which a contact gets one marketing message at most; 0 for no limit.
    #[schema(example = 24)]
    marketing_cap_hours: u32,
}

impl From<&InEffect> for BroadcastView {
    fn from(settings: &InEffect) -> Self {
        let business = &settings.business;
        Self {
            gap_milliseconds: business.broadcast_gap_milliseconds,
            daily_limit: business.broadcast_daily,
            marketing_cap_hours: business.marketing_cap_hours,
        }
    }
}

/// Changes of the settings of broadcasts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessBroadcastSettingsChange)]
pub struct BroadcastChange {
    /// The shortest and the longest pause between two messages.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<u64>>, min_items = 2, max_items = 2)]
    gap_milliseconds: Nullable<[u64; 2]>,
    /// Messages that a session may send in a day; 0 for no limit.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, maximum = 1_000_000)]
    daily_limit: Nullable<u32>,
    /// Hours in which a contact gets one marketing message at most; 0 for no limit.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, maximum = 8760)]
    marketing_cap_hours: Nullable<u32>,
}

pub fn set(patch: &mut Patch, broadcast: &Nullable<BroadcastChange>) {
    let gap = within(broadcast, |one| &one.gap_milliseconds);
    patch.set(("broadcast.gapMilliseconds", "business.broadcast_gap_milliseconds"), gap);
    let daily = within(broadcast, |one| &one.daily_limit);
    patch.set(("broadcast.dailyLimit", "business.broadcast_daily"), daily);
    let cap = within(broadcast, |one| &one.marketing_cap_hours);
    patch.set(("broadcast.marketingCapHours", "business.marketing_cap_hours"), cap);
}
