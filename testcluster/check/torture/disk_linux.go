package torture

import (
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// fill takes away the room for nodes' logs: files can grow by a little more, and then no further. A node may end; it is
// started again when there is room.
func (s *scene) fill(ids []int) bool {
	if !s.take(ids...) {
		return false
	}
	for _, id := range ids {
		s.try(fmt.Sprintf("the disk of node %d is full soon", id), s.limit(id))
	}
	s.hold(100*time.Millisecond, 3*time.Second)
	nodes, err := s.cluster.Nodes()
	if !s.try("there is room again", err) {
		return true
	}
	for _, id := range ids {
		n := nodes[id-1]
		if n.State == ensemble.Down {
			s.say("%s: node %d had ended and starts", s.name, id)
			s.restart(s.ctx, id)
			continue
		}
		err := limitFiles(n.Pid, math.MaxUint64)
		if err != nil || s.kafka != nil { // it has ended in this moment, or cannot be trusted; or its broker has given a log up
			s.try(fmt.Sprintf("node %d is killed", id), s.cluster.Kill(s.ctx, id))
			s.restart(s.ctx, id)
		}
	}
	return true
}

// limit lets a node's newest log grow by some KiB.
func (s *scene) limit(id int) error {
	nodes, err := s.cluster.Nodes()
	if err != nil {
		return err
	}
	size := int64(0)
	if path := s.newestLog(id); path != "" {
		if info, err := os.Stat(path); err == nil {
			size = info.Size()
		}
	}
	return limitFiles(nodes[id-1].Pid, uint64(size+s.rnd.Int64N(64<<10)))
}

// limitFiles bounds the size of the files that a process writes: beyond it a write fails as on a full disk.
func limitFiles(pid int, size uint64) error {
	if pid <= 0 { // to the system it would be this process itself
		return ensemble.ErrNotRunning
	}
	var now unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &now); err != nil {
		return fmt.Errorf("the file size limit of process %d: %w", pid, err)
	}
	now.Cur = min(size, now.Max)
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &now, nil); err != nil {
		return fmt.Errorf("limit the file size of process %d: %w", pid, err)
	}
	return nil
}
