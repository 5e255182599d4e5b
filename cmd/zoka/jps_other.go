//go:build !linux

package main

import (
	"fmt"
	"os/exec"
)

// processes are those that ps shows.
func processes() ([]processLine, error) {
	out, err := exec.Command("ps", "-axo", "pid=,args=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps -axo pid=,args=: %w", err)
	}
	return parsePs(string(out))
}
