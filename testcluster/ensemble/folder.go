package ensemble

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

func nodeFolder(dir string, id int) string { return filepath.Join(dir, "node"+strconv.Itoa(id)) }

// checkFolder refuses a folder of an ensemble of another size: its data would be passed over,
// or a majority of nodes that know nothing would win over those that do.
func checkFolder(dir string, nodes int) error {
	found := 0
	for exists(nodeFolder(dir, found+1)) {
		found++
	}
	switch {
	case found > 0 && (nodes == 1 || nodes != found):
		return fmt.Errorf("the folder %s has the data of %d nodes, not of %d", dir, found, nodes)
	case nodes > 1 && exists(filepath.Join(dir, "version-2")):
		return fmt.Errorf("the folder %s has the data of a single server, not of %d", dir, nodes)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
