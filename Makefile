# Cordon. `make demo` shows it, `make test` proves it; the rest is for developers.

GO       ?= go
BIN      := bin
# What test, race and bench look at.
PACKAGES ?= ./...
# How long each fuzz target runs in `make fuzz`, and each of the two soaks of
# `make soak`; how many seeds that gives the simulation.
FUZZTIME  ?= 30s
SOAKTIME  ?= 30m
SOAKSEEDS ?= 100000
# How much `make evaluate` runs, quick, standard or full, and flags beside, such
# as EVALUATE="-heldout 104 -out results.md"; -help lists them.
SIZE     ?= standard
EVALUATE ?=
# A capture for `make demo CAPTURE=file`; empty: a simulated fleet.
CAPTURE  ?=

# Every top-level folder with a main.go is a program.
PROGRAMS := $(patsubst %/main.go,%,$(wildcard */main.go))

.PHONY: help build demo test soak race bench evaluate fuzz lint docker clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

build: ## all programs into bin/
	@mkdir -p $(BIN)
	$(GO) build -trimpath -o $(BIN)/ $(addprefix ./,$(PROGRAMS))

demo: build ## a simulated outbreak through the three programs, on an embedded broker
	@$(BIN)/demo $(if $(CAPTURE),--capture "$(CAPTURE)")

test: ## everything, with real Kafka where it can be had; its last lines say which broker
	@scripts/test.sh $(PACKAGES)

# What `make test` runs shorter or not at all. These need brokers in JVMs, and
# fail without; the disk of TestStateGarbage is watched for 10 minutes.
LONG := LoadSpike|SlowBroker|SilentBroker|FullDisk|BrokersDieInTurn|StateGarbage

soak: ## about 2½ hours: faults at random on one broker and on three (SOAKTIME each), loads and failures at full length, SOAKSEEDS seeds
	CORDON_SOAK=$(SOAKTIME) CORDON_SOAK_BROKERS=1 $(GO) test ./internal/e2e -run '^TestSoak$$' -count=1 -timeout 0 -v
	CORDON_SOAK=$(SOAKTIME) CORDON_SOAK_BROKERS=3 $(GO) test ./internal/e2e -run '^TestSoak$$' -count=1 -timeout 0 -v
	CORDON_SOAK=10m CORDON_TEST_BROKER=jvm $(GO) test ./internal/e2e -run '^Test($(LONG))$$' -count=1 -timeout 0 -v
	$(GO) test ./internal/simulation -run Simulation -count=1 -timeout 0 -v -seeds $(SOAKSEEDS)

race: ## the tests under the race detector, on the embedded broker
	CORDON_TEST_BROKER=embedded $(GO) test -race -timeout 30m $(PACKAGES)

bench: ## all benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

evaluate: ## the published figures into docs/results.md, captures of CORDON_CAPTURES among them: a quarter of an hour; SIZE=quick 2 minutes, full 3 hours
	$(GO) run ./internal/evaluate/publish -size $(SIZE) $(EVALUATE)

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
