package storage

import "os"

// Windows has no handle for syncing a folder: names are written through by the system.
func syncDir(path string) error {
	_, err := os.Stat(path)
	return err
}

// Two servers on one folder are not kept apart on Windows; its own sharing rules refuse to
// replace files that the other one has open.
func lockFile(*os.File) error { return nil }
