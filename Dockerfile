# Builds the gateway, then copies the one binary into a small image.

FROM rust:1-slim-bookworm AS build
WORKDIR /build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --release --locked --bin wagate

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /data --uid 10001 wagate
COPY --from=build /build/target/release/wagate /usr/local/bin/wagate
USER wagate
WORKDIR /data
ENV WAGATE_LISTEN=0.0.0.0:8080 WAGATE_DATA=/data OPENWA_AUTH=required
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD curl --fail --silent http://127.0.0.1:8080/health || exit 1
ENTRYPOINT ["tini", "--", "wagate"]
CMD ["serve"]
