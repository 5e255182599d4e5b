package records

// Consumed judges what the members of a group were given, who commit only after processing: each acknowledged record at
// least once, and nothing that the log does not have in the end, since only what is committed is shown.
func Consumed(sent []Sent, stored []Stored, given []Given) []Problem {
	var found []Problem
	type place struct {
		partition int32
		offset    int64
	}
	there := make(map[place]ID, len(stored))
	for _, s := range stored {
		there[place{s.Partition, s.Offset}] = s.ID
	}
	got := make(map[ID]bool, len(given))
	for _, g := range given {
		got[g.ID] = true
		if id, any := there[place{g.Partition, g.Offset}]; !any || id != g.ID {
			found = append(found, problem(Phantom, "%v, given to %s from partition %d, offset %d", g.ID, g.Member, g.Partition, g.Offset))
		}
	}
	for _, s := range sent {
		if !s.Unknown && !got[s.ID] {
			found = append(found, problem(Withheld, "%v, partition %d, offset %d", s.ID, s.Partition, s.Offset))
		}
	}
	return found
}
