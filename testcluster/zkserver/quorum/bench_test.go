package quorum

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// BenchmarkCommit is three nodes in this process: how long a write takes from Propose to
// Commit at the leader, and how many there are in a second with some under way at a time.
func BenchmarkCommit(b *testing.B) {
	value := strings.Repeat("v", 200)
	for _, disk := range []string{"memory", "disk"} {
		for _, network := range []string{"memory", "tcp"} {
			for _, under := range []int{1, 16, 256} {
				b.Run(fmt.Sprintf("disk=%s/network=%s/under-way=%d", disk, network, under), func(b *testing.B) {
					c := newCluster(b, network, 3, 0, func(c *cluster) {
						c.core = func(cfg *zab.Config) { cfg.SyncLimit = 100 }
						for _, s := range c.servers {
							if disk == "disk" {
								s.fs, s.dir = storage.Disk(), b.TempDir()
							}
						}
					})
					leader := c.leader(c.running()...)
					b.ReportAllocs()
					b.ResetTimer()
					took := leader.flood(b, value, under)
					b.StopTimer()
					slices.Sort(took)
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
					b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
				})
			}
		}
	}
}

// flood writes b.N times, so many at a time, and returns how long each took.
func (s *server) flood(b *testing.B, value string, under int) []time.Duration {
	begun, took := make([]time.Time, 0, b.N), make([]time.Duration, 0, b.N)
	a := s.app
	for len(took) < b.N {
		for len(begun) < b.N && len(begun)-len(took) < under {
			begun = append(begun, time.Now())
			if _, err := s.propose(value); err != nil {
				b.Fatal(err)
			}
		}
		a.mu.Lock()
		for len(a.tree) == len(took) {
			a.changed.Wait()
		}
		n := len(a.tree)
		a.mu.Unlock()
		for i := len(took); i < n; i++ {
			took = append(took, time.Since(begun[i]))
		}
	}
	return took
}
