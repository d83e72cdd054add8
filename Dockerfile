ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY pyproject.toml README.md ./
COPY sidecar sidecar
COPY ops ops
RUN python3 -m venv --without-pip /opt/s3-sidecar \
 && python3 -m pip --python /opt/s3-sidecar/bin/python install --no-cache-dir .

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/s3-sidecar /opt/s3-sidecar
RUN mkdir -p /opt/spt/data /opt/spt/logs && chmod 1777 /opt/spt/data /opt/spt/logs
ENV PATH=/opt/s3-sidecar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CACHE_DIR=/opt/spt/data \
    LOG_DIR=/opt/spt/logs \
    CONSOLE=true
USER 65532:65532
VOLUME ["/opt/spt/data", "/opt/spt/logs"]
EXPOSE 8000 9180
STOPSIGNAL SIGTERM
ENTRYPOINT ["s3proxy"]
