// Package consumer is the proof that another module can use this one: it makes such a module and runs it. It has a
// test only.
package consumer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

const goMod = `module consumer.test

go 1.26.0

require github.com/zoka-project/zoka v0.0.0

replace github.com/zoka-project/zoka => `

const program = `package main

import (
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

func main() {
	fmt.Printf("%x\n", zkproto.Encode(&zkproto.PathWatchRequest{Path: "/a", Watch: true}))
	var bad *zkproto.PathError
	fmt.Println(errors.As(zkproto.ValidatePath("/a//b"), &bad))
}
`

func TestConsumer(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": goMod + strconv.Quote(root) + "\n", "go.sum": string(sums), "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = dir
	// Nothing is fetched: what the consumer needs, this module needs too.
	cmd.Env = append(cmd.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	// The path /a as a length and its bytes, then the watch flag.
	if want := "000000022f6101\ntrue\n"; err != nil || string(out) != want {
		t.Errorf("go run: %v, output %q, want %q", err, out, want)
	}
}
