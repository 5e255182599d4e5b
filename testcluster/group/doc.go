// Package group is Kafka's group coordinator as a state machine: the groups of one partition of __consumer_offsets, their
// members, generations, assignments and committed offsets.
//
// It has no clock, no disk, no socket and no goroutine. Inputs are method calls of [Shard]: a request with a ticket, the
// passing of time, the fate of an append. What is to be done about them is collected in an [Output]: replies, batches to
// append, lines for the log. Package groups of the broker drives it:
//
//	s := group.New(config)
//	s.Load(header, records)             // the partition's log, batch by batch; then
//	s.Activate(now)
//	s.JoinGroup(now, ticket, client, request)
//	out := s.Take()                     // send out.Replies, append out.Appends, and then, for each of them,
//	s.Appended(now, append.ID, err)
//	s.Tick(s.Deadline())                // when that time has come
//
// A group is in one of these states (GroupState of Kafka 2.7):
//
//	from \ by            a join that changes it   all joined, or timeout   the leader's sync   the last member goes   deleted, expired
//	Empty                PreparingRebalance       -                        -                   -                      Dead
//	PreparingRebalance   -                        CompletingRebalance      refused             Empty, when over       -
//	CompletingRebalance  PreparingRebalance       -                        Stable, when stored PreparingRebalance     -
//	Stable               PreparingRebalance       -                        -                   PreparingRebalance     -
//	Dead                 the shard makes a new group of that name
//
// A commit, a new assignment, a deletion: each is answered when its append is acknowledged, and appends are taken in the
// order they were made, whatever order their acknowledgements come in. So what the shard holds is always a prefix of its
// log, and a reply never tells what a new coordinator would not find there.
//
// Sources: GroupCoordinator, GroupMetadata, GroupMetadataManager of Kafka 2.7 to 3.9; KIP-62 (rebalance timeout), 134
// (initial delay), 211 (expiry), 345 (static members), 389 (maximal size), 394 (member id required), 496 (delete offsets),
// 518 (list by state), 814 (skip assignment). The traces in testdata are the manual.
package group
