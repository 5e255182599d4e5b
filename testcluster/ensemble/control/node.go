package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// The environment of a node's process.
const (
	envFolder = "ZOKA_NODE"       // the node's folder
	envGate   = "ZOKA_NODE_GATE"  // the descriptor that the word to go comes by
	envOwner  = "ZOKA_NODE_OWNER" // the file that the owner of a temporary ensemble keeps locked
)

// Signal has a node read cuts.json again.
const Signal = syscall.SIGUSR1

// ErrOrphan means that who started the node has died before the node was written down.
var ErrOrphan = errors.New("the program that started this node has ended")

// Setter puts cuts into force: *transport.Cuts.
type Setter interface {
	Set(in, out []zab.ServerID)
}

// Env is what a node's process has in its environment, beside all that this process has.
// The word to go comes by descriptor gate. owner is "" for a node that outlives everybody.
func Env(folder string, gate int, owner string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, envFolder) })
	return append(env, envFolder+"="+folder, envGate+"="+strconv.Itoa(gate), envOwner+"="+owner)
}

// Go is the word by which a node begins. Anything else, or the end of the pipe, ends it.
var Go = []byte{'g'}

// Node is this process, as a node of an ensemble. A nil *Node is no node, and its methods do
// nothing.
type Node struct {
	folder    string
	root      string // of a temporary ensemble
	signals   chan os.Signal
	done      chan struct{}
	running   sync.WaitGroup
	abandoned chan struct{}
	peers     atomic.Pointer[map[string]int]
}

// Join returns nil for a process that is no node. It waits for the word to go, and returns
// [ErrOrphan] if that will not come.
func Join(getenv func(string) string) (*Node, error) {
	folder := getenv(envFolder)
	if folder == "" {
		return nil, nil
	}
	n := &Node{folder: folder, signals: make(chan os.Signal, 1), done: make(chan struct{}), abandoned: make(chan struct{})}
	signal.Notify(n.signals, Signal) // from here on it does not end the process
	if err := await(getenv(envGate)); err != nil {
		signal.Stop(n.signals)
		return nil, err
	}
	if owner := getenv(envOwner); owner != "" {
		n.root = filepath.Dir(owner)
		go n.watch(owner) // ends with the process: nothing else ends a wait for a lock
	}
	return n, nil
}

func await(gate string) error {
	fd, err := strconv.Atoi(gate)
	if err != nil {
		return fmt.Errorf("%s=%q is no descriptor", envGate, gate)
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "gate")
	defer f.Close()
	word := make([]byte, 1)
	if _, err := f.Read(word); err != nil || word[0] != Go[0] {
		return ErrOrphan
	}
	return nil
}

// watch waits for the end of the owner, which the system tells by letting go of its lock.
func (n *Node) watch(owner string) {
	defer close(n.abandoned)
	f, err := os.Open(owner)
	if err != nil {
		return // the folder has gone, and the owner with it
	}
	defer f.Close()
	for unix.Flock(int(f.Fd()), unix.LOCK_SH) == unix.EINTR {
	}
}

// Context ends with ctx, or when the owner of a temporary ensemble has ended and has left it
// running.
func (n *Node) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if n != nil {
		n.running.Go(func() {
			select {
			case <-n.done:
			case <-n.abandoned:
				cancel()
			}
		})
	}
	return ctx, cancel
}

// Obey puts what cuts.json says into force, now and whenever the signal comes, until Close.
func (n *Node) Obey(cuts Setter) error {
	if n == nil {
		return nil
	}
	if err := n.apply(cuts); err != nil {
		return err
	}
	n.running.Go(func() {
		for {
			select {
			case <-n.done:
				return
			case <-n.signals:
				_ = n.apply(cuts) // who has written the file waits, and tells
			}
		}
	})
	return nil
}

func (n *Node) apply(cuts Setter) error {
	c, err := ReadCuts(n.folder)
	if err != nil {
		return err
	}
	n.peers.Store(&c.Peers)
	cuts.Set(serverIDs(c.In), serverIDs(c.Out))
	return replace(seenFile(n.folder), []byte(strconv.FormatInt(c.Seq, 10)+"\n"))
}

// Peer tells which node has an address, after Obey.
func (n *Node) Peer(addr string) (id zab.ServerID, known bool) {
	if n == nil {
		return 0, false
	}
	peers := n.peers.Load()
	if peers == nil {
		return 0, false
	}
	at, known := (*peers)[addr]
	return zab.ServerID(at), known
}

func serverIDs(ids []int) []zab.ServerID {
	list := make([]zab.ServerID, len(ids))
	for i, id := range ids {
		list[i] = zab.ServerID(id)
	}
	return list
}

// Close is called when the server has ended. The last node of an abandoned ensemble removes
// its folder, so that nothing is left of it.
func (n *Node) Close() {
	if n == nil {
		return
	}
	close(n.done)
	n.running.Wait()
	select {
	case <-n.abandoned:
		_ = os.RemoveAll(n.root) // in the midst of the others: the last one's succeeds
	default:
	}
}
