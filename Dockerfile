# The scripts for the page, then the one binary with them in it, then a small image with Chromium.

FROM node:22-bookworm-slim AS web
WORKDIR /build
COPY web web
RUN npm --prefix web ci --no-audit --no-fund --loglevel=error \
    && npm --prefix web run build

FROM rust:1-slim-bookworm AS build
WORKDIR /build
# The allocator is C, with a makefile of its own.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
COPY . .
COPY --from=web /build/web/agent/dist web/agent/dist
COPY --from=web /build/web/dashboard/dist web/dashboard/dist
COPY --from=web /build/web/simulator/dist web/simulator/dist
COPY --from=web /build/web/widget/dist web/widget/dist
RUN cargo build --release --locked --bin wagate

FROM debian:bookworm-slim
# Fixed versions would vanish from the mirrors with the next security update of Chromium.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium curl fonts-liberation fonts-noto-color-emoji tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --no-log-init --create-home --uid 10001 --shell /usr/sbin/nologin wagate \
    && install --directory --owner=wagate --group=wagate --mode=0700 /data
COPY --from=build /build/target/release/wagate /usr/local/bin/wagate
USER 10001
WORKDIR /data
# The browser's own sandbox needs user namespaces, which containers are seldom given: the container
# stands in for it. Where yours may have them, set WAGATE_BROWSER__EXTRA_ARGS to nothing.
ENV WAGATE_LISTEN=0.0.0.0:8080 \
    WAGATE_DATA=/data \
    WAGATE_BROWSER__EXECUTABLE=/usr/bin/chromium \
    WAGATE_BROWSER__EXTRA_ARGS=no-sandbox \
    OPENWA_AUTH=required
VOLUME /data
EXPOSE 8080
# Failures count from the first success on, or after half an hour: a new version may migrate a large store first, and
# answers 503 meanwhile.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30m \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health"]
# Chromium leaves processes behind that somebody must wait for: tini does.
ENTRYPOINT ["tini", "--", "wagate"]
CMD ["serve"]
