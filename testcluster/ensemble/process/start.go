package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/zoka-project/zoka/testcluster/ensemble"
	"github.com/zoka-project/zoka/testcluster/ensemble/control"
)

// child is a process that waits for the word to go.
type child struct {
	node *node
	gate *os.File
}

// start starts nodes, all at once. None of them begins before all are written down: who
// starts them may die at any moment, and with it goes a process that nobody knows of.
func (c *Cluster) start(s *state, nodes []*node) error {
	var children []child
	defer func() {
		for _, ch := range children {
			_ = ch.gate.Close() // its last word: who has not heard go, ends
		}
	}()
	for _, n := range nodes {
		ch, err := c.spawn(s, n)
		if err != nil {
			return &ensemble.NodeError{Op: "start", ID: n.ID, Err: err}
		}
		children = append(children, ch)
	}
	if err := c.save(s); err != nil {
		return err
	}
	for _, ch := range children {
		if _, err := ch.gate.Write(control.Go); err != nil && !errors.Is(err, syscall.EPIPE) {
			return &ensemble.NodeError{Op: "start", ID: ch.node.ID, Err: err}
		}
		ch.node.Starting = false
	}
	return c.save(s)
}

// spawn starts the process of one node, which does not do anything yet.
func (c *Cluster) spawn(s *state, n *node) (child, error) {
	binary, err := c.program()
	if err != nil {
		return child{}, err
	}
	folder := c.folder(n.ID)
	if err := c.writeCuts(s, n); err != nil {
		return child{}, err
	}
	log, err := os.OpenFile(c.logFile(n.ID), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return child{}, err
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return child{}, err
	}
	defer r.Close()
	owner := ""
	if s.Temporary {
		owner = c.ownerFile()
	}
	cmd := &exec.Cmd{
		Path: binary, Args: append([]string{"zoka"}, n.command(folder)...),
		Dir: folder, Env: control.Env(folder, 3, owner), Stdout: log, Stderr: log, ExtraFiles: []*os.File{r},
		SysProcAttr: apart(s.Temporary),
	}
	if err := cmd.Start(); err != nil {
		return child{}, errors.Join(err, w.Close())
	}
	ch := child{n, w}
	n.Starting = true
	if n.identity, err = identify(cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill() // it would end anyway
		return child{}, errors.Join(fmt.Errorf("look at its process: %w", err), w.Close(), cmd.Wait())
	}
	_ = cmd.Process.Release() // it is found again by its identity
	// zkServer.sh finds its server by this file.
	return ch, os.WriteFile(c.pidFile(n.ID), []byte(strconv.Itoa(n.Pid)), 0o644)
}

// command is the mode of zoka that a node runs in, with its configuration.
func (n *node) command(folder string) []string {
	if n.Broker == 0 {
		return []string{"server", filepath.Join(folder, "zoo.cfg")}
	}
	return []string{"node", filepath.Join(folder, "zoo.cfg"), filepath.Join(folder, brokerFile)}
}

// apart takes a node out of reach of the terminal's signals: those are for who has started
// it. The nodes of a temporary ensemble stay in the session, so that the system wakes and
// ends a paused one when their owner dies.
func apart(temporary bool) *syscall.SysProcAttr {
	if temporary {
		return &syscall.SysProcAttr{Setpgid: true}
	}
	return &syscall.SysProcAttr{Setsid: true}
}

func (c *Cluster) program() (string, error) {
	if c.binary != "" {
		return c.binary, nil
	}
	return os.Executable()
}

func (c *Cluster) ownerFile() string     { return c.file("owner.lock") }
func (c *Cluster) logFile(id int) string { return filepath.Join(c.folder(id), "server.log") }
func (c *Cluster) pidFile(id int) string {
	return filepath.Join(c.folder(id), "data", "zookeeper_server.pid")
}

// forget notes that a node does not run.
func (c *Cluster) forget(n *node) {
	n.identity, n.Starting = identity{}, false
	_ = os.Remove(c.pidFile(n.ID)) // it may be gone
}
