//go:build unix && !linux

package process

import (
	"io/fs"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// look returns when a process started, and whether it is stopped. A process that has ended,
// though nobody has asked for its exit code yet, is not there: fs.ErrNotExist.
func look(pid int) (started string, stopped bool, err error) {
	out, err := exec.Command("ps", "-o", "state=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, started, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || state == "" || state[0] == 'Z' {
		return "", false, fs.ErrNotExist // ps says no more than that
	}
	return strings.TrimSpace(started), state[0] == 'T', nil
}

// handles tells whether a process does something of its own when a signal comes: here nobody knows.
func handles(int, syscall.Signal) bool { return true }
