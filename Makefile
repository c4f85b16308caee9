# Cordon. `make demo` shows it, `make test` proves it; the rest is for developers.

GO       ?= go
BIN      := bin
# What test, race and bench look at.
PACKAGES ?= ./...
# How long each fuzz target runs in `make fuzz`, and each of the two parts of
# `make soak`.
FUZZTIME ?= 30s
SOAKTIME ?= 30m
# A capture for `make demo CAPTURE=file`; empty: a simulated fleet.
CAPTURE  ?=

# Every top-level folder with a main.go is a program.
PROGRAMS := $(patsubst %/main.go,%,$(wildcard */main.go))

.PHONY: help build demo test soak race bench fuzz lint docker clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

build: ## all programs into bin/
	@mkdir -p $(BIN)
	$(GO) build -trimpath -o $(BIN)/ $(addprefix ./,$(PROGRAMS))

demo: build ## a simulated outbreak through the three programs, on an embedded broker
	@$(BIN)/demo $(if $(CAPTURE),--capture "$(CAPTURE)")

test: ## everything, with real Kafka where it can be had; its last lines say which broker
	@scripts/test.sh $(PACKAGES)

soak: ## kills, pauses, rebalances, broken brokers at random, for SOAKTIME on one broker, then on three
	CORDON_SOAK=$(SOAKTIME) CORDON_SOAK_BROKERS=1 $(GO) test ./internal/e2e -run '^TestSoak$$' -count=1 -timeout 0 -v
	CORDON_SOAK=$(SOAKTIME) CORDON_SOAK_BROKERS=3 $(GO) test ./internal/e2e -run '^TestSoak$$' -count=1 -timeout 0 -v

race: ## the tests under the race detector, on the embedded broker
	CORDON_TEST_BROKER=embedded $(GO) test -race -timeout 30m $(PACKAGES)

bench: ## all benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

fuzz: ## every fuzz target for FUZZTIME
	@scripts/fuzz.sh $(FUZZTIME) $(PACKAGES)

lint: ## vet, staticcheck, gofmt and the rules of the repository
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@list=$$(gofmt -l .); test -z "$$list" || { echo "not formatted by gofmt:"; echo "$$list"; exit 1; }
	$(GO) test -count=1 ./internal/archtest

docker: ## the images of the three programs and cordonctl
	docker build -t cordon .

clean: ## what build and demo left
	rm -rf $(BIN) .cordon
