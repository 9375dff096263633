# One image for all services: `command` says which one runs. compose.yaml builds it.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /millrace
COPY . .
# Nobody's install scripts run. The sources are run as they are; only what browsers get is built.
RUN npm ci --ignore-scripts \
 && npm run build --workspace packages/tracker \
 && npm run build --workspace services/dashboard \
 && npm prune --ignore-scripts --omit=dev --omit=optional \
 && rm -rf test proto

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /millrace
COPY --from=build /millrace .
# A volume that is mounted here for the first time belongs to its user too.
RUN mkdir /keys && chown node:node /keys
USER node
ENTRYPOINT ["node"]
CMD ["services/all-in-one/src/main.ts"]
