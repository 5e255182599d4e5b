package zkserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// Setting is one line of conf or envi, and one member of the AdminServer's answer.
type Setting struct {
	Name  string
	Value string
}

// defaultTraceMask is ZooTrace's: what of ZooKeeper's own log is on.
const defaultTraceMask = 306

// wordConf prints the configuration that is in force. Source: ConfCommand, ZooKeeperServerConf.
func wordConf(s *Server, _ []byte, out io.Writer) {
	c := s.Conf()
	fmt.Fprintf(out, "clientPort=%d\nsecureClientPort=-1\ndataDir=%s\ndataDirSize=%d\ndataLogDir=%s\ndataLogSize=%d\n",
		c.ClientPort, c.DataDir, c.DataDirSize, c.DataLogDir, c.DataLogSize)
	fmt.Fprintf(out, "tickTime=%d\nmaxClientCnxns=%d\nminSessionTimeout=%d\nmaxSessionTimeout=%d\nclientPortListenBacklog=-1\n",
		c.TickTime, c.MaxClientCnxns, c.MinSessionTimeout, c.MaxSessionTimeout)
	fmt.Fprintf(out, "serverId=%d\n", c.ServerID)
	if c.Quorum != nil {
		c.Quorum.write(out)
	}
}

// Conf is what conf prints. Times are in milliseconds.
type Conf struct {
	ClientPort                                     int
	DataDir, DataLogDir                            string // with version-2
	DataDirSize, DataLogSize                       int64
	TickTime, MinSessionTimeout, MaxSessionTimeout int64
	MaxClientCnxns                                 int         // 0 is no limit
	ServerID                                       int64       // 0 for a standalone server
	Quorum                                         *QuorumConf // nil for one
}

// Conf tells the configuration that is in force. Sizes that cannot be told are 0.
func (s *Server) Conf() Conf {
	c := Conf{
		DataDir: s.folder.SnapDir(), DataLogDir: s.folder.LogDir(),
		TickTime: s.cfg.TickTime.Milliseconds(), MaxClientCnxns: max(s.cfg.MaxClientCnxns, 0),
		MinSessionTimeout: s.cfg.MinSessionTimeout.Milliseconds(), MaxSessionTimeout: s.cfg.MaxSessionTimeout.Milliseconds(),
	}
	if c.Quorum = s.quorumConf(); c.Quorum != nil {
		c.ServerID = s.cfg.ServerID
	}
	var err error
	if c.DataDirSize, c.DataLogSize, err = s.folder.Sizes(); err != nil {
		s.log.Warn("cannot tell the size of the data", "err", err)
	}
	if len(s.cfg.Listeners) > 0 {
		if tcp, ok := s.cfg.Listeners[0].Addr().(*net.TCPAddr); ok {
			c.ClientPort = tcp.Port
		}
	}
	return c
}

func wordDirs(s *Server, _ []byte, out io.Writer) {
	c := s.Conf()
	fmt.Fprintf(out, "datadir_size: %d\nlogdir_size: %d\n", c.DataDirSize, c.DataLogSize)
}

// wordEnvi prints the process's surroundings under Java's names. Source: EnvCommand, Environment.list.
func wordEnvi(_ *Server, _ []byte, out io.Writer) {
	fmt.Fprintln(out, "Environment:")
	for _, e := range Environment() {
		fmt.Fprintf(out, "%s=%s\n", e.Name, e.Value)
	}
}

// Environment is what envi prints. What ZooKeeper tells of its virtual machine is told of the Go runtime and the
// program's file.
func Environment() []Setting {
	host, _ := os.Hostname() // an empty one says as much as an error
	program, _ := os.Executable()
	dir, _ := os.Getwd()
	name, home := os.Getenv("USER"), os.Getenv("HOME")
	if u, err := user.Current(); err == nil {
		name, home = u.Username, u.HomeDir
	}
	free, most, total := memory()
	return []Setting{
		{"zookeeper.version", Version()},
		{"host.name", host},
		{"java.version", runtime.Version()},
		{"java.vendor", "zoka"},
		{"java.home", filepath.Dir(program)},
		{"java.class.path", program},
		{"java.library.path", ""},
		{"java.io.tmpdir", os.TempDir()},
		{"java.compiler", runtime.Compiler},
		{"os.name", strings.ToUpper(runtime.GOOS[:1]) + runtime.GOOS[1:]},
		{"os.arch", runtime.GOARCH},
		{"os.version", osVersion()},
		{"user.name", name},
		{"user.home", home},
		{"user.dir", dir},
		{"os.memory.free", megabytes(free)},
		{"os.memory.max", megabytes(most)},
		{"os.memory.total", megabytes(total)},
	}
}

// memory is what the runtime holds and does not use, the limit it has been given, and what it holds. Without a limit
// the most is what it holds.
func memory() (free, most, total uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	total = m.Sys - m.HeapReleased
	free, most = m.HeapIdle-m.HeapReleased, total
	if limit := debug.SetMemoryLimit(-1); limit < 1<<50 {
		most = uint64(limit)
	}
	return free, most, total
}

func megabytes(n uint64) string { return fmt.Sprintf("%dMB", n>>20) }

func osVersion() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// wordMntr prints the figures for programs. Source: MonitorCommand.
func wordMntr(s *Server, _ []byte, out io.Writer) {
	st := s.Stats()
	fmt.Fprintf(out, "zk_version\t%s\nzk_server_state\t%s\n", Version(), st.Mode())
	if st.Standing != nil {
		fmt.Fprintf(out, "zk_peer_state\t%s\n", st.Standing.PeerState())
	}
	for _, m := range Metrics(&st) {
		for _, v := range m.Values(&st) {
			fmt.Fprintf(out, "zk_%s\t%s\n", v.Name, v)
		}
	}
}

// wordGtmk and wordStmk show and set the trace mask, which chooses lines of ZooKeeper's own log and nothing here.
func wordGtmk(s *Server, _ []byte, out io.Writer) { fmt.Fprint(out, s.TraceMask()) }

func wordStmk(s *Server, args []byte, out io.Writer) {
	s.SetTraceMask(int64(binary.BigEndian.Uint64(args)))
	fmt.Fprint(out, s.TraceMask())
}

// TraceMask is the mask of gtmk.
func (s *Server) TraceMask() int64 { return s.traceMask.Load() ^ defaultTraceMask }

// SetTraceMask sets the mask of gtmk.
func (s *Server) SetTraceMask(mask int64) { s.traceMask.Store(mask ^ defaultTraceMask) }

func wordIsro(s *Server, _ []byte, out io.Writer) {
	if !s.Serving() {
		fmt.Fprint(out, "null")
		return
	}
	fmt.Fprint(out, "rw")
}

// wordHash prints the tree's digests at some transactions. The server keeps none, which in ZooKeeper too is an empty
// answer. Source: DigestCommand.
func wordHash(*Server, []byte, io.Writer) {}
