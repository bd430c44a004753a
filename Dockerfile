# auditor for scheduled jobs: no shell login, no root, nothing but Python and what uv.lock pins.
#
#     docker build --tag auditor .
#     docker run --rm --volume "$PWD:/work" auditor check exports/
#
# BASE is pinned to a release; pin it to a digest as well where your registry mirrors it:
# --build-arg BASE=registry.example/python:3.13.9-slim-bookworm@sha256:...
ARG BASE=python:3.13.9-slim-bookworm

FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/auditor
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY auditor auditor
COPY rules rules
COPY reports reports
RUN uv sync --locked --no-dev --no-editable --no-cache \
    --extra azure --extra kubernetes --extra office --extra postgresql

FROM ${BASE}
LABEL org.opencontainers.image.title="auditor" \
      org.opencontainers.image.description="Tells whether an Azure network is what its architecture says it is" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/auditor /opt/auditor
ENV PATH=/opt/auditor/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["auditor"]
CMD ["--help"]
