# Kurir. `make` alone prints what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZTIME ?= 1s
# Flags of e2e/bench, such as BENCH='--only smpp --runs 1'.
BENCH    ?=
# Flags of the experiments, such as EXPERIMENTS='-run ^TestClusterKill$$'.
EXPERIMENTS ?=
# Of make seeds: how many, and a number behind which half of them lie; 0: all begin at 1. For others with every commit:
# SEEDBASE=$(git log -1 --format=%ct)
SEEDS    ?= 1000
SEEDBASE ?= 0
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The race detector looks at Go that people wrote, and not at SQLite, which is C translated by a machine and takes ten times as long
# under it. Build and tests of e2e say the same.
RACE     := -race '-gcflags=modernc.org/...=-race=false'
LDFLAGS  := -s -w -X main.version=$(VERSION)

.NOTPARALLEL:
.PHONY: help build profile test unit race seeds fuzz lint e2e experiments peers bench bench-compare house docs tools clean

help: ## print this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

build: ## build bin/kurir
	CGO_ENABLED=0 go build -trimpath -pgo=tools/kurir.pgo -ldflags '$(LDFLAGS)' -o bin/kurir ./cmd/kurir

test: lint fuzz peers race seeds e2e ## everything: lint, short fuzzing, unit tests with the race detector, faults simulated, the whole program against real peers

unit: ## unit tests without the race detector: the quick loop
	go test ./...

# When tests of a package end, the detector would wait a second for what other threads have to say: a tenth is enough, for tests end when all
# goroutines have. What takes longest is begun first, so that both processors have something to do until the end. Vet is a matter of lint.
race: ## unit tests with the race detector
	@GORACE=atexit_sleep_ms=100 tools/in-memory go test -vet=off $(RACE) -timeout 15m ./gateway ./store ./app ./...

seeds: ## the simulation of faults at several gateways, SEEDS (1000) times
	go test -vet=off -count=1 -timeout 15m ./gateway -run '^TestSeeds$$' -seeds.runs=$(SEEDS) -seeds.base=$(SEEDBASE)

fuzz: ## every fuzz target for FUZZTIME (1s)
	@tools/fuzz $(FUZZTIME)

lint: tools ## gofumpt, vet and staticcheck, in every module
	@tools/lint

tools: ## build the pinned linters into bin/
	@mkdir -p bin
	@go -C tools build -o ../bin/ mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck ./house

peers: ## install the programs of others that the tests talk to
	@tools/setup-peers

e2e: ## the whole program over real sockets, against the simulator and real peers
	@if [ -e e2e/go.mod ]; then cd e2e && go test -vet=off -count=1 -parallel 4 -timeout 30m ./...; fi

experiments: ## faults while three servers share a PostgreSQL, for LASTING (10m), and what was lost by them
	@tools/experiments $(EXPERIMENTS)

bench: build ## speed as docs/benchmarks.md defines it; takes about an hour
	@tools/bench $(BENCH)

bench-compare: build ## REV=...: alternating runs of that revision's program and of this one
	@test -n "$(REV)" || { echo 'bench-compare: say which revision: make bench-compare REV=main'; exit 2; }
	@tools/bench --compare '$(REV)' $(BENCH)

profile: build ## renew tools/kurir.pgo, by which build optimises the program, from benchmark runs; takes four minutes
	@tools/profile

house: tools ## long files, long functions, exported names without comment, forbidden imports
	@bin/house .
	@go test -count=1 -run '^TestImports' .

docs: ## regenerate docs/configuration.md and config/example.yaml from the structs
	go test -count=1 ./config -run '^TestReference$$' -update

clean: ## remove what the targets above have built
	rm -rf bin e2e/node_modules
