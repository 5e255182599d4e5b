package zabtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// verbs are what a line of a trace can begin with, but for ensemble.
var verbs = map[string]func(w *World, words []string) error{
	"log": (*World).doLog, "start": each((*server).start), "run": (*World).doRun,
	"write": (*World).doWrite, "sync": (*World).doSync, "snapshot": each((*server).snapshot),
	"crash": (*World).doCrash, "lose": each((*server).lose), "pause": each(func(s *server) { s.paused = s.core != nil }), "resume": each((*server).resume),
	"cut": (*World).doCut, "heal": (*World).doHeal, "break": (*World).doBreak, "disk": (*World).doDisk,
	"settle": (*World).doSettle, "show": (*World).doShow, "hide": (*World).doHide,
	"status": func(w *World, _ []string) error { w.status(); return nil },
}

// Do carries out one line of a trace. The error is a line that is not understood; what the line has brought about is
// in Err.
func (w *World) Do(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil
	}
	do := verbs[words[0]]
	if do == nil {
		return fmt.Errorf("%s: no such verb", line)
	}
	if w.err != nil {
		return nil
	}
	if err := do(w, words[1:]); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	w.run(0)
	return nil
}

// each is a verb for any number of servers.
func each(do func(*server)) func(*World, []string) error {
	return func(w *World, words []string) error {
		for _, word := range words {
			s, err := w.named(word)
			if err != nil {
				return err
			}
			if s != nil {
				do(s)
			}
		}
		return nil
	}
}

// named finds a server by its number, or the leader, who may not exist.
func (w *World) named(word string) (*server, error) {
	if word == "leader" {
		return w.leader(), nil
	}
	n, err := strconv.Atoi(word)
	if s := w.server(zab.ServerID(n)); err == nil && s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%q is no server", word)
}

func want(words []string, least, most int) error {
	if len(words) < least || len(words) > most {
		return fmt.Errorf("%d words where %d to %d belong", len(words), least, most)
	}
	return nil
}

func (w *World) doRun(words []string) error {
	if err := want(words, 1, 1); err != nil {
		return err
	}
	d, err := parseTime(words[0])
	if err != nil {
		return err
	}
	w.run(d)
	return nil
}

// doLog fills a disk: log 1 0x100000001..0x100000008, with epoch files of the last zxid's epoch.
func (w *World) doLog(words []string) error {
	if err := want(words, 2, 2); err != nil {
		return err
	}
	s, err := w.named(words[0])
	if err != nil {
		return err
	}
	from, to, _ := strings.Cut(words[1], "..")
	first, err := strconv.ParseInt(from, 0, 64)
	if err != nil {
		return err
	}
	last, err := strconv.ParseInt(to, 0, 64)
	if err != nil || last < first || last-first > 1000 || s.core != nil {
		return fmt.Errorf("%s is not a range of zxids for a server that is down", words[1])
	}
	d := &s.disk
	for z := zkproto.Zxid(first); z <= zkproto.Zxid(last); z++ {
		d.log = append(d.log, zab.Entry{Zxid: z, Data: payload(1000+int(z.Epoch()), int(z.Counter()&0x7fffffff), z)})
	}
	d.accepted, d.current = d.last().Epoch(), d.last().Epoch()
	return nil
}

// sessionAt reads a session's name and a server's.
func (w *World) sessionAt(words []string) (*session, *server, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(words[0], "s"))
	if err != nil || n < 1 || n > 1000 {
		return nil, nil, fmt.Errorf("%q is no session", words[0])
	}
	s, err := w.named(words[1])
	return w.session(n), s, err
}

func (w *World) doWrite(words []string) error {
	if err := want(words, 2, 3); err != nil {
		return err
	}
	c, s, err := w.sessionAt(words)
	if err != nil || s == nil {
		return err
	}
	n := 1
	if len(words) == 3 {
		if n, err = strconv.Atoi(strings.TrimPrefix(words[2], "x")); err != nil {
			return err
		}
	}
	w.writes(c, s, n)
	return nil
}

func (w *World) doSync(words []string) error {
	if err := want(words, 2, 2); err != nil {
		return err
	}
	c, s, err := w.sessionAt(words)
	if err == nil && s != nil {
		w.sync(c, s)
	}
	return err
}

func (w *World) doCrash(words []string) error {
	if len(words) != 3 || words[1] != "after" {
		return each((*server).crash)(w, words)
	}
	s, err := w.named(words[0])
	if err != nil || s == nil {
		return err
	}
	n, err := strconv.Atoi(words[2])
	if s.core != nil {
		s.disk.crashAfter = n
	}
	return err
}

// ends reads 1>2 or 1=2, also with leader. There may be no such pair.
func (w *World) ends(word string) (a, b *server, both bool, err error) {
	x, y, both := strings.Cut(word, "=")
	if !both {
		x, y, _ = strings.Cut(word, ">")
	}
	if a, err = w.named(x); err == nil {
		b, err = w.named(y)
	}
	if err != nil || a != b {
		return a, b, both, err
	}
	if !strings.Contains(word, "leader") {
		err = fmt.Errorf("%s: a server and itself", word)
	}
	return nil, nil, both, err
}

// setCut cuts or heals ways; without words it heals all of them.
func (w *World) setCut(words []string, cut bool) error {
	for _, word := range words {
		a, b, both, err := w.ends(word)
		if err != nil {
			return err
		}
		if a == nil || b == nil {
			continue
		}
		w.way(a, b).cut = cut
		if both {
			w.way(b, a).cut = cut
		}
	}
	return nil
}

func (w *World) doCut(words []string) error { return w.setCut(words, true) }

func (w *World) doHeal(words []string) error {
	if len(words) == 0 {
		for _, row := range w.ways {
			for _, y := range row {
				y.cut = false
			}
		}
	}
	if err := w.setCut(words, false); err != nil {
		return err
	}
	w.healedPipes()
	for _, row := range w.pairs {
		for _, p := range row {
			p.healed()
		}
	}
	return nil
}

// doBreak ends the connections between two servers.
func (w *World) doBreak(words []string) error {
	for _, word := range words {
		a, b, _, err := w.ends(word)
		if err != nil {
			return err
		}
		if a == nil || b == nil {
			continue
		}
		w.pair(a, b).end()
		for _, l := range a.openLinks() {
			if b.links[l.id] == l {
				l.up.tear()
				l.down.tear()
			}
		}
	}
	return nil
}

func (w *World) doDisk(words []string) error {
	if err := want(words, 2, 2); err != nil {
		return err
	}
	s, err := w.named(words[0])
	if err != nil || s == nil {
		return err
	}
	if words[1] != "hold" && words[1] != "go" {
		return fmt.Errorf("a disk is told to hold or to go")
	}
	s.disk.hold = words[1] == "hold"
	s.disk.begin(s)
	return nil
}

func (w *World) doShow(words []string) error { return w.setShow(words, true) }
func (w *World) doHide(words []string) error { return w.setShow(words, false) }

func (w *World) setShow(words []string, on bool) error {
	for _, word := range words {
		n := slices.IndexFunc(shows, func(x struct {
			name string
			show Show
		}) bool {
			return x.name == word
		})
		if n < 0 {
			return fmt.Errorf("there is no news called %q", word)
		}
		if on {
			w.tell.show |= shows[n].show
		} else {
			w.tell.show &^= shows[n].show
		}
	}
	return nil
}
