# What takes minutes, or needs what `make test` does without; included by the Makefile.
#
# Ray and Blender come into a place of their own: with Ray, what is said without it can't be tested,
# and bpy asks for an older NumPy than it needs.

.PHONY: test-slow test-slow-own test-fresh test-cluster test-renderer test-exiftool test-unprivileged

SLOW := .venv-slow
PYTHON_OF_BPY ?= $(shell command -v python3.11)

test-slow: test-slow-own test-fresh test-cluster test-renderer test-exiftool test-unprivileged

test-slow-own: $(VENV)/.developed
	$(BIN)/pytest -m slow

# Examples that no run has drawn before; what fails says how to draw it again.
test-fresh: $(VENV)/.developed
	$(BIN)/pytest -n auto --dist loadfile -m 'hypothesis and not slow' --hypothesis-profile fresh

$(SLOW)/.installed: pyproject.toml
	$(or $(PYTHON_OF_BPY),$(PYTHON)) -m venv $(SLOW)
	$(SLOW)/bin/pip install --quiet --disable-pip-version-check --editable '.[cluster]' \
		'pytest>=8.3' 'hypothesis>=6.120'
ifneq ($(PYTHON_OF_BPY),)
	-$(SLOW)/bin/pip install --quiet --disable-pip-version-check --no-deps 'bpy==5.0.1'
endif
	@touch $@

test-cluster: $(SLOW)/.installed
	$(SLOW)/bin/pytest -m slow tests/batch/test_cluster.py

test-renderer: $(SLOW)/.installed
	@if $(SLOW)/bin/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("bpy"))'; \
	then set -x; $(SLOW)/bin/pytest -m slow tests/simulation; \
	else echo "NOT TESTED: the renderer. bpy 5.0.1 has wheels for Python 3.11 alone," \
		"and not for every machine."; fi

test-exiftool: $(VENV)/.developed
	@if ! command -v exiftool >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then set -x; apt-get update -qq; DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends libimage-exiftool-perl || true; fi
	@if command -v exiftool >/dev/null; \
	then set -x; $(BIN)/pytest tests/dashcam/test_embed.py -k exiftool; \
	else echo "NOT TESTED: telemetry as exiftool reads it. Install it, or run this as root."; fi

# In a user namespace root's own files stay readable, but permissions bind.
test-unprivileged: $(VENV)/.developed
	@if [ "$$(id -u)" != 0 ]; then set -x; $(BIN)/pytest -m unprivileged; \
	elif unshare --user true 2>/dev/null; \
	then set -x; unshare --user $(BIN)/pytest -m unprivileged -p no:cacheprovider; \
	else echo "NOT TESTED: what permissions forbid. Run this as another user than root."; fi
