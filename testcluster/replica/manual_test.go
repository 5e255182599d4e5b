package replica_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/manual"
)

// TestManual runs the traces in testdata: blocks of commands, each followed by ---- and what was told of it. The commands:
//
//	partition 1,2,3 isr=1,2 lag=10s    the replicas of this file; nobody leads
//	elect 1 [isr=1,2] [unheard=2,3]    the controller's state; all but those that are named learn of it
//	learn 2                            a node learns the state
//	append 1 a b                       records for a node that leads
//	fetch 2 [most=1]                   one fetch of a follower, with its answer; if need be, the leader's bounds too
//	wait 5s                            time passes
//	propose 1 | write 1 | write-lost 1 a change of the ISR is sent | ZooKeeper takes it or not | and its answer is lost
//	write-unsent 1                     the write is lost on its way
//	min 1 2                            whether the ISR is enough for min.insync.replicas=2
//	checkpoint 2                       a node's high watermark is on its disk from then on
//	crash 2 | start 2                  the log survives
//	lose 2 1                           but for the records from 1 on, which were not on the disk yet
//	unregister 2 | register 2          ZooKeeper takes the node for dead | for alive
//	delete 1 3                         records below 3 are deleted on the leader
//	low 1                              the low watermark of all replicas that are up
//	assign 1,2,4                       other replicas
//	show [1,2]                         nodes and their logs
func TestManual(t *testing.T) {
	manual.Run(t, func(_ *testing.T, text string) (string, error) { return runTrace(text) })
}

// runTrace returns the text with the outcome that the commands have now.
func runTrace(text string) (string, error) {
	var (
		out           strings.Builder
		w             *world
		answer, block bool
	)
	flush := func() {
		if block && len(w.told) > 0 {
			out.WriteString("----\n" + strings.Join(w.told, "\n") + "\n")
		}
		if w != nil {
			w.told = nil
		}
		block = false
	}
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n\n") {
		line = strings.TrimRight(line, "\n")
		switch words := strings.Fields(line); {
		case len(words) == 0:
			flush()
			answer = false
			out.WriteString("\n")
			continue
		case line == "----":
			flush()
			answer = true
			continue
		case answer:
			continue
		case strings.HasPrefix(line, "#"):
		case words[0] == "partition":
			w = newWorld(ids(words[1]), ids(option(words, "isr", words[1])), duration(option(words, "lag", "10s")))
		case w == nil:
			return "", fmt.Errorf("%q: a trace begins with its partition", line)
		default:
			block = true
			if err := w.command(words); err != nil {
				return "", fmt.Errorf("%q: %w", line, err)
			}
			if w.err != nil {
				return "", fmt.Errorf("%q breaks a rule: %w", line, w.err)
			}
		}
		out.WriteString(line + "\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}

func ids(s string) []int32 {
	var all []int32
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil {
			panic(err)
		}
		all = append(all, int32(n))
	}
	return all
}

func option(words []string, name, otherwise string) string {
	for _, word := range words {
		if v, ok := strings.CutPrefix(word, name+"="); ok {
			return v
		}
	}
	return otherwise
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) command(words []string) error {
	if words[0] == "wait" {
		w.now = w.now.Add(duration(words[1]))
		return nil
	}
	if words[0] == "assign" {
		w.assign(ids(words[1]))
		return nil
	}
	if words[0] == "show" && len(words) == 1 {
		words = append(words, "1,2,3")
	}
	for _, id := range ids(words[1]) {
		n := w.nodes[id]
		if n == nil {
			continue
		}
		if err := w.verb(n, words); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) assign(replicas []int32) {
	w.zk.replicas = replicas
	for _, id := range replicas {
		if w.nodes[id] == nil {
			w.nodes[id] = &node{id: id, log: &memLog{}, alive: true, known: w.zk}
		}
	}
	for _, n := range w.nodes {
		if n.lead != nil {
			n.lead.Assign(replicas)
		}
	}
}

func (w *world) verb(n *node, words []string) error {
	switch verb := words[0]; verb {
	case "elect":
		w.electIn(n, words)
	case "learn":
		w.learn(n)
	case "append":
		for _, value := range words[2:] {
			w.appendRecord(n, value)
		}
	case "fetch":
		w.fetchOnce(n, words)
	case "propose":
		was := len(w.told)
		w.propose(n)
		if len(w.told) == was {
			w.tell("%d: proposes nothing", n.id)
		}
	case "write", "write-lost", "write-unsent":
		p := *n.write
		n.write = nil
		if verb == "write-unsent" {
			return nil
		}
		version, ok := w.carryOut(p)
		if verb == "write" {
			w.settle(n, p, version, ok)
		}
	case "min":
		least, err := strconv.Atoi(words[2])
		w.tell("%d: ISR %v, at least %d: %v", n.id, n.lead.ISR(), least, n.lead.Enough(least))
		return err
	case "checkpoint":
		n.checkpoint = n.hw
	case "crash":
		n.crash()
	case "lose":
		from, err := strconv.ParseInt(words[2], 10, 64)
		n.log.truncate(from)
		return err
	case "start":
		n.alive = true
		n.starts++
		w.learn(n)
	case "unregister", "register":
		n.unregistered = verb == "unregister"
		for _, n := range w.nodes {
			w.hearOfNodes(n)
		}
	case "delete":
		to, err := strconv.ParseInt(words[2], 10, 64)
		n.log.start = to
		return err
	case "low":
		w.tell("%d: low watermark %d", n.id, n.lead.LowWatermark(n.log.start))
	case "show":
		w.tell("%v", n)
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

func (w *world) electIn(n *node, words []string) {
	isr := w.zk.isr
	if s := option(words, "isr", ""); s != "" {
		isr = ids(s)
	}
	w.elect(n.id, isr)
	var unheard []int32
	if s := option(words, "unheard", ""); s != "" {
		unheard = ids(s)
	}
	for _, id := range w.zk.replicas {
		if !slices.Contains(unheard, id) {
			w.learn(w.nodes[id])
		}
	}
}

func (w *world) fetchOnce(n *node, words []string) {
	most, _ := strconv.Atoi(option(words, "most", "1000"))
	q := n.ask()
	if w.take(w.serve(q, most)) {
		leader := w.nodes[q.leader]
		q.leaderStart, q.leaderEnds = leader.log.start, leader.log.EndOffset()
		w.takeBounds(q)
	}
}
