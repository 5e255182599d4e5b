package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Cuts is the content of cuts.json: the nodes that nothing comes from, and nothing gets to.
type Cuts struct {
	// Seq tells one version of the file from another.
	Seq int64 `json:"seq"`
	In  []int `json:"in"`
	Out []int `json:"out"`
	// Peers has the nodes of the addresses that a node may dial as a client does.
	Peers map[string]int `json:"peers,omitempty"`
}

func cutsFile(folder string) string { return filepath.Join(folder, "cuts.json") }
func seenFile(folder string) string { return filepath.Join(folder, "cuts.seen") }

// ReadCuts returns what the file in a node's folder says; nothing is cut where there is none.
func ReadCuts(folder string) (Cuts, error) {
	var c Cuts
	b, err := os.ReadFile(cutsFile(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		return Cuts{}, fmt.Errorf("read %s: %w", cutsFile(folder), err)
	}
	return c, nil
}

// WriteCuts replaces the file in a node's folder. A node that runs is to be told by [Signal].
func WriteCuts(folder string, c Cuts) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return replace(cutsFile(folder), append(b, '\n'))
}

// AwaitCuts waits until the node has put a version into force.
func AwaitCuts(ctx context.Context, folder string, seq int64) error {
	for {
		b, err := os.ReadFile(seenFile(folder))
		if err == nil {
			if n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); n >= seq {
				return nil
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node does not take note of %s: %w", cutsFile(folder), ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// replace writes a file in one step, so that nobody reads a half of it.
func replace(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
