# The image of Lastseen. Build it with `docker build -t lastseen .`

# The npm packages. They and the worker do not depend on the sources of the service, so Docker keeps both in its cache.
FROM node:24-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/client/package.json packages/client/
COPY packages/react/package.json packages/react/
COPY packages/server/package.json packages/server/
COPY packages/agent/package.json packages/agent/
COPY packages/conformance/package.json packages/conformance/
COPY examples/react-call/package.json examples/react-call/
# Some company networks decrypt TLS. Then npm must trust the company's certificate authority, which the build gets as a secret:
# compose.yaml passes the file that NODE_EXTRA_CA_CERTS names. Without Compose: docker build --secret id=extra_ca,src=FILE.
RUN --mount=type=secret,id=extra_ca NODE_EXTRA_CA_CERTS=/run/secrets/extra_ca npm ci

# mediasoup's media worker. The script downloads it. If that fails, it compiles the worker, which takes a few minutes.
FROM packages AS worker
COPY scripts/worker.ts scripts/provide-worker.ts scripts/worker-sources.ts scripts/system-packages.ts scripts/
COPY scripts/mediasoup-worker scripts/mediasoup-worker
COPY src/media/workers/worker-binary.ts src/media/workers/
RUN --mount=type=secret,id=extra_ca NODE_EXTRA_CA_CERTS=/run/secrets/extra_ca \
  npx --no-install tsx scripts/worker.ts --copy-to /out/mediasoup-worker

FROM packages AS build
COPY . .
RUN npm run -s build

# The packages that the service needs when it runs, without the C++ sources of the worker and without what only pages need.
FROM packages AS runtime-packages
RUN npm prune --omit=dev \
 && rm -rf node_modules/mediasoup/worker node_modules/mediasoup-client node_modules/react node_modules/react-dom

FROM node:24-bookworm-slim
# tini passes signals to the service and removes worker processes that have ended. A compiled worker needs the libraries. A
# downloaded worker contains its own.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini libuv1 libssl3 libsrtp2-1 libabsl20220623 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=worker /out/mediasoup-worker /usr/local/bin/mediasoup-worker
COPY --from=runtime-packages /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY --from=build /build/packages/protocol/package.json /build/packages/protocol/openapi.json /build/packages/protocol/asyncapi.yaml packages/protocol/
COPY --from=build /build/packages/protocol/dist packages/protocol/dist
COPY package.json LICENSE ./
COPY config/*.json config/
ENV NODE_ENV=production \
    LASTSEEN_ENV=production \
    MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker
USER node
# The API, the page (off unless WEB_PORT is set), and media: worker number n (from 0) uses port SFU_PORT + n.
EXPOSE 3001 3002 44444/udp 44444/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3001}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
