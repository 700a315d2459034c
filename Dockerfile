# wsspec alone: a static program on nothing, with the certificates that wss:// needs and a folder for temporary files.
#
#   docker build -t wsspec .
#   docker run --rm --network host wsspec server ws://127.0.0.1:9001
#   docker run --rm --network host -v "$PWD:/work" --user "$(id -u):$(id -g)" wsspec server ws://127.0.0.1:9001 --report html=run.html
#
# There is no shell in it, so nothing for --exec to start: for that, copy the program into the image of your server:
#
#   COPY --from=wsspec /wsspec /usr/local/bin/wsspec

FROM rust:1-alpine AS build
RUN apk add --no-cache ca-certificates musl-dev
WORKDIR /src
COPY . .
# The target of this image is musl, which is linked statically.
RUN cargo build --release --locked --bin wsspec
RUN mkdir -p /image/etc/ssl/certs /image/tmp /image/work && chmod 1777 /image/tmp && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && cp target/release/wsspec /image/wsspec

FROM scratch
COPY --from=build /image/ /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PATH=/
WORKDIR /work
ENTRYPOINT ["/wsspec"]
CMD ["--help"]
