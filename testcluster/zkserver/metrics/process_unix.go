//go:build unix

package metrics

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process reads the kernel's figures of this process. Those that it does not tell are left out.
func process() []figure {
	var list []figure
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err == nil {
		spent := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		list = append(list, figure{"process_cpu_seconds_total", "counter", "processor time, in seconds", spent.Seconds()})
	}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		list = append(list, figure{"process_open_fds", "gauge", "open file descriptors", float64(len(entries) - 1)})
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		list = append(list, figure{"process_max_fds", "gauge", "file descriptors that may be open", float64(limit.Cur)})
	}
	if virtual, resident, ok := memory(); ok {
		list = append(list, figure{"process_virtual_memory_bytes", "gauge", "address space, in bytes", virtual},
			figure{"process_resident_memory_bytes", "gauge", "memory, in bytes", resident})
	}
	return append(list, figure{"process_start_time_seconds", "gauge", "when the process began, in seconds since 1970", started})
}

// started is when the process began, to the accuracy of a package's initialisation.
var started = float64(time.Now().UnixMilli()) / 1000

// memory is the process's size from /proc/self/statm.
func memory() (virtual, resident float64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, 0, false
	}
	pages, err1 := strconv.ParseFloat(fields[0], 64)
	inMemory, err2 := strconv.ParseFloat(fields[1], 64)
	size := float64(os.Getpagesize())
	return pages * size, inMemory * size, err1 == nil && err2 == nil
}
