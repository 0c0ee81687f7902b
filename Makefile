# Everything a fresh machine needs: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out
SAMPLE := samples/city/night-glare.mp4

.PHONY: help demo app test bench readme notebook locale lint format wheel clean

help:
	@echo "make demo       clean a sample night clip and write a before/after video"
	@echo "make app        the same in the browser, on the samples"
	@echo "make test       lint, types and tests"
	@echo "make test-slow  the tests that take minutes, or need Ray, Blender, exiftool or no root"
	@echo "make test-browser  the report page and the app in a real browser"
	@echo "make bench      how fast cleaning is here, and how good at each level"
	@echo "                (BENCH=--quick for a short run, QUALITY='--pairs DIR' for real pairs)"
	@echo "make readme     fill the README's tables from benchmarks/results"
	@echo "make notebook   run docs/python.ipynb again, and keep what it shows"
	@echo "make locale     bring the Korean texts in step with the package, and say which are missing"
	@echo "make wheel      build the wheel, weights included"
	@echo "make binary     one file that needs no Python, weights included (for CPUs)"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml hatch_build.py dashcam_pipeline/stages/glare/fused.c
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[app,dev,train]'
	@touch $@

demo: $(VENV)/.installed
	@mkdir -p $(OUT)
	$(BIN)/dashcam clean $(SAMPLE) -o $(OUT)/night-clean.mp4 --overwrite
	$(BIN)/dashcam preview $(SAMPLE) $(OUT)/night-clean.mp4 -o $(OUT)/before-after.mp4 --overwrite
	$(BIN)/dashcam report $(OUT)/night-clean.mp4 --original $(SAMPLE) -o $(OUT)/report.html --overwrite
	@echo "Watch $(OUT)/before-after.mp4, or open $(OUT)/report.html in a browser."

$(VENV)/.app: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[app]'
	@touch $@

app: $(VENV)/.app
	$(BIN)/dashcam app samples

lint: $(VENV)/.developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# A module's tests share what its fixtures trained or exported, so they stay in one process.
test: lint
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

bench: $(VENV)/.developed
	$(BIN)/python benchmarks/speed.py $(BENCH)
	$(BIN)/python benchmarks/quality.py $(QUALITY)

readme: $(VENV)/.installed
	$(BIN)/python benchmarks/readme.py

notebook: $(VENV)/.developed
	$(BIN)/jupyter execute --inplace docs/python.ipynb

locale: $(VENV)/.developed
	$(BIN)/python tests/tools/catalogue.py

format: $(VENV)/.developed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(VENV)/.developed
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(OUT) build dist

include make/binary.mk
include make/browser.mk
include make/slow.mk
