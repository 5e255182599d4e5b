package ensemble

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// CurrentEpoch is the epoch of the last leader that a node has followed, or was, as the file
// of that name in its data folder has it; 0 where there is none.
func CurrentEpoch(fsys storage.FS, dataDir string) int64 {
	b, err := storage.ReadFile(fsys, filepath.Join(dataDir, "version-2", "currentEpoch"))
	if err != nil {
		return 0
	}
	epoch, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return epoch
}
