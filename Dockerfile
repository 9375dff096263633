# One image for all services and the command line: its arguments say which file Node runs (docs/decisions/0010-one-image.md).
#
#   docker build --tag millrace --build-arg MILLRACE_REVISION=$(git rev-parse HEAD) .
#   buildah build --tag millrace --build-arg MILLRACE_REVISION=$(git rev-parse HEAD) .
#   docker run --rm millrace services/ingest/src/main.ts --help
#   docker build --target sbom --output . .     (what is in it, as CycloneDX: sbom.cdx.json)

# Any image with Node 24, npm and Debian's libc: only Node and the libraries that it loads are taken from it.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ARG MILLRACE_VERSION=0.1.0
ARG MILLRACE_REVISION=

# Manifests alone, so that a change of sources installs nothing anew.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /millrace
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete

# What browsers get is built with everything that is for development, compilers for this platform too; nobody's install
# scripts run.
FROM ${NODE_IMAGE} AS built
WORKDIR /millrace
COPY --from=manifests /millrace .
RUN --mount=type=cache,target=/npm npm ci --cache /npm --ignore-scripts
COPY . .
RUN npm run build --workspace packages/tracker && npm run build --workspace services/dashboard

# What services and the command line depend on, and a list of it.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /millrace
COPY --from=manifests /millrace .
COPY scripts/installed-packages.ts scripts/
RUN --mount=type=cache,target=/npm \
    workspaces="$(printf -- '--workspace=%s ' services/* packages/cli)" \
 && npm ci --cache /npm --ignore-scripts --omit=dev --omit=optional $workspaces \
 && node scripts/installed-packages.ts /tmp/millrace \
 && (cd /tmp/millrace && npm sbom --package-lock-only --sbom-format=cyclonedx) > sbom.cdx.json \
 && rm -r scripts

# The sources run as they are: with dependencies, without what only tests and builds need.
FROM ${NODE_IMAGE} AS assembled
WORKDIR /millrace
COPY . .
COPY --from=dependencies /millrace .
COPY --from=built /millrace/packages/tracker/dist packages/tracker/dist
COPY --from=built /millrace/services/dashboard/dist services/dashboard/dist
RUN rm -rf test && chmod -R u=rwX,go=rX .

# A root without shell and package manager. Scanners find in status.d which packages the libraries are of.
FROM ${NODE_IMAGE} AS root
RUN set -eu \
 && node="$(readlink -f "$(command -v node)")" \
 && mkdir -p /root-of/usr/local/bin /root-of/etc /root-of/tmp /root-of/keys /root-of/var/lib/dpkg/status.d \
 && chmod 1777 /root-of/tmp \
 && cp "$node" /root-of/usr/local/bin/node \
 && for library in $(ldd "$node" | grep -o '/[^ ]*'); do \
      cp --dereference --parents "$library" /root-of; \
      owner="$(dpkg-query --search "$library" || dpkg-query --search "/usr$library")"; \
      echo "${owner%%:*}" >> /tmp/packages; \
    done \
 && for package in base-files $(sort -u /tmp/packages); do \
      dpkg-query --status "$package" > "/root-of/var/lib/dpkg/status.d/$package"; \
      install -D -m 644 "/usr/share/doc/$package/copyright" "/root-of/usr/share/doc/$package/copyright"; \
    done \
 && cp --dereference /etc/os-release /root-of/etc/os-release \
 && echo 'hosts: files dns' > /root-of/etc/nsswitch.conf \
 && echo 'millrace:x:65532:65532::/millrace:/sbin/nologin' > /root-of/etc/passwd \
 && echo 'millrace:x:65532:' > /root-of/etc/group

# For `skaffold dev`: tar, by which changed sources come in, and their owner, whose services start again with them.
FROM ${NODE_IMAGE} AS dev
ENV NODE_OPTIONS=--max-old-space-size-percentage=60
COPY --from=assembled --chown=65532:65532 /millrace /millrace
WORKDIR /millrace
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "scripts/watch-service.ts"]
CMD ["packages/cli/bin/millrace.js", "--help"]

FROM scratch AS sbom
COPY --from=dependencies /millrace/sbom.cdx.json /

FROM scratch
ARG MILLRACE_VERSION
ARG MILLRACE_REVISION
ARG NODE_IMAGE
LABEL org.opencontainers.image.title="Millrace" \
      org.opencontainers.image.description="An analytics backend that counts every accepted event exactly once." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${MILLRACE_VERSION}" \
      org.opencontainers.image.revision="${MILLRACE_REVISION}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
COPY --from=root /root-of /
# A volume that is mounted here for the first time belongs to its user too.
COPY --from=root --chown=65532:65532 /root-of/keys /keys
COPY --from=assembled /millrace /millrace
# The heap follows the container's limit of memory; what is left is for buffers, code and stacks.
ENV PATH=/usr/local/bin \
    NODE_ENV=production \
    NODE_OPTIONS=--max-old-space-size-percentage=60 \
    MILLRACE_REVISION=${MILLRACE_REVISION}
WORKDIR /millrace
USER 65532:65532
EXPOSE 8080 9090
# Node is the first process: signals reach it.
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["packages/cli/bin/millrace.js", "--help"]
