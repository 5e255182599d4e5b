package torture

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check"
	"github.com/zoka-project/zoka/testcluster/check/history"
)

// judge is the end of a run: the ensemble is whole, and nobody writes any more.
func (r *run) judge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, c := range r.clients {
		c.close()
	}
	ops := r.history(func(client) bool { return true })
	trees, reads := r.trees(ctx)
	for id, tree := range trees {
		if tree == nil {
			continue
		}
		r.judgeTree(fmt.Sprintf("node %d", id+1), ops, tree)
		for _, d := range check.Differences("node 1", fmt.Sprintf("node %d", id+1), trees[0], tree) {
			r.problem("after all was mended %s", d)
		}
	}
	r.judgeLogs()
	r.judgeHistory(slices.Concat(ops, reads), append(r.history(few), reads...))
	r.judgeFiles(ctx, ops)
}

// few tells whether the model checker can cope with a client's operations: too many of a lurker's are under way at a
// time. The rules about zxids judge those.
func few(c client) bool {
	_, lurks := c.(*lurker)
	return !lurks
}

// history is what those clients have recorded. Each one's operations stay in their order.
func (r *run) history(of func(client) bool) []history.Op {
	var ops []history.Op
	for _, c := range r.clients {
		if of(c) {
			ops = append(ops, c.ops()...)
		}
	}
	return ops
}

// judgeHistory judges all operations, and those among them that the model checker can take.
func (r *run) judgeHistory(ops, modelled []history.Op) {
	const limit = 10 * time.Second // a znode
	found := slices.Concat(history.Ordered(ops), history.Consistent(ops), twice(ops))
	v := history.Linearizable(modelled, r.cfg.Reads, limit)
	for _, p := range append(found, v.Problems...) {
		r.problem("%v", p)
	}
	for _, c := range r.clients {
		if w, ok := c.(*watcher); ok {
			w.judgeEvents(ops)
		}
	}
	r.count(func(rep *Report) {
		rep.Ops += len(ops)
		for i := range ops {
			if ops[i].Unknown {
				rep.Unknown++
			}
		}
		rep.Znodes, rep.Checked, rep.Undecided = v.Znodes, v.Ops, v.Undecided
	})
}

// trees reads what each node has, once no ephemeral znode is left: those end on their own time. What is read of each
// node is, for the histories, one more sync-read of each znode: nothing acknowledged may be missing on any node.
func (r *run) trees(ctx context.Context) (trees []map[string]check.Node, reads []history.Op) {
	trees = make([]map[string]check.Node, len(r.nodes))
	all := make([][]history.Op, len(r.nodes))
	written := r.written()
	first := make(chan struct{}) // nodes are compared: no ephemeral may end between two readings
	var wg sync.WaitGroup
	for i, n := range r.nodes {
		wg.Go(func() {
			if i > 0 {
				<-first
			}
			err := r.readNode(ctx, i, n.Addr, i == 0, written, &trees[i], &all[i])
			if err != nil {
				r.problem("node %d cannot be read after all was mended: %v", n.ID, err)
			}
			if i == 0 {
				close(first)
			}
		})
	}
	wg.Wait()
	return trees, slices.Concat(all...)
}

func (r *run) readNode(ctx context.Context, i int, addr string, wait bool, written []string, tree *map[string]check.Node, reads *[]history.Op) error {
	c, err := zkclient.Dial(ctx, zkclient.Config{Servers: addr})
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if wait {
		if err := r.ended(ctx, c); err != nil {
			return err
		}
	}
	called := r.now()
	if err := c.Sync(ctx, "/"); err != nil {
		return err
	}
	if *tree, err = check.ReadTree(ctx, c); err != nil {
		return err
	}
	if config, there := (*tree)[zkclient.ConfigPath]; there {
		config.Stat.Mtime = 0 // each server's own: it makes that znode at its start
		(*tree)[zkclient.ConfigPath] = config
	}
	for _, path := range written {
		op := history.Op{Client: 1000 + i, Server: addr, Kind: history.SyncRead, Path: path, Version: -1, Call: called, Return: r.now(), Code: zkproto.NoNode}
		if n, there := (*tree)[path]; there {
			op.Code, op.Got, op.GotVersion, op.Mzxid = zkproto.OK, string(n.Data), n.Stat.Version, n.Stat.Mzxid
		}
		*reads = append(*reads, op)
	}
	return nil
}

// written are the paths that histories have writes of.
func (r *run) written() []string {
	var paths []string
	for _, c := range r.clients {
		for _, op := range c.ops() {
			if op.Kind.Write() {
				paths = append(paths, op.Path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func (r *run) judgeTree(who string, ops []history.Op, tree map[string]check.Node) {
	for _, p := range history.Kept(ops, who, tree) {
		r.problem("%v", p)
	}
	for path := range tree {
		if strings.HasPrefix(path, never) {
			r.problem("%s has %s, of a transaction that was refused", who, path)
		}
	}
	for _, c := range r.clients {
		if p, ok := c.(*pairs); ok {
			p.judgeTree(who, tree)
		}
	}
	r.judgeSequence(who, tree)
}

// judgeSequence demands that sequence numbers grow with the zxids.
func (r *run) judgeSequence(who string, tree map[string]check.Node) {
	var paths []string
	for path := range tree {
		if strings.HasPrefix(path, sequenceRoot+"/") {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(tree[a].Stat.Czxid, tree[b].Stat.Czxid) })
	for i := 1; i < len(paths); i++ {
		if paths[i] <= paths[i-1] {
			r.problem("%s: %s was created after %s", who, paths[i], paths[i-1])
		}
	}
}

// judgeLogs looks for what no server should ever say.
func (r *run) judgeLogs() {
	for _, n := range r.nodes {
		path := filepath.Join(r.cluster.Dir(), "node"+strconv.Itoa(n.ID), "server.log")
		text, err := os.ReadFile(path)
		if err != nil {
			r.problem("the log of node %d: %v", n.ID, err)
			continue
		}
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") || strings.Contains(line, "DATA RACE") {
				r.problem("node %d: %s", n.ID, strings.Join(lines[i:min(i+40, len(lines))], "\n"))
				break
			}
		}
	}
}

// keep copies what a person needs to find out what went wrong.
func (r *run) keep() error {
	if err := os.MkdirAll(r.cfg.Keep, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(r.cfg.Keep, fmt.Sprintf("seed%d-", r.cfg.Seed))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.report.Kept = dir
	var ops strings.Builder
	if err := history.Encode(&ops, r.history(func(client) bool { return true })); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"history.jsonl": ops.String(), "schedule.log": r.mu.schedule.String(),
		"problems.txt": strings.Join(r.mu.report.Problems, "\n\n") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.CopyFS(filepath.Join(dir, "nodes"), os.DirFS(r.cluster.Dir()))
}
