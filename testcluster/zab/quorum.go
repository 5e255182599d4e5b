package zab

// quorum is what counts as enough of the voters.
type quorum struct{}

func newQuorum(members []Member) (*quorum, error) { return &quorum{}, nil }

// has says whether the servers for which acks is true are a quorum.
func (q *quorum) has(acks func(ServerID) bool) bool { return false }

// voter says whether a server takes part in votes.
func (q *quorum) voter(id ServerID) bool { return false }
