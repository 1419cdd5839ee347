//! Presets: what a domain that is known brings to a new bot. Pure.

use crate::{bots::bot::BusinessTask, domain::fold::fold};

/// What a known domain brings.
pub struct Preset {
    pub name: &'static str,
    pub task: BusinessTask,
    /// Instructions for a model.
    pub prompt: &'static str,
    /// Words that call for a person in this domain.
    pub handoff: &'static [&'static str],
}

const PRESETS: [Preset; 7] = [
    Preset {
        name: "support",
        task: BusinessTask::CustomerSupport,
        prompt: "You answer questions of customers about our products and services, briefly and kindly.",
        handoff: &["complaint", "refund"],
    },
    Preset {
        name: "sales",
        task: BusinessTask::LeadQualification,
        prompt: "You help people find the product that fits them, and ask what they need.",
        handoff: &["quote", "discount"],
    },
    Preset {
        name: "ecommerce",
        task: BusinessTask::OrderTracking,
        prompt: "You help with products, orders, deliveries and returns of an online shop.",
        handoff: &["refund", "damaged"],
    },
    Preset {
        name: "booking",
        task: BusinessTask::Booking,
        prompt: "You help people make, move and cancel appointments.",
        handoff: &["complaint"],
    },
    Preset {
        name: "hr",
        task: BusinessTask::Faq,
        prompt: "You answer questions of employees about work, leave and pay, by our rules alone.",
        handoff: &["harassment", "complaint"],
    },
    Preset {
        name: "education",
        task: BusinessTask::Faq,
        prompt: "You answer questions of students about courses, dates and fees.",
        handoff: &["complaint"],
    },
    Preset {
        name: "healthcare",
        task: BusinessTask::Booking,
        prompt: "You help patients with appointments and opening hours. You give no medical advice.",
        handoff: &["emergency", "doctor"],
    },
];

/// What a domain brings; none for one that is not known.
pub fn preset(domain: &str) -> Option<&'static Preset> {
    let domain = fold(domain.trim());
    PRESETS.iter().find(|preset| preset.name == domain)
}
