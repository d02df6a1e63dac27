# Muster in an image, for pipelines whose jobs are containers; `npm run image` builds it. It drives the engine
# whose socket it is given, and reads the project at the path that it has on that engine's host:
#
#   docker run --rm --network host --pid host -v /var/run/docker.sock:/var/run/docker.sock \
#     -v "$PWD:$PWD" -w "$PWD" muster-drill run drill.yaml
#
# `--network host`: published ports are reached on loopback. `--pid host`: the next start sees that a drill's
# process has died, and removes what it left.
ARG NODE_IMAGE=node:22-trixie-slim
FROM ${NODE_IMAGE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends docker-cli docker-compose xz-utils bzip2 \
 && rm -rf /var/lib/apt/lists/*
COPY node_modules /opt/muster/node_modules
RUN ln -s /opt/muster/node_modules/.bin/muster /usr/local/bin/muster
ENTRYPOINT ["muster"]
CMD ["--help"]
