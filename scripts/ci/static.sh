# Sourced by .ci/run: the machine, and what can be said of the sources without running them.
# shellcheck shell=bash

# The newest that its module offers for the Go version of go.mod.
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2 # 2026.2.2

# procps: Apache's zkServer.sh, beside which ours is put, asks ps.
debian_packages=(shellcheck file procps)

step_tools() {
  local missing=() package
  go version
  if ! command -v apt-get >/dev/null; then
    echo "no apt-get: what is installed has to do"
    return
  fi
  for package in "${debian_packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  if ((${#missing[@]} > 0)); then
    echo "+ apt-get install ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
}

step_peers() {
  scripts/peers/peers.sh install
  scripts/peers/peers.sh env
}

step_format() {
  local unformatted
  unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
  [[ -z $unformatted ]] || complain "gofmt would change:" "$unformatted"
}

step_vet() {
  go vet ./...
  # Where int has 32 bits.
  GOARCH=386 go vet ./...
}

# What is left out, and why, stands in staticcheck.conf.
step_lint() {
  go run "$staticcheck" ./...
}

# Every script, by its first line; what it sources is read with it.
step_shell() {
  local scripts
  mapfile -t scripts < <(git grep -lIE '^#!.*[/ ](ba)?sh$' | while IFS= read -r f; do
    if head -n 1 -- "$f" | grep -q '^#!'; then echo "$f"; fi
  done)
  printf '%s\n' "${scripts[@]}"
  shellcheck -x -a "${scripts[@]}"
}

step_modules() {
  go mod tidy -diff
  go mod verify
}

step_archtest() {
  go test -count=1 ./scripts/archtest
}

# clean: no step left a file behind, or changed one.
step_clean() {
  git status --porcelain | diff "$work/status-before" - || complain "the steps changed the work tree"
}
