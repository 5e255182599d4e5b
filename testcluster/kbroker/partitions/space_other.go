//go:build !linux && !darwin && !freebsd

package partitions

// diskSpace is not known here.
func diskSpace(string) (total, usable int64) { return -1, -1 }
