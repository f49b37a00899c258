# Simulated hardware and a 110 centre, to try a deployment before there is any. From the repository's root:
#   docker build -f docker/bench.Dockerfile -t belfry-bench .
FROM node:24-bookworm-slim AS build
WORKDIR /belfry
COPY package.json package-lock.json .npmrc ./
# With the optional ones: the native part that makes the cameras' pictures is among them. Node 24 is the image's own.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin/node
COPY bin bin
COPY protocols protocols
COPY platform platform
COPY firmware-sim firmware-sim
COPY cli cli

FROM node:24-bookworm-slim
WORKDIR /belfry
COPY --from=build /belfry /belfry
RUN mkdir /data /run/belfry && chown node:node /data /run/belfry
USER node
VOLUME /data
ENTRYPOINT ["node", "bin/belfry.mjs", "sim", "/etc/belfry/sim.yaml", "--data", "/data"]
