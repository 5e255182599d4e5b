// Package records judges a Kafka cluster's keeping of records: given what producers were told, what the logs of the
// replicas have and what the members of a group were given, it says what is lost, moved, out of order, there twice, or
// different from replica to replica.
//
//	for _, p := range records.Kept(sent, stored) { … }
//
// It does no I/O and knows no cluster: who calls it (testcluster/check/torture) has collected all it needs, and has the
// cluster whole and at rest. A record is known by its producer and its number there. The zero value of nothing here is
// useful but that of a slice.
package records
