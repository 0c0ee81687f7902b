# dashcam in a container, on the CPU: docs/install.md says how it is built and used.
# Every step is run by tests/install/test_dockerfile.py, where there is no Docker.
ARG PYTHON=3.13

# The image that isn't slim has a compiler, for stages/glare/fused.c.
FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml ./
COPY make/requirements.py make/
RUN python -m venv /opt/dashcam
# Before the code, so that a change of it doesn't fetch everything again.
RUN python make/requirements.py cpu > requirements.txt \
 && /opt/dashcam/bin/python -m pip install --no-cache-dir --requirement requirements.txt
COPY README.md LICENSE hatch_build.py ./
COPY models models
COPY dashcam_pipeline dashcam_pipeline
RUN /opt/dashcam/bin/python -m pip install --no-cache-dir --no-deps . \
 && /opt/dashcam/bin/python -m pip uninstall --yes pip

FROM python:${PYTHON}-slim
COPY --from=build /opt/dashcam /opt/dashcam
# HOME: a user whom only `docker run --user` knows has none; a batch keeps its notes there.
ENV PATH=/opt/dashcam/bin:$PATH HOME=/tmp
WORKDIR /videos
USER 1000:1000
ENTRYPOINT ["dashcam"]
CMD ["--help"]
