package records

import (
	"bytes"
	"fmt"
)

// Batch is a record batch as it stands in a file.
type Batch struct {
	Base, Next int64 // its first offset, and the one behind its last
	Bytes      []byte
}

// Replica is one broker's log of a partition.
type Replica struct {
	Who     string
	Batches []Batch // in the order of the files
}

// Same demands that replicas of a partition have the same bytes below its high watermark. They may begin at different
// batches where old segments go; each must have all from where it begins to the high watermark.
func Same(partition string, highWatermark int64, replicas []Replica) []Problem {
	var found []Problem
	first := map[int64]int{} // base offset: the first replica that has it
	for i, r := range replicas {
		at := int64(-1)
		for _, b := range r.Batches {
			if b.Base >= highWatermark {
				break
			}
			if at >= 0 && b.Base != at {
				found = append(found, problem(Short, "%s of %s goes on at offset %d behind %d", partition, r.Who, b.Base, at))
			}
			at = b.Next
			j, any := first[b.Base]
			if !any {
				first[b.Base] = i
			} else if why := differ(batchAt(replicas[j], b.Base), b); why != "" {
				found = append(found, problem(Diverged, "%s, offset %d, %s and %s: %s", partition, b.Base, replicas[j].Who, r.Who, why))
			}
			if i > 0 && !any && b.Base > begin(replicas[0]) {
				found = append(found, problem(Diverged, "%s: %s has a batch at offset %d, %s has not", partition, r.Who, b.Base, replicas[0].Who))
			}
		}
		if max(at, 0) < highWatermark {
			found = append(found, problem(Short, "%s of %s ends at offset %d, %d is committed", partition, r.Who, max(at, 0), highWatermark))
		}
	}
	return found
}

func begin(r Replica) int64 {
	if len(r.Batches) == 0 {
		return 0
	}
	return r.Batches[0].Base
}

func batchAt(r Replica, base int64) Batch {
	for lo, hi := 0, len(r.Batches); lo < hi; {
		mid := (lo + hi) / 2
		switch at := r.Batches[mid].Base; {
		case at == base:
			return r.Batches[mid]
		case at < base:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return Batch{}
}

func differ(a, b Batch) string {
	if bytes.Equal(a.Bytes, b.Bytes) {
		return ""
	}
	at := 0
	for at < min(len(a.Bytes), len(b.Bytes)) && a.Bytes[at] == b.Bytes[at] {
		at++
	}
	return fmt.Sprintf("batches of %d and %d bytes, up to offsets %d and %d, differ from byte %d on", len(a.Bytes), len(b.Bytes), a.Next, b.Next, at)
}
