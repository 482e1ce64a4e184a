# Two commands to start: `make bench` and `make test`. `make help` lists the rest.
GO     ?= go
BIN    := bin
OUT    ?= out
PRESET ?= quick
KEP    ?= kep-quick

.DEFAULT_GOAL := help
.PHONY: help build node-binaries node-crio node-distribution node-kubelet bench kep demo test test-unit test-node test-faults test-guest reports golden lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build cri-stats-bench and podload into bin/
	@mkdir -p $(BIN)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/cri-stats-bench ./cmd/cri-stats-bench
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/podload ./cmd/podload

node-binaries: ## build the pinned containerd, runc and CNI plugins into the cache (minutes, once)
	scripts/node/deps.sh cc libseccomp
	scripts/node/build.sh containerd
	scripts/node/build.sh runc
	scripts/node/build.sh cni

node-crio: node-binaries ## build the pinned CRI-O too (minutes, once)
	scripts/node/deps.sh cc libseccomp make conmon
	scripts/node/build.sh crio

node-distribution: node-binaries ## unpack the distribution's own containerd (1.6, 1.7) into the cache (Debian, Ubuntu)
	scripts/node/distribution.sh

node-kubelet: node-binaries ## build the pinned kubelet too (ten minutes, once)
	scripts/node/deps.sh cc
	scripts/node/build.sh kubelet

bench: build node-binaries ## the answer: CRI stats against today's kubelet and cAdvisor on a private containerd (root, Linux, twelve minutes)
	CONTAINER_RUNTIME_ENDPOINT= $(BIN)/cri-stats-bench run --preset $(PRESET) --out $(OUT)

kep: build node-kubelet node-crio ## a private kubelet with the gate off and on, on containerd and on CRI-O, one report (root, Linux, at most two hours)
	for runtime in containerd crio; do \
		CONTAINER_RUNTIME_ENDPOINT= $(BIN)/cri-stats-bench run --preset $(KEP) --runtime $$runtime --out $(OUT)/kep-$$runtime || exit 1; \
	done
	$(BIN)/cri-stats-bench report "$$(ls -d $(OUT)/kep-containerd/*/ | tail -1)" "$$(ls -d $(OUT)/kep-crio/*/ | tail -1)"

demo: build ## the same pipeline on an in-memory CRI server (no root, any OS, 20 s, SIMULATED)
	$(BIN)/cri-stats-bench demo --out $(OUT)

test: lint test-unit test-node ## all tests; says what it leaves out

test-unit: ## tests that need no root and no node
	scripts/test-unit.sh

test-node: ## tests on a private containerd; left out with a word where that cannot be
	scripts/test-node.sh

test-faults: ## what a run survives: kills, interrupts, a runtime that stands still, a full disk (root, Linux, an hour)
	scripts/test-faults.sh

test-guest: ## the harness on a node that is there: systemd, cgroup v2, a kubelet as a unit, in an emulated machine (root, Debian or Ubuntu, twenty minutes once built)
	scripts/guest/test.sh

reports: build ## every form of report, from the records that tests keep, into out/reports to look at
	for run in quiet busy precise kep-containerd kep-crio; do $(BIN)/cri-stats-bench report --out $(OUT)/reports/$$run cmd/cri-stats-bench/testdata/records/$$run || exit 1; done

golden: ## write golden files, sums of reports and the picture of the README anew; then look at git diff
	$(GO) test $$(git grep -lE 'testfile\.Golden|reporttest\.Run' -- 'reports/*_test.go' 'cmd/*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|') \
		-run 'Golden|TestReport|TestRealRecords|TestPicture|Schema|Formats|Screen' -update

lint: ## gofmt, go vet, staticcheck, golangci-lint, and builds for other systems
	scripts/lint.sh

clean: ## remove what was built here, not the cache of node binaries
	rm -rf $(BIN) coverage.out
