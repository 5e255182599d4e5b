package kafkatools

import (
	"math/bits"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// hashOrder sorts names as a java.util.HashMap that was made for capacity entries (0: for nobody knows how many)
// lists them, after they were put there in their present order: Apache's tools write some lists in that order.
func hashOrder[T any](list []T, capacity int, name func(T) string) {
	hashOrderBy(list, capacity, func(v T) int32 { return kproto.JavaHash(name(v)) })
}

// partitionHash is the hashCode of a TopicPartition.
func partitionHash(p kmodel.TopicPartition) int32 {
	return 31*(31+p.Partition) + kproto.JavaHash(p.Topic)
}

// hashOrderBy is hashOrder for keys that are no strings.
func hashOrderBy[T any](list []T, capacity int, hash func(T) int32) {
	size := 16
	if capacity > 0 {
		size = 1 << bits.Len(uint(capacity-1))
	}
	for len(list)*4 > size*3 {
		size *= 2
	}
	bucket := func(v T) uint32 {
		h := uint32(hash(v))
		return (h ^ h>>16) & uint32(size-1)
	}
	slices.SortStableFunc(list, func(a, b T) int { return int(bucket(a)) - int(bucket(b)) })
}
