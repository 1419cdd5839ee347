//! Egress: where webhooks and fetched files may lead.
