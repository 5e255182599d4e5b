package zkserver

// standingFigures are the rows that only members of ensembles have, each those of its part.
func standingFigures(at *Standing) []Metric {
	row := func(kind MetricKind, name, help string, value int64) Metric {
		return Metric{Name: name, Kind: kind, Help: help, Value: func(*Stats) float64 { return float64(value) }}
	}
	rows := []Metric{
		row(Gauge, "quorum_size", "members that may vote", int64(at.QuorumSize)),
		row(Counter, "looking_count", "elections that this server has taken part in", at.Lookings),
		row(Counter, "proposal_count", "transactions proposed as a leader", at.Proposed),
		row(Counter, "commit_count", "transactions committed as a leader", at.Commits),
		row(Counter, "learner_commit_received_count", "transactions committed by a leader elsewhere", at.LearnerCommits),
		row(Counter, "connection_revalidate_count", "sessions that clients have come back with", at.Claims),
		row(Counter, "revalidate_count", "sessions that learners have asked about", at.Revalidations),
	}
	switch at.Mode {
	case "observer":
		return append(rows, row(Gauge, "observer_master_id", "the server that an observer follows", at.Leader))
	case "leader":
		return append(rows,
			row(Gauge, "learners", "followers and observers of this leader", int64(at.Learners)),
			row(Gauge, "synced_followers", "voting followers that are up to date", int64(at.SyncedFollowers)),
			row(Gauge, "synced_observers", "observers that are up to date", int64(at.SyncedObservers)),
			row(Gauge, "synced_non_voting_followers", "always 0: every follower votes", 0),
			row(Gauge, "pending_syncs", "syncs that wait for a quorum", int64(at.PendingSyncs)),
			row(Gauge, "leader_uptime", "time since this server leads, in ms", at.LeaderUptime.Milliseconds()),
			row(Gauge, "last_proposal_size", "bytes of the last proposal", at.Proposals.Last),
			row(Gauge, "min_proposal_size", "bytes of the smallest proposal", at.Proposals.Min),
			row(Gauge, "max_proposal_size", "bytes of the largest proposal", at.Proposals.Max))
	}
	return rows
}
