package storage

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Crash returns what a power cut at this instant might leave, as a new file system: all
// that was synced, and of the rest whatever chance, seeded, lets through:
//   - of the bytes not synced, any set of sectors; a sector that is missed keeps its old
//     bytes, or zeros where there were none;
//   - of a size not synced, the old one, the new one, or one between;
//   - of creates, removes and renames not synced, any set in which none depends on one that
//     is missing; each is whole.
//
// The receiver goes on as if nothing had happened, so one run can be cut at many instants.
// Locks are gone.
func (m *Memory) Crash(seed uint64) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	rng := rand.New(rand.NewPCG(seed, 0x7a6f6b61))
	keep := []float64{0, 0.1, 0.5, 0.9, 1}[rng.IntN(5)]

	after := NewMemory()
	after.capacity = m.capacity
	maps.Copy(after.dirs, m.dirs)
	names := maps.Clone(m.durable)
	lost := map[string]bool{}
	for _, op := range m.pending {
		depends := slices.ContainsFunc(op, func(c nameChange) bool { return lost[c.path] })
		if depends || rng.Float64() >= keep {
			for _, c := range op {
				lost[c.path] = true
			}
			continue
		}
		op.apply(names)
	}
	copied := map[*inode]*inode{}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		node := names[path]
		if copied[node] == nil {
			copied[node] = node.crash(rng, keep)
			after.used += copied[node].size()
		}
		copied[node].links++
		after.live[path], after.durable[path] = copied[node], copied[node]
	}
	return after
}

// crash returns a file as the platter may have it; each dirty sector is there with
// probability keep.
func (n *inode) crash(rng *rand.Rand, keep float64) *inode {
	size := len(n.durable)
	if n.sizeDirty && rng.Float64() < keep {
		size = len(n.live)
		if grown := (size - len(n.durable)) / SectorSize; grown > 0 && rng.IntN(3) == 0 {
			size = len(n.durable) + rng.IntN(grown+1)*SectorSize
		}
	}
	content := resized(slices.Clone(n.durable), size)
	for _, s := range slices.Sorted(maps.Keys(n.dirty)) {
		if rng.Float64() < keep {
			copySector(content, n.live, s)
		}
	}
	return &inode{live: content, durable: slices.Clone(content)}
}
