package zkserver

import (
	"bytes"
	"encoding/binary"
	hexcode "encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// captured returns the handshakes and the requests that Apache's and our clients have sent.
func captured(t *testing.T) (connects, requests [][]byte) {
	t.Helper()
	files, err := filepath.Glob("../../clientproto/zkproto/testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var to *[][]byte
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			switch b, err := hexcode.DecodeString(strings.ReplaceAll(line, " ", "")); {
			case line == "connect":
				connects = append(connects, nil)
				to = &connects
			case strings.HasPrefix(line, "request "):
				requests = append(requests, nil)
				to = &requests
			case err == nil && to != nil:
				last := len(*to) - 1
				(*to)[last] = append((*to)[last], b...)
			case !strings.HasPrefix(line, "="):
				to = nil
			}
		}
	}
	if len(connects) == 0 || len(requests) < 20 {
		t.Fatalf("%d handshakes and %d requests were captured", len(connects), len(requests))
	}
	return connects, requests
}

// attacker sends frames that are nearly right.
type attacker struct {
	rnd                *rand.Rand
	addr               string
	connects, requests [][]byte
	nc                 net.Conn
	readers            *sync.WaitGroup
}

// attack sends one frame, over a connection that is opened where there is none.
func (a *attacker) attack() error {
	if a.nc == nil {
		nc, err := net.Dial("tcp", a.addr)
		if err != nil {
			return err
		}
		a.nc = nc
		a.readers.Go(func() { _, _ = io.Copy(io.Discard, nc) }) // until either side ends it
		if a.rnd.IntN(4) > 0 {
			if _, err := nc.Write(framed(a.connects[a.rnd.IntN(len(a.connects))])); err != nil {
				return a.drop()
			}
		}
	}
	b, last := a.frame()
	_ = a.nc.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := a.nc.Write(b); err != nil || last || a.rnd.IntN(50) == 0 {
		return a.drop()
	}
	return nil
}

// drop ends the connection, somewhere in a frame or behind one.
func (a *attacker) drop() error {
	err := a.nc.Close()
	a.nc = nil
	return err
}

func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }

// frame makes bytes to send; last says that nothing can follow them.
func (a *attacker) frame() (b []byte, last bool) {
	pick := func(from [][]byte) []byte { return bytes.Clone(from[a.rnd.IntN(len(from))]) }
	switch a.rnd.IntN(10) {
	case 0: // noise
		b = make([]byte, a.rnd.IntN(64))
		for i := range b {
			b[i] = byte(a.rnd.Uint32())
		}
		return framed(b), false
	case 1: // a length that promises more than comes, or nothing that can be
		b = framed(pick(a.requests))
		lies := []uint32{0xffffffff, 0x80000000, 0x7fffffff, 0x00100000, 0x000ffffe, uint32(len(b)), 7, 0}
		binary.BigEndian.PutUint32(b, lies[a.rnd.IntN(len(lies))])
		return b, true
	case 2: // half a frame
		b = framed(pick(a.requests))
		return b[:a.rnd.IntN(len(b))], true
	case 3: // a handshake where none belongs, flawed or not
		b = pick(a.connects)
		if a.rnd.IntN(2) == 0 {
			b[a.rnd.IntN(len(b))] ^= 1 << a.rnd.IntN(8)
		}
		return framed(b), false
	case 4: // a request with another's operation
		b = pick(a.requests)
		copy(b[4:8], pick(a.requests)[4:8])
		return framed(b), false
	case 5: // four letters
		return []byte([]string{"ruok", "mntr", "dump", "wchp", "cons", "what"}[a.rnd.IntN(6)]), true
	case 6: // a length inside the body that is negative, or huge
		b = pick(a.requests)
		if len(b) >= 12 {
			at := 8 + a.rnd.IntN(len(b)-11)
			binary.BigEndian.PutUint32(b[at:], []uint32{0xffffffff, 0xfffffff0, 0x7fffffff, 0x40000000, 0x00ffffff}[a.rnd.IntN(5)])
		}
		return framed(b), false
	case 7: // too short, or too long
		b = pick(a.requests)
		if a.rnd.IntN(2) == 0 {
			return framed(b[:a.rnd.IntN(len(b))]), false
		}
		return framed(append(b, make([]byte, a.rnd.IntN(100))...)), false
	default: // bits flipped behind the header
		b = pick(a.requests)
		for range 1 + a.rnd.IntN(8) {
			if len(b) > 8 {
				b[8+a.rnd.IntN(len(b)-8)] ^= 1 << a.rnd.IntN(8)
			}
		}
		return framed(b), false
	}
}

// hostileFrames is how many frames attack: ZOKA_HOSTILE_FRAMES, else what a quick test allows.
func hostileFrames(t *testing.T) int {
	if s := os.Getenv("ZOKA_HOSTILE_FRAMES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("ZOKA_HOSTILE_FRAMES: %v", err)
		}
		return n
	}
	if testing.Short() {
		return 3000
	}
	return 30_000
}

// Frames of every kind of wrong, while others work and notice nothing. Afterwards the server
// has no more sessions, connections, watches, goroutines or memory than before.
func TestHostile_OthersDoNotNotice(t *testing.T) {
	dir := t.TempDir() // memory is to be measured, not to hold files
	s := start(t, func(c *Config) {
		c.FS, c.DataDir, c.NoSync = storage.Disk(), dir, true
		c.TickTime, c.MaxSessionTimeout, c.Logger = 100*time.Millisecond, time.Second, nil
	})
	connects, requests := captured(t)
	frames := hostileFrames(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)

	var good, bad, readers sync.WaitGroup
	stop := make(chan struct{})
	var served, slowest atomic.Int64
	const workers = 4
	for i := range workers {
		c := rawDial(t, s)
		path := fmt.Sprintf("/good-%d", i)
		c.mustCall(zkproto.OpCreate, createAt(path, 0))
		good.Go(func() { worksUndisturbed(c, path, stop, &served, &slowest) })
	}
	goroutines, memory := runtime.NumGoroutine(), heap()
	const attackers = 4
	for i := range uint64(attackers) {
		a := &attacker{rnd: rand.New(rand.NewPCG(seed, i)), addr: s.Addr().String(), connects: connects, requests: requests, readers: &readers}
		bad.Go(func() {
			for range frames / attackers {
				if err := a.attack(); err != nil {
					t.Errorf("attacker %d: %v", i, err)
					return
				}
			}
			if a.nc != nil {
				_ = a.drop()
			}
		})
	}
	bad.Wait()
	readers.Wait()
	eventually(t, func() error {
		got := s.Stats()
		if got.Sessions != workers || got.Connections != workers || got.Watches != 0 || got.Ephemerals != 0 {
			return fmt.Errorf("%d sessions, %d connections, %d watches and %d ephemeral znodes are left", got.Sessions, got.Connections, got.Watches, got.Ephemerals)
		}
		if n := runtime.NumGoroutine(); n > goroutines+2 {
			return fmt.Errorf("%d goroutines, there were %d", n, goroutines)
		}
		return nil
	})
	close(stop)
	good.Wait()
	more := heap() - memory
	if more > 4<<20 {
		t.Errorf("%d bytes of memory are still in use", more)
	}
	if served.Load() == 0 {
		t.Error("nobody was served")
	}
	t.Logf("%d frames; %d requests of others served meanwhile, the slowest in %v; %d bytes more in use, for %d znodes",
		frames, served.Load(), time.Duration(slowest.Load()), more, s.Stats().Nodes)
}

// worksUndisturbed writes and reads its own znode until stop.
func worksUndisturbed(c *rawConn, path string, stop <-chan struct{}, served, slowest *atomic.Int64) {
	for n := int32(0); ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		begun := time.Now()
		data := strconv.AppendInt(nil, int64(n), 10)
		set := c.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Data: data, Version: n})
		get := c.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: path})
		for _, xid := range []int32{set, get} {
			b, err := c.tryFrame()
			if err != nil {
				c.t.Errorf("%s: %v", path, err)
				return
			}
			if int32(binary.BigEndian.Uint32(b)) != xid || binary.BigEndian.Uint32(b[12:]) != 0 {
				c.t.Errorf("%s: request %d is answered with %x", path, xid, b)
				return
			}
			if xid == get && !bytes.HasPrefix(b[20:], data) {
				c.t.Errorf("%s: wrote %s and read %x", path, data, b)
				return
			}
		}
		served.Add(2)
		slowest.Store(max(slowest.Load(), int64(time.Since(begun)))) // near enough among a few
	}
}

// A client that sends a great many writes and reads, and takes no answer: it is held back
// and, while it is, others are served. When it reads at last it gets every answer.
func TestHostile_AClientThatSendsAndDoesNotRead(t *testing.T) {
	s := start(t, func(c *Config) { c.Logger = nil })
	deaf, other := rawDial(t, s), rawDial(t, s)
	big := createAt("/big", 0)
	big.Data = bytes.Repeat([]byte("x"), 20_000)
	deaf.mustCall(zkproto.OpCreate, big)
	other.mustCall(zkproto.OpCreate, createAt("/n", 0))
	before := heap()
	var sent atomic.Int64
	const requests = 20_000
	first := deaf.xid + 1
	go func() { // ends with the last request sent
		for i := range requests {
			if i%10 == 0 {
				deaf.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/n", Data: make([]byte, 100), Version: -1})
			} else {
				deaf.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/big"})
			}
			sent.Add(1)
		}
	}()
	for seen := int64(-1); seen != sent.Load(); { // until it is held back
		seen = sent.Load()
		for range 200 {
			other.mustCall(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/n", Version: -1})
		}
	}
	if used := heap() - before; used > 64<<20 {
		t.Errorf("%d MiB are held for a client that does not read", used>>20)
	}
	for i := range int32(requests) {
		b, err := deaf.tryFrame()
		if err != nil || int32(binary.BigEndian.Uint32(b)) != first+i {
			t.Fatalf("answer %d: %v", i, err)
		}
	}
}
