# The edge of one campus. Build from the repository's root:
#   docker build -f docker/edge.Dockerfile -t belfry-edge .
FROM node:24-bookworm-slim AS build
WORKDIR /belfry
COPY package.json package-lock.json .npmrc ./
# With the optional ones: the native part that decodes the cameras' pictures is among them. Node 24 is the image's
# own, so the packaged copy of it goes. serialport brings its binary inside its package: no script has to run.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin/node
COPY bin bin
COPY protocols protocols
COPY platform platform
COPY edge edge
COPY cli cli

FROM node:24-bookworm-slim
WORKDIR /belfry
COPY --from=build /belfry /belfry
# dialout: the group that owns serial ports.
RUN usermod --append --groups dialout node && mkdir /data && chown node:node /data
USER node
VOLUME /data
ENTRYPOINT ["node", "bin/belfry.mjs", "edge", "--data", "/data", "--config", "/etc/belfry/edge.yaml"]
