package zkserver

import (
	"errors"
	"fmt"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// The tree is whole when finish returns, however many chunks it came in; what the tree
// refuses is reported, also from the last chunk, and ends the work.
func TestRestoring(t *testing.T) {
	for _, count := range []int{0, 1, restoreChunk - 2, restoreChunk - 1, restoreChunk, 10 * restoreChunk} {
		for _, orphanAt := range []int{-1, 0, count / 2, count - 1} {
			r := newRestoring(znode.Options{})
			err := r.Node(nil, []byte("root"), -1, &zkproto.StatPersisted{})
			for i := 0; i < count && err == nil; i++ {
				path := fmt.Sprintf("/n%d", i)
				if i == orphanAt {
					path = "/none/child"
				}
				err = r.Node([]byte(path), fmt.Append(nil, i), -1, &zkproto.StatPersisted{Czxid: zkproto.Zxid(i)})
			}
			tree, refused := r.finish()
			if bad := orphanAt >= 0 && orphanAt < count; bad != errors.Is(refused, znode.ErrBadSnapshot) || bad && tree != nil {
				t.Fatalf("%d nodes, orphan at %d: %v", count, orphanAt, refused)
			}
			if refused != nil {
				continue
			}
			// Besides the root, which counts twice, /zookeeper and its two children are made.
			if got := tree.NodeCount(); got != count+5 {
				t.Fatalf("%d nodes became %d", count, got)
			}
			for i := range count {
				n, ok := tree.Find(fmt.Sprintf("/n%d", i))
				if !ok || string(tree.Data(n)) != fmt.Sprint(i) || tree.Stat(n).Czxid != zkproto.Zxid(i) {
					t.Fatalf("%d nodes: node %d is wrong", count, i)
				}
			}
		}
	}
}
