//go:build unix

package zkserver

import (
	"os"
	"syscall"
)

// descriptors counts the process's open files and the most it may have; -1 where the system does not tell.
func descriptors() (open, most int64) {
	open, most = -1, -1
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		open = int64(len(entries)) - 1 // without the one that reads the folder
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		most = int64(limit.Cur)
	}
	return open, most
}
