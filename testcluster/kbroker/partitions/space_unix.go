//go:build linux || darwin || freebsd

package partitions

import "golang.org/x/sys/unix"

// diskSpace is the size of the disk that has path, and how much of it is left to us; -1 where that is not known.
func diskSpace(path string) (total, usable int64) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return -1, -1
	}
	return int64(s.Blocks) * int64(s.Bsize), int64(s.Bavail) * int64(s.Bsize)
}
