# The cloud: broker client, ingest, dispatch to 110, console and API. Build from the repository's root:
#   docker build -f docker/cloud.Dockerfile -t belfry-cloud .
FROM node:24-bookworm-slim AS build
WORKDIR /belfry
COPY package.json package-lock.json .npmrc ./
# With the optional ones: the native parts of the console's bundler, and of what proves pictures whole.
RUN npm ci --omit=dev --ignore-scripts
COPY bin bin
COPY protocols protocols
COPY platform platform
COPY cloud cloud
COPY cli cli
# From then on nothing is bundled, and Node 24 is the image's own.
RUN node bin/build-console.mjs \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@rolldown/binding-*

FROM node:24-bookworm-slim
WORKDIR /belfry
COPY --from=build /belfry /belfry
RUN mkdir /data /run/belfry && chown node:node /data /run/belfry
USER node
VOLUME /data
ENTRYPOINT ["node", "bin/belfry.mjs", "cloud", "--data", "/data", "--config", "/etc/belfry/cloud.yaml"]
