package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const nodes = 3

// ensemble is three servers of one kind, with the settings that Apache's sample configuration has.
type ensemble struct {
	b       *bench
	kind    kind
	dir     string
	ports   []int // client ports, then quorum ports, then election ports
	servers []*server
}

// launchThree starts three servers on empty folders and does not wait for them.
func (b *bench) launchThree(ctx context.Context, k kind, name string) (*ensemble, error) {
	ports, err := freePorts(3 * nodes)
	if err != nil {
		return nil, err
	}
	e := &ensemble{b: b, kind: k, dir: filepath.Join(b.dir, name), ports: ports, servers: make([]*server, nodes)}
	for i := range nodes {
		if err := os.MkdirAll(e.folder(i), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(e.folder(i), "myid"), fmt.Appendln(nil, i+1), 0o644); err != nil {
			return nil, err
		}
	}
	for i := range nodes {
		if err := e.launch(ctx, i); err != nil {
			e.end()
			return nil, err
		}
	}
	return e, nil
}

// startThree starts three servers and waits until each serves.
func (b *bench) startThree(ctx context.Context, k kind, name string) (*ensemble, error) {
	e, err := b.launchThree(ctx, k, name)
	if err != nil {
		return nil, err
	}
	for _, s := range e.servers {
		if err := s.await(ctx); err != nil {
			e.end()
			return nil, err
		}
	}
	return e, nil
}

// threes calls f with three new servers that serve, each side in turn.
func (b *bench) threes(ctx context.Context, name string, f func(e *ensemble) error) error {
	return b.turns(func(k kind, round int) error {
		e, err := b.startThree(ctx, k, fmt.Sprintf("%s-%s-%d", name, k.name, round))
		if err != nil {
			return err
		}
		defer e.end()
		return f(e)
	})
}

func (e *ensemble) folder(i int) string { return filepath.Join(e.dir, strconv.Itoa(i+1)) }

// launch starts one of the servers, on what its folder has.
func (e *ensemble) launch(ctx context.Context, i int) error {
	var more strings.Builder
	more.WriteString("tickTime=2000\ninitLimit=10\nsyncLimit=5\n")
	for j := range nodes {
		fmt.Fprintf(&more, "server.%d=127.0.0.1:%d:%d\n", j+1, e.ports[nodes+j], e.ports[2*nodes+j])
	}
	s, err := e.b.launch(ctx, e.kind, e.folder(i), e.ports[i], more.String())
	if err != nil {
		return err
	}
	e.servers[i] = s
	return nil
}

// end kills the servers and removes their folders: a temporary folder may be in memory.
func (e *ensemble) end() {
	for _, s := range e.servers {
		if s != nil {
			s.kill()
		}
	}
	_ = os.RemoveAll(e.dir) // the bench removes the folder above
}

func (e *ensemble) addrs() []string {
	var all []string
	for i := range nodes {
		all = append(all, net.JoinHostPort("127.0.0.1", strconv.Itoa(e.ports[i])))
	}
	return all
}

// leader is the index of the server that leads.
func (e *ensemble) leader() (int, error) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if i := slices.IndexFunc(e.servers, func(s *server) bool { return s.mode() == "leader" }); i >= 0 {
			return i, nil
		}
	}
	return 0, errors.New("no server leads after a minute")
}

// resident is the mean resident memory of a server in MB.
func (e *ensemble) resident() (float64, error) {
	var sum float64
	for _, s := range e.servers {
		mb, err := s.resident()
		if err != nil {
			return 0, err
		}
		sum += mb
	}
	return sum / nodes, nil
}

// cpu is the processor time that all servers have used.
func (e *ensemble) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, s := range e.servers {
		d, err := s.cpu()
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// freePorts are ports below those that the system hands out to connections: a quorum port is bound by its leader alone.
func freePorts(n int) ([]int, error) {
	const first, last = 16500, 32000
	for range 100 {
		base := first + rand.IntN(last-first-n)
		var ports []int
		for port := base; port < base+n; port++ {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err != nil {
				break
			}
			l.Close()
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free ports on 127.0.0.1")
}
