package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// bootID is different after every start of the machine, where process ids begin anew.
var bootID = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
})

// look returns when a process started, in a form that no other process with its number has
// ever had, and whether it is stopped. A process that has ended, though nobody has asked for
// its exit code yet, is not there: fs.ErrNotExist.
func look(pid int) (started string, stopped bool, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, syscall.ESRCH) { // it has ended while it was read
		err = fs.ErrNotExist
	}
	if err != nil {
		return "", false, err
	}
	// pid (name) state ppid …: the name may have blanks and parentheses. Field 22 is the start.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 20 {
		return "", false, fmt.Errorf("process %d: %q is not what /proc says of processes", pid, b)
	}
	switch fields[0][0] {
	case 'Z', 'X':
		// The first thread has ended; as long as others have not, files and ports are still held.
		if threads, _ := strconv.Atoi(string(fields[17])); threads <= 1 {
			return "", false, fs.ErrNotExist
		}
	case 'T', 't':
		stopped = true
	}
	return bootID() + "/" + string(fields[19]), stopped, nil
}

// handles tells whether a process does something of its own when a signal comes.
func handles(pid int, sig syscall.Signal) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return false
	}
	_, rest, _ := bytes.Cut(b, []byte("\nSigCgt:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	caught, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 64)
	return err == nil && caught&(1<<(sig-1)) != 0
}
