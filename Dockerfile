ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# Files carry this time, so that two builds of one source are alike. The second name is what hatchling and compileall know.
ARG SOURCE_DATE_EPOCH=1580601600
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PIP_ONLY_BINARY=:all: \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONHASHSEED=0
WORKDIR /src
COPY image/build.lock image/requirements.lock image/
RUN python3 -m venv --without-pip /opt/s3-sidecar \
 && python3 -m pip --python /opt/s3-sidecar/bin/python install --require-hashes --no-deps -r image/requirements.lock \
 && python3 -m venv --without-pip /tmp/tools \
 && python3 -m pip --python /tmp/tools/bin/python install --require-hashes --no-deps -r image/build.lock
COPY pyproject.toml README.md ./
COPY sidecar sidecar
COPY ops ops
COPY image/trim.py image/
RUN /tmp/tools/bin/python -m hatchling build --target wheel --directory /tmp/dist \
 && python3 -m pip --python /opt/s3-sidecar/bin/python install --no-deps --no-index /tmp/dist/*.whl \
 && python3 image/trim.py /opt/s3-sidecar \
 # Nobody may write beside the sources at run time, and nobody changes them: what is compiled is not checked against them.
 && /opt/s3-sidecar/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/s3-sidecar/lib \
 && find /opt/s3-sidecar -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${PYTHON_IMAGE}
ARG PYTHON_IMAGE
ARG REVISION=unknown
ARG VERSION=0.1.0
# Nothing can be installed here.
RUN rm -rf /usr/local/bin/pip* /usr/local/bin/wheel /usr/bin/pip* \
      /usr/local/lib/python3*/ensurepip /usr/lib/python3*/ensurepip /usr/share/python-wheels \
      /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/dist-packages/* /usr/lib/python3/dist-packages/* \
 && mkdir -p /opt/spt/data /opt/spt/logs \
 && chmod 1777 /opt/spt/data /opt/spt/logs
COPY --from=build /opt/s3-sidecar /opt/s3-sidecar
# The official image brings the standard library without bytecode: what is imported here gets it, for every start.
RUN /opt/s3-sidecar/bin/python -c "import importlib, ops, pkgutil, sidecar; \
      import encodings.idna, multiprocessing.managers, multiprocessing.popen_spawn_posix, multiprocessing.synchronize; \
      [importlib.import_module(module.name) for package in (ops, sidecar) \
       for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.') if '__main__' not in module.name]"
ENV PATH=/opt/s3-sidecar/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CACHE_DIR=/opt/spt/data \
    SPARE_DIR=/tmp/s3-sidecar \
    LOG_DIR=/opt/spt/logs \
    CONSOLE=true
LABEL org.opencontainers.image.title="s3-sidecar" \
      org.opencontainers.image.description="Serves a private S3 bucket as a website, out of a cache." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
# Any other user will do: nothing of the image belongs to this one.
USER 65532:65532
WORKDIR /opt/spt
VOLUME ["/opt/spt/data", "/opt/spt/logs"]
EXPOSE 8000 9180
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["s3ops", "health", "--quiet"]
# Process 1 of a container gets the orphans of the others, and signals only if it handles them: s3proxy is its child.
ENTRYPOINT ["dumb-init", "--single-child", "--", "s3proxy"]
