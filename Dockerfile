# The image of every cocite process. `make image` builds it; two builds of one commit have one id.
# BASE needs Python 3.11 or newer with venv. Pin it by digest for a release.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
WORKDIR /build
COPY image/build.lock image/requirements.lock ./
# Secrets are for builders behind a proxy: pip may hold a pip.conf, ca the certificates it names. Neither stays here.
ENV PIP_CONFIG_FILE=/run/secrets/pip
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    python3 -m venv tools && tools/bin/pip install --quiet --no-compile --require-hashes -r build.lock \
    && python3 -m venv --without-pip /opt/cocite \
    && tools/bin/pip --python /opt/cocite/bin/python install --quiet --no-compile --only-binary :all: \
       --require-hashes -r requirements.lock
# LightGBM wants the system's OpenMP, which small bases lack; faiss brings one along.
RUN mkdir home /opt/cocite/shared && ln -s /opt/cocite/lib/python3.*/site-packages/faiss_cpu.libs/libgomp* \
    /opt/cocite/shared/libgomp.so.1
COPY pyproject.toml README.md ./
COPY services services
RUN tools/bin/pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheel . \
    && tools/bin/pip --python /opt/cocite/bin/python install --quiet --no-compile --no-index --no-deps wheel/*.whl
# The embedding model, checked against the hashes in the code.
ENV COCITE_MODELS_DIR=/opt/cocite/models
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    PYTHONPATH=$(echo tools/lib/python3.*/site-packages) /opt/cocite/bin/cocite model pull
# The inner loops, compiled for processors of one level rather than for that of the builder: pods copy them to where
# they may write (k8s/base/recommender.yaml), and none waits half a minute for the compiler.
# numba notes where in memory things were; that is blotted out, as no two builds have it alike.
ARG CPU=x86-64-v3
ENV NUMBA_CPU_NAME=${CPU} NUMBA_CPU_FEATURES=""
RUN NUMBA_CACHE_DIR=/opt/cocite/machine-code /opt/cocite/bin/python -c 'import cocite.recommender.engine, \
    cocite.recommender.assembly, cocite.recommender.array_checks, cocite.recommender.ranking.forest_sums' \
    && find /opt/cocite/machine-code -name '*.nbc' -exec \
       env LC_ALL=C sed -i -E 's/( at |array_expr_)0x[0-9a-f]{12}/\10x000000000000/g' {} +
# Byte code that is checked by nothing at run time, so that it holds no times of files.
RUN /opt/cocite/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/cocite/lib

FROM ${BASE}
ARG CPU=x86-64-v3
COPY --from=build /opt/cocite /opt/cocite
COPY --from=build --chown=10001:10001 /build/home /var/lib/cocite
ENV COCITE_HOME=/var/lib/cocite COCITE_MODELS_DIR=/opt/cocite/models COCITE_LOG_FORMAT=json \
    NUMBA_CPU_NAME=${CPU} NUMBA_CPU_FEATURES="" NUMBA_CACHE_DIR=/tmp/machine-code \
    LD_LIBRARY_PATH=/opt/cocite/shared PYTHONDONTWRITEBYTECODE=1 PATH=/opt/cocite/bin:/usr/local/bin:/usr/bin:/bin
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["/opt/cocite/bin/cocite"]
CMD ["--help"]
