//go:build !linux

package torture

// fill does not happen: a running process cannot be given a full disk here.
func (s *scene) fill([]int) bool { return false }
