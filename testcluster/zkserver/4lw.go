package zkserver

import (
	"fmt"
	"io"
	"slices"
)

// word is one four-letter word: a command that is sent instead of a handshake and answered
// in text, after which the connection is closed.
type word struct {
	name string
	// args is how many bytes follow the word.
	args int
	run  func(s *Server, args []byte, out io.Writer)
	// always says that it is answered by a server that does not serve, too.
	always bool
}

// words has one row for each four-letter word.
var words = [...]word{
	{"ruok", 0, func(_ *Server, _ []byte, out io.Writer) { io.WriteString(out, "imok") }, true},
	{"srvr", 0, wordSrvr, false},
	{"stat", 0, wordStat, false},
	{"cons", 0, wordCons, false},
	{"crst", 0, wordCrst, false},
	{"srst", 0, wordSrst, false},
	{"mntr", 0, wordMntr, false},
	{"conf", 0, wordConf, false},
	{"envi", 0, wordEnvi, true},
	{"dirs", 0, wordDirs, false},
	{"dump", 0, wordDump, false},
	{"wchs", 0, wordWchs, false},
	{"wchc", 0, wordWchc, false},
	{"wchp", 0, wordWchp, false},
	{"isro", 0, wordIsro, true},
	{"gtmk", 0, wordGtmk, true},
	{"stmk", 8, wordStmk, true},
	{"hash", 0, wordHash, false},
}

// word finds a command by its bytes.
func (s *Server) word(name []byte) *word {
	for i := range words {
		if words[i].name == string(name) {
			return &words[i]
		}
	}
	return nil
}

// command answers a four-letter word. Its error always ends the connection.
func (c *conn) command(w *word) error {
	for len(c.in.buffered()) < 4+w.args {
		if err := c.in.fill(c.nc); err != nil {
			return err
		}
	}
	args := c.in.buffered()[4:]
	c.mu.Lock()
	c.stats.receiving(4)
	c.stats.tell(c.s)
	c.mu.Unlock()
	out := outWriter{c}
	// zkServer.sh needs srvr: no whitelist forbids it.
	switch allowed := w.name == "srvr" || slices.Contains(c.s.cfg.Words, "*") || slices.Contains(c.s.cfg.Words, w.name); {
	case !allowed:
		fmt.Fprintf(out, "%s is not executed because it is not in the whitelist.\n", w.name)
	case !w.always && !c.s.Serving():
		io.WriteString(out, notServing)
	default:
		w.run(c.s, args[:w.args], out)
	}
	c.mu.Lock()
	c.stats.sent++
	c.stats.news.sent++
	c.stats.tell(c.s)
	c.hangup = true
	c.mu.Unlock()
	c.flush()
	return errHangup
}

// outWriter appends to a connection's output.
type outWriter struct{ c *conn }

func (o outWriter) Write(p []byte) (int, error) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.c.out = append(o.c.out, p...)
	return len(p), nil
}

// wordSrvr prints the server's figures. Source: StatCommand.
func wordSrvr(s *Server, _ []byte, out io.Writer) {
	fmt.Fprintf(out, "Zookeeper version: %s\n", Version())
	s.writeFigures(out)
}

// writeFigures prints what srvr and stat end with.
func (s *Server) writeFigures(out io.Writer) {
	st := s.Stats()
	fmt.Fprintf(out, "Latency min/avg/max: %d/%s/%d\n", st.MinLatency, decimal(st.AvgLatency), st.MaxLatency)
	fmt.Fprintf(out, "Received: %d\nSent: %d\nConnections: %d\nOutstanding: %d\nZxid: %v\nMode: %s\nNode count: %d\n",
		st.Received, st.Sent, st.Connections, st.Outstanding, st.Zxid, st.Mode(), st.Nodes)
	if at := st.Standing; at != nil && at.Mode == "leader" {
		fmt.Fprintf(out, "Proposal sizes last/min/max: %d/%d/%d\n", at.Proposals.Last, at.Proposals.Min, at.Proposals.Max)
	}
}

// decimal prints a number as Java's #.#### and a double's toString do: at least one decimal,
// at most four.
func decimal(v float64) string {
	text := fmt.Sprintf("%.4f", v)
	for len(text) > 3 && text[len(text)-1] == '0' && text[len(text)-2] != '.' {
		text = text[:len(text)-1]
	}
	return text
}
