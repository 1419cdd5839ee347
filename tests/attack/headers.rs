//! Response headers: framing, sniffing, caching, CORS and media types of strangers.
