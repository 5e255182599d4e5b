package quorum

import (
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// Load tells what is durable of a server whose tree has been loaded from folder and log and
// ends at last.
func Load(folder *txnlog.Folder, log *txnlog.Log, last zab.Zxid) (zab.Durable, error) {
	return zab.Durable{}, nil
}
