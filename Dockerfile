# syntax=docker/dockerfile:1
# One image with the three programs and cordonctl: static binaries, no shell, not
# root. `docker run --rm cordon --help` is cordonctl; a program is started with
# --entrypoint collector (scorer, enforcer).
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X cordon/internal/service.release=${VERSION}" \
    -o /out/ ./collector ./scorer ./enforcer ./cordonctl
RUN mkdir /keys

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
# A new volume takes over the owner of the folder it is mounted on: without this
# one it would belong to root, and no key could be made in it.
COPY --from=build --chown=65532:65532 /keys /keys
USER 65532:65532
ENTRYPOINT ["cordonctl"]
