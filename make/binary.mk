# One file that needs no Python; included by the Makefile.
#
# It is built in a place of its own, from the wheel and with the ONNX Runtime for CPUs: the one for
# GPUs would make it several times as large. PYTHONPATH would put another package, without
# weights, before the one that is installed there.

.PHONY: binary

FROZEN := .venv-binary

$(FROZEN)/.installed: pyproject.toml make/requirements.py make/binary.mk
	$(PYTHON) -m venv $(FROZEN)
	$(PYTHON) make/requirements.py cpu > $(FROZEN)/requirements.txt
	$(FROZEN)/bin/pip install --quiet --disable-pip-version-check \
		--requirement $(FROZEN)/requirements.txt 'pyinstaller>=6.10'
	@touch $@

binary: $(FROZEN)/.installed
	PYTHONPATH= $(FROZEN)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	cd make/binary && PYTHONPATH= ../../$(FROZEN)/bin/pyinstaller --noconfirm --log-level WARN \
		--distpath ../../dist --workpath ../../build/binary dashcam.spec
	@env -i PATH= $(CURDIR)/dist/dashcam --version
	@env -i PATH= $(CURDIR)/dist/dashcam models > /dev/null
	@echo "dist/dashcam: $$(( $$(wc -c < dist/dashcam) / 1000000 )) MB"
