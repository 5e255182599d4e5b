package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes are those of /proc that this user may look at.
func processes() ([]processLine, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []processLine
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || len(b) == 0 {
			continue // it has ended, or it is the kernel's
		}
		all = append(all, processLine{pid, strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")})
	}
	return all, nil
}
