# The verbs of this project. Each does first what it needs, and nothing that is already done.
PY := .venv/bin/python
PROFILE ?= single
.DEFAULT_GOAL := help
.PHONY: help setup train chat serve test check evaluate bench soak capacity

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Python 3.10 and the exact packages
	@service/setup.sh

train: setup ## the Rasa model, when its inputs changed
	@$(PY) -m service.training

chat: train ## a conversation in the terminal
	@$(PY) -m service.chat

serve: train ## bot, action server and website page on 127.0.0.1; PROFILE=production for several workers
	@$(PY) -m service.serve --profile $(PROFILE)

check: setup ## the quick tests, without training
	@$(PY) -m ruff check . && $(PY) -m mypy && $(PY) -m bot check && .venv/bin/lint-imports --no-cache >run/layers.log 2>&1 || { cat run/layers.log 2>/dev/null; exit 1; }
	@$(PY) -m pytest -q -n 2 -m "not slow"

test: train ## all tests
	@$(PY) -m pytest -q

evaluate: train ## understanding, urgency and ranking on the project's own messages and cases
	@$(PY) -m evaluation

bench: train ## speed, memory and size beside Rasa's default pipeline
	@$(PY) -m evaluation.bench

soak: train ## the production profile with people in it, while one part after another is killed: prints what was lost
	@$(PY) -m evaluation.soak

capacity: train ## how many people one and two workers serve, and what more need
	@$(PY) -m evaluation.capacity
