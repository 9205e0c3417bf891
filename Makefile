# vtsim: the two commands that matter are `make demo` and `make test`.
GO          ?= go
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK ?= golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME    ?= 60s
# One way to build for all, so that nothing is compiled twice.
export CGO_ENABLED ?= 0
export GOFLAGS ?= -trimpath
# A busy machine is no fault of what is tested.
export GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT ?= 30s

.PHONY: build test demo mutation lint race fuzz bench clean

build: ## the static binary, bin/vtsim
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/vtsim ./cmd/vtsim

test: ## every test; installs what a test needs and the machine lacks
	@.ci/install node
	$(GO) test -vet=off ./... # lint vets

race: ## what runs side by side, under the race detector
	@.ci/install node
	@.ci/race

demo: build ## certify the reference issuer, clean and with three defects, in out/
	./bin/vtsim demo --out out

mutation: build ## prove the verdict: certify the reference issuer with each of its defects
	./bin/vtsim mutation

lint: ## gofmt, go vet, staticcheck, govulncheck
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@if curl -fsS -m 10 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then \
		$(GO) run $(GOVULNCHECK) ./...; \
	else echo "govulncheck: skipped, its database can't be reached from here"; fi

fuzz: ## each fuzz target for FUZZTIME
	@.ci/fuzz $(FUZZTIME) guided

bench: ## benchmarks of the contract and the envelopes
	$(GO) test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin out
