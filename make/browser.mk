# The report page and the app in a real browser; included by the Makefile.

.PHONY: test-browser

CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[app,browser]' 'pytest>=8.3'
	@touch $@

test-browser: $(VENV)/.browser
ifeq ($(strip $(CHROMIUM)),)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
endif
	CHROMIUM=$(CHROMIUM) $(BIN)/pytest -m browser tests/browser
